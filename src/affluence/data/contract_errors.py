"""What is wrong with a contract, as sentences a person can act on."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

_WANTED = {
    "missing": "The key is missing.",
    "extra_forbidden": "There is no such key. Remove it, or mend its spelling.",
    "string_type": "Wanted text; put quotes around it.",
    "string_too_short": "Wanted some text.",
    "too_short": "Wanted at least one entry.",
    "tuple_type": "Wanted a list.",
    "model_type": "Wanted keys with values.",
    "bool_type": "Wanted true or false.",
    "bool_parsing": "Wanted true or false.",
    "float_parsing": "Wanted a number.",
    "float_type": "Wanted a number.",
}

_PATTERNS = {
    "table": "Wanted small letters, digits and underscores, a letter first.",
    "name": "Wanted small letters, digits and underscores, a letter first.",
    "currency": "Wanted a code of three capital letters, such as USD.",
    "decimal": "Wanted a point or a comma.",
    "thousands": "Wanted a point, a comma, an apostrophe, a blank or nothing.",
}


def sentences_of(problems: Sequence[ErrorDetails], *, content: Mapping[str, Any]) -> list[str]:
    """One sentence for each error of pydantic's: the key, what was found, what was wanted."""
    inner = {problem["loc"][:depth] for problem in problems for depth in range(len(problem["loc"]))}
    # A list whose entries are wrong is also called too short: the entries say it better.
    told = [problem for problem in problems if not (problem["type"] == "too_short" and problem["loc"] in inner)]
    return [f"- {_key(problem['loc'], content=content)}{_finding(problem)}" for problem in told]


def _key(location: tuple[int | str, ...], *, content: Mapping[str, Any]) -> str:
    """The path to a key; a column goes by its header, since nobody counts to its number."""
    if len(location) > 1 and location[0] == "columns" and isinstance(location[1], int):
        column = content["columns"][location[1]]
        source = column.get("source") if isinstance(column, dict) else None
        place = f"column {source}" if isinstance(source, str) else f"column number {location[1] + 1}"
        return ", ".join(filter(None, [place, _dotted(location[2:])])) + ": "
    return _dotted(location) + ": " if location else ""


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in location)


def _finding(problem: ErrorDetails) -> str:
    kind, found = problem["type"], problem["input"]
    if kind == "value_error":
        message = problem["msg"].removeprefix("Value error, ")
        return f"{message[:1].upper()}{message[1:]}."
    if kind in ("missing", "extra_forbidden"):
        return _WANTED[kind]
    if kind == "string_pattern_mismatch":
        return f"Found {_short(found)}. {_PATTERNS[str(problem['loc'][-1])]}"
    wanted = _WANTED.get(kind) or problem["msg"].replace("Input should be", "Wanted") + "."
    return f"Nothing was given. {wanted}" if found is None else f"Found {_short(found)}. {wanted}"


def _short(found: object) -> str:
    text = str(found)
    return f"'{text}'" if len(text) <= 40 else f"'{text[:40]}...'"
