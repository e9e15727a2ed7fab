"""Tuned settings as trainings use them, out of the small YAML file that a tuning wrote."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from affluence.data.contract import SingleKeyLoader
from affluence.errors import UserError
from affluence.pu.learners.settings import BOUNDS, Settings, checked_settings


@dataclass(frozen=True)
class Tuned:
    """The tuned settings of a table's learners, by key; `content` is all that the file holds."""

    table: str
    settings: Mapping[str, Settings] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)

    def settings_of(self, key: str) -> Settings | None:
        """The settings that were tuned for the learner of that key, None where its default ones stay."""
        return self.settings.get(key) or None

    def require_table(self, table: str) -> None:
        """Nothing, where these settings are for `table`. Errors: UserError when they are another's."""
        if self.settings and self.table != table:
            raise UserError(
                f"The tuned settings are for the table {self.table}, and this one is {table}. Tune on this table "
                "(affluence tune), or train without --tuned."
            )


# What a training uses that was given no file.
NOT_TUNED = Tuned(table="")


def tuned_from_yaml(text: str, *, name: str) -> Tuned:
    """The tuned settings in the text of a file, which errors call `name`.

    Errors: UserError when it is not such a file, names an unknown learner or setting, or holds a value out of its
    bounds.
    """
    try:
        content = yaml.load(text, Loader=SingleKeyLoader)  # noqa: S506
    except yaml.YAMLError as error:
        raise UserError(f"{name} is not YAML.{_place(error)} Write it again with 'affluence tune'.") from error
    learners = content.get("learners") if isinstance(content, dict) else None
    if not isinstance(learners, dict) or not isinstance(content.get("table"), str):
        raise UserError(f"{name} holds no tuned settings: wanted the keys table and learners. See 'affluence tune'.")
    return Tuned(content["table"], {key: _settings(key, learners[key], name=name) for key in learners}, content)


def _place(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f" Line {error.problem_mark.line + 1}: {error.problem}."
    return ""


def _settings(key: object, record: object, *, name: str) -> Settings:
    if not isinstance(key, str) or key not in BOUNDS:
        raise UserError(f"{name} speaks of the learner '{key}'. The learners that can be tuned: {', '.join(BOUNDS)}.")
    settings = record.get("settings") if isinstance(record, dict) else None
    if not isinstance(settings, dict):
        raise UserError(f"{name} holds no settings for {key}: wanted the key settings, with {{}} for the default ones.")
    try:
        return checked_settings(key, settings)
    except UserError as error:
        raise UserError(f"{name}: {error}") from error
