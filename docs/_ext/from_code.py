"""Parts of the reference that are read from the code when the documentation is built, so that they cannot go stale.

A page asks for one with the directive `from-code` and the part's name.
"""

import inspect
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
import django
from docutils import nodes  # type: ignore[import-untyped]
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from affluence.adapters.telemetry import names as telemetry
from affluence.cli import main
from affluence.data.contract import Column, Contract, CustomerId, Locale, Policy, Tag, load_contract
from affluence.decision.reason_words import codes_of
from affluence.evaluation import calibration, fairness, paired, ranking, stability, truth
from affluence.features.definitions import DERIVED, Feature, features_of
from affluence.pu.finder_method import FinderMethod
from affluence.pu.learners import LEARNERS
from affluence.pu.learners.effort import EFFORTS
from affluence.pu.learners.settings import BOUNDS
from affluence_service.access import MAY, Action

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "conf" / "base"
NOTEBOOKS = ROOT / "notebooks"
KEYS_OF: Mapping[type[BaseModel], str] = {
    Contract: "the table",
    CustomerId: "customer_id",
    Tag: "tag",
    Locale: "locale",
    Policy: "policy",
    Column: "a column",
}
# Columns of a terminal: what fits on a page without scrolling.
WIDTH = 84
LINK = re.compile(r"(?:\]\(|<)(https?://[^\s)>]+)")
PLAIN = {str: "text", Path: "a path", bool: "true or false", float: "a number"}


def command_line() -> str:
    """The help of `affluence`, of each of its verbs and of what stands under a verb, as it is shown in a terminal."""
    context = click.Context(main, info_name="affluence", help_option_names=["-h", "--help"], terminal_width=WIDTH)
    return "\n".join(_help(shown) for shown in _with_verbs(context))


def contract_keys() -> str:
    """The keys of a contract: what each takes and what stands when it is left out."""
    return "\n".join(_keys(model, title) for model, title in KEYS_OF.items())


def derived_features() -> str:
    """The derived features with their formula and reason."""
    rows = ((f.name, f.unit or "", _codes(f.inputs), f"`{f.formula}`", f.reason) for f in DERIVED)
    return _table(("feature", "unit", "made of", "formula", "why it is there"), rows)


def contract_features() -> str:
    """The features of each table whose contract is shipped."""
    contracts = [load_contract(path) for path in sorted(CONTRACTS.glob("contract_*.yml"))]
    return "\n".join(f"## {c.title}\n\n{_features(features_of(c))}" for c in contracts)


def learners() -> str:
    """The learners with their settings, the finder in each of its modes first."""
    methods = [*map(FinderMethod, EFFORTS), *LEARNERS.values()]
    rows = ((f"`{method.key}`", method.title, _settings(method.settings)) for method in methods)
    return _table(("key", "learner", "settings"), rows)


def bounds() -> str:
    """The settings that can be tuned, with their bounds."""
    rows = (
        (
            f"`{key}`",
            f"`{bound.name}`",
            "whole number" if bound.whole else "number",
            f"{bound.low:g}",
            f"{bound.high:g}",
        )
        for key, settings in BOUNDS.items()
        for bound in settings
    )
    return _table(("learner", "setting", "takes", "from", "to"), rows)


def roles() -> str:
    """Who may do what in the service: an action a line, a role a column."""
    rows = ((action.value, *("yes" if action in MAY[role] else "" for role in MAY)) for action in Action)
    return _table(("may", *(role.value.replace("_", " ") for role in MAY)), rows)


def reason_codes() -> str:
    """Every code that a reason can have, for each table whose contract is shipped."""
    parts = []
    for path in sorted(CONTRACTS.glob("contract_*.yml")):
        contract = load_contract(path)
        rows = ((f"`{code}`", f"`{column}`", use, said) for code, column, use, said in codes_of(contract).iter_rows())
        parts.append(f"## {contract.title}\n\n{_table(('code', 'column', 'for', 'what it says'), rows)}")
    return "\n".join(parts)


def metrics() -> str:
    """The figures that are measured: every public function of the modules of evaluation, with what it returns."""
    parts = []
    for module in (ranking, calibration, paired, truth, stability, fairness):
        functions = [
            (name, function)
            for name, function in inspect.getmembers(module, inspect.isfunction)
            if function.__module__ == module.__name__ and not name.startswith("_")
        ]
        rows = ((f"`{name}`", _first_line(function)) for name, function in functions)
        parts.append(f"## {module.__name__}\n\n{_first_line(module)}\n\n{_table(('figure', 'what it is'), rows)}")
    return "\n".join(parts)


