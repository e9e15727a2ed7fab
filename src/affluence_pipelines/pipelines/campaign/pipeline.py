"""Campaign: who is contacted, who is held back, who is left out; with a summary from which it can be made again."""

from kedro.pipeline import Pipeline, node

from affluence import deciding


def create_pipeline() -> Pipeline:
    """The pipeline from a cut to a campaign's folder."""
    return _selecting() + _writing()


def _selecting() -> Pipeline:
    """Who may be contacted, and what is said of them."""
    return Pipeline(
        [
            node(
                deciding.campaign_settings,
                inputs={"campaign": "params:campaign", "seed": "params:seed"},
                outputs="campaign_settings",
                name="settle_campaign",
            ),
            node(
                deciding.select,
                inputs={
                    "population": "population",
                    "made_cut": "cut",
                    "settings": "campaign_settings",
                    "exclusions": "exclusions",
                },
                outputs="selection",
                name="select_people",
            ),
            node(
                deciding.describe_selection,
                inputs={
                    "model": "worded_model",
                    "population": "population",
                    "gains": "gains",
                    "selection": "selection",
                    "offers": "offers",
                    "seed": "params:seed",
                },
                outputs="described_selection",
                name="describe_selection",
            ),
        ]
    )


def _writing() -> Pipeline:
    """The control group held back, the page and the files."""
    return Pipeline(
        [
            node(
                deciding.hold_back,
                inputs={
                    "selection": "selection",
                    "described": "described_selection",
                    "settings": "campaign_settings",
                },
                outputs="campaign",
                name="hold_back_control",
            ),
            node(
                deciding.provenance,
                inputs={
                    "model": "worded_model",
                    "label": "model_label",
                    "intake_report": "intake_report",
                    "capacity": "params:capacity",
                    "economics": "params:economics",
                },
                outputs="provenance",
                name="note_provenance",
            ),
            node(
                deciding.campaign_page,
                inputs={
                    "campaign": "campaign",
                    "provenance": "provenance",
                    "gains": "gains",
                    "contract": "contract",
                    "economics": "params:economics",
                },
                outputs="campaign_page",
                name="tell_campaign",
            ),
            node(
                deciding.write_campaign,
                inputs={"campaign": "campaign", "provenance": "provenance", "page": "campaign_page"},
                outputs="campaign_folder",
                name="write_campaign",
            ),
        ]
    )
