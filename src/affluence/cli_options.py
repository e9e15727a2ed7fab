"""What several verbs of the terminal ask alike, in the same words."""

from pathlib import Path
from typing import Literal

import click

CONTRACT_HELP = "The contract: a name (of conf/*/contract_<name>.yml) or a path."
SHEET = click.Path(exists=True, dir_okay=False, path_type=Path)
MODE_HELP = "How much work the finder does; fast takes a third of the time and loses little."
CHAMPION_HELP = "Whose ranking becomes the list: finder, xgboost, random_forest, logistic [default: the finder]."
REVIEW_HELP = "A filled-in review sheet (affluence review suggest), from which the finder learns."
TUNED_HELP = "A file of tuned settings (affluence tune) to train with [default: the default settings]."
DO_NOT_TRAIN_HELP = "A list of customer ids (CSV) who are not learned from; they may still be scored."
Mode = Literal["accurate", "fast"]
