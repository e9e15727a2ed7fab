"""The model card: what a model is for, what it learned from, how good it is and where it ends, on one offline page."""

from dataclasses import dataclass

from affluence.data.contract import Contract, Use
from affluence.data.reading import IntakeReport
from affluence.data.visible_text import shortened
from affluence.evaluation.fairness import NO_GROUPS, FairReach
from affluence.evaluation.results import Evaluation
from affluence.pu.discovery import Discovery
from affluence.pu.release import ModelLabel, Release
from affluence.reporting import wording
from affluence.reporting.curve_views import point_at_cut
from affluence.reporting.page import environment, plain_styles
from affluence.reporting.reach_views import view_reach
from affluence.reporting.result_views import view_importances, view_parameters


@dataclass(frozen=True)
class LeftOutCount:
    """The do-not-train list in counts; `learned_from` of the listed are in the model, and should be 0."""

    listed: int
    found: int
    rows: int
    fingerprint: str
    learned_from: int


@dataclass(frozen=True)
class CardContent:
    """Everything that the card says of one model; `made_at` is the time in the words to be shown.

    `left_out` is None where no do-not-train list was given; `reach` has no groups where the contract names none.
    """

    contract: Contract
    intake: IntakeReport
    evaluation: Evaluation
    discovery: Discovery
    label: ModelLabel
    left_out: LeftOutCount | None
    made_at: str
    affluence_version: str
    simulated: bool = False
    reach: FairReach = NO_GROUPS


def card_content(
    release: Release, label: ModelLabel, *, made_at: str, affluence_version: str, simulated: bool = False
) -> CardContent:
    """What the card says of a release, as it stands in the registry under `label`."""
    return CardContent(
        contract=release.model.contract,
        intake=release.intake,
        evaluation=release.evaluation,
        discovery=release.model.discovery,
        label=label,
        left_out=_left_out(release),
        made_at=made_at,
        affluence_version=affluence_version,
        simulated=simulated or release.model.contract.simulated,
        reach=release.reach,
    )


def render_model_card(content: CardContent) -> str:
    """The card as one HTML page that loads nothing, runs no script, and names no customer."""
    return (
        environment()
        .get_template("model_card.html.j2")
        .render(
            content=content,
            contract=content.contract,
            evaluation=content.evaluation,
            discovery=content.discovery,
            chosen=content.evaluation.champion_result,
            at_cut=point_at_cut(content.evaluation),
            reach=view_reach(content.reach, contract=content.contract),
            uses=_uses(content.contract),
            drivers=_drivers(content),
            importances=view_importances(content.evaluation.importances, contract=content.contract),
            parameters=view_parameters(content.label.parameters),
            styles=plain_styles(),
        )
    )


def _left_out(release: Release) -> LeftOutCount | None:
    if not release.left_out.listed:
        return None
    proof = release.left_out.manifest(release.model.fold_map)
    return LeftOutCount(
        listed=release.left_out.listed,
        found=release.left_out.found,
        rows=release.left_out.rows,
        fingerprint=str(proof["fingerprint"]),
        learned_from=int(str(proof["listed_and_learned_from"])),
    )


def _uses(contract: Contract) -> list[tuple[str, str]]:
    """The columns by what they may serve for, by their titles."""
    titles = wording.titles(contract.columns)
    words = {
        Use.SPEAKABLE: "Enter the model, may be spoken of",
        Use.INTERNAL: "Enter the model, for the bank's eyes only",
        Use.FORBIDDEN: "Never enter the model",
    }
    named = {use: [titles[column.name] for column in contract.columns if column.use is use] for use in Use}
    return [(words[use], wording.listed(names, most=len(names)) or "none") for use, names in named.items()]


def _drivers(content: CardContent) -> str:
    """The tag drivers that were used, by their titles; nothing where none were."""
    titles = wording.titles(content.contract.columns)
    return ", ".join(titles.get(name, shortened(name)) for name in content.discovery.drivers)
