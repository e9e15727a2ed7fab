"""What every page of ours has in common: its templates, styles and scripts, all of them inside the page."""

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from affluence.reporting import wording

_PLAIN_STYLES = ("tokens.css", "base.css", "report.css", "deciding.css", "plain_page.css")


@cache
def environment() -> Environment:
    """The templates, with our filters; a name that a template does not know is an error."""
    made = Environment(
        loader=PackageLoader("affluence.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(_FILTERS)
    return made


def template_text(name: str) -> Markup:
    """A style sheet or script of ours, trusted as it stands."""
    text = (files("affluence.reporting") / "templates" / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704


def plain_styles() -> list[Markup]:
    """The style sheets of a page without navigation and script."""
    return [template_text(name) for name in _PLAIN_STYLES]


def source_hash(script: str) -> str:
    """The script's hash in the form that a content security policy wants."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


_FILTERS: dict[str, Callable[..., str]] = {
    "count": wording.count,
    "decimal": wording.number,
    "decimal_range": wording.number_range,
    "duration": wording.duration,
    "guarded": wording.guarded,
    "in_words": wording.in_words,
    "level": wording.level,
    "percent": wording.percent,
    "percent_range": wording.percent_range,
    "points": wording.points,
    "points_range": wording.points_range,
    "times": wording.times,
    "visible": wording.visible,
}
