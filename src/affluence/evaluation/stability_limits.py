"""The limits at which a table that moved away turns amber and red, as conf/ has them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from affluence.errors import UserError

FILE = "parameters_stability.yml"


class Limits(BaseModel):
    """Amber and red of each figure, and the share of unchanged tables that chance keeps green, column by column."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    psi: tuple[float, float] = (0.10, 0.25)
    missing: tuple[float, float] = (0.05, 0.15)
    unseen: tuple[float, float] = (0.005, 0.02)
    level: tuple[float, float] = (0.10, 0.15)
    chance: float = Field(0.999, gt=0.5, lt=1)

    @model_validator(mode="after")
    def _amber_before_red(self) -> "Limits":
        for name in ("psi", "missing", "unseen", "level"):
            amber, red = getattr(self, name)
            if not 0 < amber <= red:
                raise ValueError(f"{name}: {amber} and {red}; wanted two numbers above 0, the second not the smaller")
        return self


def load_limits(folders: Sequence[Path]) -> Limits:
    """The limits of the folders' files, a later folder's keys before an earlier one's; our own where none is there.

    Errors: UserError when a file cannot be read as limits.
    """
    found: dict[str, object] = {}
    for path in (folder / FILE for folder in folders):
        if path.is_file():
            found |= _read(path)
    return Limits.model_validate(found)


def limits_of(stability: Mapping[str, object]) -> Limits:
    """The limits in the words of conf/. Errors: UserError when they cannot be read as limits."""
    try:
        return Limits.model_validate(stability)
    except ValidationError as error:
        raise UserError(_unreadable(error.errors()[0]["msg"])) from error


def _read(path: Path) -> dict[str, object]:
    try:
        limits = yaml.safe_load(path.read_text(encoding="utf-8"))["stability"]
        limits_of(limits)
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise UserError(_unreadable(type(error).__name__)) from error
    return dict(limits)


def _unreadable(said: str) -> str:
    return f"{FILE} cannot be read as limits: {said}. See docs/how_to/watch_a_model.md."
