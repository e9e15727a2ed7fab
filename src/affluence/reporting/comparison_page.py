"""A challenger beside the champion on one offline page: what an approver reads before a model is promoted."""

from dataclasses import dataclass
from datetime import date

from affluence.evaluation.comparison import Beside, ModelComparison
from affluence.reporting import wording
from affluence.reporting.page import environment, plain_styles
from affluence.reporting.tracks import Mark, axis_over


@dataclass(frozen=True)
class ComparisonContent:
    """Everything that the page says; `model` is the registry's name of both, `day` when they were compared."""

    comparison: ModelComparison
    model: str
    title: str
    data_hash: str
    day: date
    simulated: bool = False


@dataclass(frozen=True)
class DifferenceRow:
    """A figure of both models, their difference, and its mark."""

    name: str
    meaning: str
    beside: Beside
    mark: Mark


def render_comparison_page(content: ComparisonContent) -> str:
    """The comparison as one HTML page that loads nothing, runs no script and names no customer."""
    told = content.comparison
    named = (
        ("Recall of the tagged", "who score as high as the last on the list", told.recall_of_tagged),
        ("Average precision of the tag", "over the whole ranking, mostly its top", told.average_precision),
        ("ROC AUC of the tag", "over the whole ranking", told.roc_auc),
    )
    figures = [(name, meaning, beside) for name, meaning, beside in named if beside is not None]
    axis = axis_over([beside.difference for _, _, beside in figures], include=(0.0,))
    return (
        environment()
        .get_template("comparison_page.html.j2")
        .render(
            content=content,
            told=told,
            day=wording.day(content.day),
            share_staying=told.staying / told.contacts,
            rows=[DifferenceRow(*figure, axis.mark(figure[2].difference)) for figure in figures],
            zero=axis.place(0.0),
            ticks=axis.ticks(lambda share: wording.short(round(100 * share, 6))),
            styles=plain_styles(),
        )
    )
