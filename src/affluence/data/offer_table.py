"""The bank's table of offers: whom to offer what, in rules of which the first that fits decides.

The table is `conf/*/offers_<table>.yml`, or `offers.yml` for tables without one of their own.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from affluence.data.contract import SingleKeyLoader
from affluence.errors import UserError

TYPES = ("money elsewhere", "about to cross", "mis-tagged", "look-alike", "type uncertain")
UNCERTAIN = TYPES[-1]
"""The hidden types that a candidate may be of."""

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MissingProducts(_Part):
    """Columns by our names of which a customer has nothing: any one of them, or all of them."""

    any: tuple[Text, ...] = ()
    all: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _one_is_named(self) -> Self:
        if bool(self.any) == bool(self.all):
            raise ValueError("wanted one of any and all, with a column or more")
        return self


class OfferRule(_Part):
    """One rule: what is offered, and to whom; what it does not name it does not ask. `line` is where it stands."""

    offer: Text
    opening: Text
    need: Text
    channel: Text
    segment: tuple[Text, ...] = ()
    type: tuple[Text, ...] = ()
    missing: MissingProducts | None = None
    line: int

    @property
    def named_columns(self) -> tuple[str, ...]:
        """The columns that the rule asks about."""
        return (*self.missing.any, *self.missing.all) if self.missing else ()


class OfferTable(_Part):
    """The rules in their order, and the file's name for messages."""

    file: str
    offers: Annotated[tuple[OfferRule, ...], Field(min_length=1)]


def find_offers(table: str, *, folders: Sequence[Path]) -> Path:
    """The path of the offers for a contract's `table`: its own, else the common one; of two, the later folder's.

    Errors: UserError when there is neither.
    """
    for name in (f"offers_{table}.yml", "offers.yml"):
        for folder in reversed(folders):
            if (folder / name).is_file():
                return folder / name
    raise UserError(f"There is no offers_{table}.yml and no offers.yml. Write one of them into the configuration.")


def load_offers(path: Path) -> OfferTable:
    """The table of offers in a YAML file.

    Errors: UserError, which names the file, the line of every rule that is wrong, and what is wrong with it. Whether
    the rules leave a hole for a contract's customers, `affluence.decision.offers.check_offers` says.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LineLoader)  # noqa: S506
    except OSError as error:
        raise UserError(f"{path.name}: there is no table of offers that can be opened ({error.strerror}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name}: this is not YAML. {_place(error)}") from error
    rules = content.get("offers") if isinstance(content, dict) else None
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise UserError(f"{path.name}: wanted the key offers with a list of rules.")
    try:
        return OfferTable.model_validate({**_without_line(content), "file": path.name, "offers": _listed(rules)})
    except ValidationError as error:
        raise UserError(f"{path.name} is no table of offers yet:\n{_sentences(error, rules)}") from error


class _LineLoader(SingleKeyLoader):
    """Each rule knows its line, and a key that stands twice is an error."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002  (PyYAML's signature)
    ) -> dict[Any, Any]:
        """The mapping, with the line of its first key. Errors: ConstructorError when a key stands twice."""
        mapping = super().construct_mapping(node, deep=deep)
        return (
            {**mapping, "line": node.start_mark.line + 1} if "any" not in mapping and "all" not in mapping else mapping
        )


def _without_line(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != "line"}


def _listed(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules with a list where one word stands."""
    one = ("segment", "type")
    return [
        {key: [value] if key in one and isinstance(value, str) else value for key, value in rule.items()}
        for rule in rules
    ]


def _sentences(error: ValidationError, rules: list[dict[str, Any]]) -> str:
    return "\n".join(_sentence(problem, rules) for problem in error.errors())


def _sentence(problem: Any, rules: list[dict[str, Any]]) -> str:
    place = problem["loc"]
    if place[0] == "offers" and len(place) > 1:
        keys = " ".join(str(key) for key in place[2:])
        return f"Line {rules[place[1]]['line']}: {keys}: {_problem(problem)}."
    return f"{' '.join(str(key) for key in place)}: {_problem(problem)}."


def _problem(problem: Any) -> str:
    kind = problem["type"]
    if kind == "missing":
        return "this key is missing"
    if kind == "extra_forbidden":
        return "this key is not known"
    if kind in {"string_too_short", "string_pattern_mismatch"}:
        return "this text is empty"
    if kind == "too_short":
        return "wanted one rule or more"
    return str(problem["msg"]).removeprefix("Value error, ")


def _place(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"Line {error.problem_mark.line + 1}: {error.problem}."
    return "Save it as UTF-8 text."
