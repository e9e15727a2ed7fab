"""What several verbs of the terminal ask alike, in the same words."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Literal

import click

CONTRACT_HELP = "The contract: a name (of conf/*/contract_<name>.yml) or a path."
SHEET = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
MODE_HELP = "How much work the finder does; fast takes a third of the time and loses little."
CHAMPION_HELP = "Whose ranking becomes the list: finder, xgboost, random_forest, logistic [default: the finder]."
REVIEW_HELP = "A filled-in review sheet (affluence review suggest), from which the finder learns."
TUNED_HELP = "A file of tuned settings (affluence tune) to train with [default: the default settings]."
DO_NOT_TRAIN_HELP = "A list of customer ids (CSV) who are not learned from; they may still be scored."
VERSION_HELP = "A version of the model [default: the champion]."
Mode = Literal["accurate", "fast"]
# The exit status of a verb that was refused, or that found what must not go on.
REFUSED = 1
Verb = Callable[..., Any]

# How a capacity is asked for, by the names that `affluence.decision.capacity` gives it, and what a contact is worth.
_CAPACITY = {
    "contacts": (int, "How many customers can be contacted [default: a tenth of the candidates]."),
    "managers": (int, "Or: so many relationship managers,"),
    "calls_a_week": (float, "each with so many calls a week,"),
    "weeks": (float, "for so many weeks."),
    "budget": (float, "Or: a budget, in the contract's currency; needs --cost-a-contact."),
    "threshold": (float, "Or: everybody with such a score or a higher one."),
    "lowest_precision": (float, "Or: as many as keep the expected share of affluent that high; needs a review."),
    "recall": (float, "Or: as many as reach this share of the tagged affluent."),
}
_ECONOMICS = {
    "cost_a_contact": (float, "What a contact costs, in the contract's currency."),
    "value_a_find": (float, "What an affluent customer who is found is worth, in the contract's currency."),
}


def asks_for_capacity(verb: Verb) -> Verb:
    """The verb with the options that ask for a capacity; it is given them as `asked` and `economics`, by name."""

    @wraps(verb)
    def gathered(*arguments: Any, **options: Any) -> Any:
        asked = {name: options.pop(name) for name in _CAPACITY}
        economics = {name: options.pop(name) for name in _ECONOMICS}
        return verb(*arguments, asked=asked, economics=economics, **options)

    for name, (kind, help_text) in reversed((_CAPACITY | _ECONOMICS).items()):
        gathered = click.option(f"--{name.replace('_', '-')}", name, type=kind, help=help_text)(gathered)
    return gathered