def service_api() -> str:
    """Every address of the service's API: what it does, by the tags of its schema."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "affluence_service.settings")
    os.environ.setdefault("AFFLUENCE_DEBUG", "1")
    django.setup()
    from drf_spectacular.generators import SchemaGenerator

    rows: dict[str, list[tuple[str, str, str]]] = {}
    for path, methods in SchemaGenerator().get_schema(public=True)["paths"].items():
        for method, operation in methods.items():
            said = operation.get("summary") or operation.get("description", "").split("\n")[0]
            rows.setdefault(operation["tags"][0], []).append((f"`{method.upper()}`", f"`{path}`", said))
    return "\n".join(f"## {tag}\n\n{_table(('method', 'address', 'what it does'), told)}" for tag, told in rows.items())


def telemetry_spans() -> str:
    """The kinds of spans that OpenTelemetry is told of."""
    rows = [("`METHOD route`", "A request, from its first byte to its answer."), *_meant(telemetry.SPANS)]
    return _table(("name begins with", "what it is"), rows)


def telemetry_keys() -> str:
    """The attributes of spans, events, metrics and log lines."""
    return _table(("attribute", "what it says"), _meant(telemetry.KEYS))


def telemetry_metrics() -> str:
    """What is counted and measured, with its unit."""
    rows = ((f"`{name}`", f"`{telemetry.UNITS[name]}`", said) for name, said in telemetry.MEANINGS.items())
    return _table(("metric", "unit", "what it says"), rows)


def external_links() -> str:
    """Every address outside this documentation that a paper links to, with the papers in which it stands."""
    papers = [*ROOT.glob("*.md"), *(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)]
    standing: dict[str, set[str]] = {}
    for paper in papers:
        for address in LINK.findall(paper.read_text(encoding="utf-8")):
            standing.setdefault(address, set()).add(str(paper.relative_to(ROOT)))
    rows = ((f"<{address}>", _codes(sorted(places))) for address, places in sorted(standing.items()))
    return _table(("address", "stands in"), rows)


def notebook(name: str) -> str:
    """A notebook as a page: its words as they stand, each cell of code as a block; outputs are not kept."""
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    shown = ("".join(cell["source"]) for cell in cells)
    return "\n\n".join(
        text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```"
        for cell, text in zip(cells, shown, strict=True)
    )


PARTS: Mapping[str, Callable[[], str]] = {
    "command-line": command_line,
    "contract-keys": contract_keys,
    "derived-features": derived_features,
    "contract-features": contract_features,
    "learners": learners,
    "bounds": bounds,
    "roles": roles,
    "reason-codes": reason_codes,
    "metrics": metrics,
    "service-api": service_api,
    "telemetry-spans": telemetry_spans,
    "telemetry-keys": telemetry_keys,
    "telemetry-metrics": telemetry_metrics,
    "external-links": external_links,
    **{f"notebook {path.stem}": partial(notebook, path.stem) for path in NOTEBOOKS.glob("*.ipynb")},
}


class FromCode(SphinxDirective):
    """The part of the reference that its argument names."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The part, parsed as the page it stands on; the page is read anew at every build."""
        self.env.note_reread()
        return self.parse_text_to_nodes(PARTS[self.arguments[0]](), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known to Sphinx."""
    app.add_directive("from-code", FromCode)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _with_verbs(context: click.Context) -> Iterator[click.Context]:
    """The verb of `context`, then each that stands under it."""
    yield context
    if isinstance(context.command, click.Group):
        for name, verb in sorted(context.command.commands.items()):
            yield from _with_verbs(click.Context(verb, info_name=name, parent=context))


def _help(context: click.Context) -> str:
    return f"## {context.command_path}\n\n```text\n{context.get_help()}\n```\n"


def _keys(model: type[BaseModel], title: str) -> str:
    rows = ((f"`{name}`", _takes(field), _default(field)) for name, field in model.model_fields.items())
    return f"## Keys of {title}\n\n{inspect.getdoc(model)}\n\n{_table(('key', 'takes', 'when left out'), rows)}"


def _takes(field: FieldInfo) -> str:
    pattern = next((mark.pattern for mark in field.metadata if getattr(mark, "pattern", None)), None)
    return _kind(field.annotation) + (f", as in `{pattern}`" if pattern else "")


def _kind(annotation: Any) -> str:
    """What a person writes for a type."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(inner[0])
    if origin is Literal:
        return _codes(inner)
    if origin in (Union, UnionType):
        told = [_kind(kind) for kind in inner if kind is not NoneType]
        return " or ".join([*told, "`null`"] if NoneType in inner else told)
    if origin is Mapping:
        return f"for each of {_kind(inner[0])}: {_kind(inner[1])}"
    if origin is tuple:
        return f"a list of {_kind(inner[0])}" if inner[1:] == (...,) else f"a pair [{', '.join(map(_kind, inner))}]"
    if issubclass(annotation, StrEnum):
        return _codes(annotation)
    if issubclass(annotation, BaseModel):
        return f"[keys of {KEYS_OF[annotation]}](#keys-of-{KEYS_OF[annotation].replace(' ', '-')})"
    return PLAIN[annotation]


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "an error"
    if isinstance(field.default, BaseModel):
        return "each key as left out"
    return f"`{_written(field.default)}`"


def _written(value: object) -> str:
    """A default as it would stand in YAML."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, Mapping):
        return "{}"
    return str(json.dumps(value)) if value is None or isinstance(value, bool | dict) else f'"{value}"'


def _features(features: Iterable[Feature]) -> str:
    rows = ((f"`{feature.name}`", feature.kind, feature.unit or "", feature.reason) for feature in features)
    return _table(("feature", "read as", "unit", "what it says"), rows)


def _settings(settings: Mapping[str, float | int | str]) -> str:
    return ", ".join(
        f"`{name}` {value:.4g}" if isinstance(value, float) else f"`{name}` {value}" for name, value in settings.items()
    )


def _meant(names: Mapping[Any, str]) -> Iterator[tuple[str, str]]:
    return ((f"`{name}`", said) for name, said in names.items())


def _first_line(documented: object) -> str:
    return (inspect.getdoc(documented) or "").split("\n")[0]


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    told = [tuple(headings), *(tuple(row) for row in rows)]
    lines = [" | ".join(str(cell).replace("|", "\\|") for cell in row) for row in told]
    lines.insert(1, " | ".join("---" for _ in told[0]))
    return "\n".join(f"| {line} |" for line in lines) + "\n"
