"""The pipelines by name. `kedro run` is everything before inference; `scoring` is inference.

`deciding` makes a list of it and `campaign` a campaign; `everything` is all but the campaign.
"""

from kedro.pipeline import Pipeline

from affluence_pipelines.pipelines.campaign.pipeline import create_pipeline as campaign
from affluence_pipelines.pipelines.deciding.pipeline import create_pipeline as deciding
from affluence_pipelines.pipelines.deciding.pipeline import cutting
from affluence_pipelines.pipelines.evaluation.pipeline import create_pipeline as evaluation
from affluence_pipelines.pipelines.features.pipeline import create_pipeline as features
from affluence_pipelines.pipelines.intake.pipeline import accept
from affluence_pipelines.pipelines.intake.pipeline import create_pipeline as intake
from affluence_pipelines.pipelines.reporting.pipeline import create_pipeline as reporting
from affluence_pipelines.pipelines.scoring.pipeline import create_pipeline as scoring
from affluence_pipelines.pipelines.scoring.pipeline import opening, watching
from affluence_pipelines.pipelines.training.pipeline import create_pipeline as training


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline, by the name that `kedro run --pipeline` takes."""
    before_inference = intake() + features() + training() + evaluation()
    return {
        "__default__": before_inference,
        "intake": intake(),
        "features": features(),
        "training": training(),
        "evaluation": evaluation(),
        "scoring": accept("customers@table") + scoring(),
        "deciding": accept("customers@table") + scoring() + deciding(),
        "campaign": accept("customers@table") + scoring() + cutting() + campaign(),
        "reporting": opening() + watching() + deciding() + reporting(),
        "everything": before_inference + scoring() + deciding() + reporting(),
    }
