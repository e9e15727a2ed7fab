"""Numbers, shares, times and ids as the screens write them; see the brief of words in the documentation."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from affluence_service.candidates.selectors import mask

register = template.Library()

THIN = "\u202f"
MINUS = "\u2212"
THOUSAND = 1_000
MILLION = 1_000_000
NOTHING = "\u2013"
UNITS = (("h", 3_600), ("min", 60), ("s", 1))


@register.filter
def whole(number: Any) -> str:
    """A count, or a rounded figure, with commas: 1,200."""
    return NOTHING if number is None else f"{round(float(number)):,}".replace("-", MINUS)


@register.filter
def percent(share: Any, digits: int = 0) -> str:
    """A share as per cent: 34 %."""
    return NOTHING if share is None else f"{100 * float(share):.{digits}f}{THIN}%".replace("-", MINUS)


@register.filter
def points(difference: Any) -> str:
    """A difference of shares, with its sign: +18.5 points."""
    return (
        NOTHING if difference is None else _("{difference} points").format(difference=signed(100 * float(difference)))
    )


@register.filter
def breakable(name: str) -> SafeString:
    """A column's name that a narrow cell breaks after its underscores, and within a part only where it must."""
    return format_html_join(SafeString("_<wbr>"), "{}", ((part,) for part in name.split("_")))


@register.filter
def cause_words(cause: str) -> str:
    """What moved a customer onto a list or off it, as `affluence.evaluation.list_moves` has it."""
    return {
        "data": _("the customer's data"),
        "model": _("the model"),
        "model and data": _("the model and the data"),
        "cut": _("the length of the list"),
        "exclusion": _("an exclusion"),
    }.get(cause, cause)


@register.filter
def signed(number: Any, digits: int = 1) -> str:
    """A number with its sign: +12.2."""
    return NOTHING if number is None else f"{float(number):+.{digits}f}".replace("-", MINUS)


@register.filter
def money(amount: Any, currency: str = "") -> str:
    """An amount in a currency: EUR 57,600, from a million EUR 1.24 m."""
    if amount is None:
        return NOTHING
    value = float(amount)
    told = f"{value / MILLION:.2f} m" if abs(value) >= MILLION else f"{value:,.0f}"
    return f"{currency} {told}".strip().replace("-", MINUS)


WAYS: Mapping[str, Callable[[Any], str]] = {
    "whole": whole,
    "percent": percent,
    "points": lambda share: signed(100 * share),
}


@register.filter
def interval(estimate: Any, form: str = "whole") -> str:
    """A 90 % interval, as in 90 %: 370 to 454; nothing where there is none."""
    if estimate is None or part(estimate, "low") is None:
        return ""
    write = WAYS[form]
    between = f" {_('to')} " if form == "points" else "\u2013"
    return f"90{THIN}%: {write(part(estimate, 'low'))}{between}{write(part(estimate, 'high'))}"


register.filter("masked", mask)


@register.filter
def when(moment: datetime | None) -> str:
    """A moment as people say it: 14:07 today, yesterday 16:42, 18 Nov, 18 Nov 2025."""
    if moment is None:
        return NOTHING
    there, now = timezone.localtime(moment), timezone.localtime()
    if there.date() == now.date():
        return f"{there:%H:%M}"
    if there.date() == (now - timedelta(days=1)).date():
        return _("yesterday {time}").format(time=f"{there:%H:%M}")
    return date_format(there, "j M" if there.year == now.year else "j M Y")


@register.filter
def lasted(seconds: Any) -> str:
    """How long something took: 9 s, 1 min 26 s, 2 h 5 min."""
    if seconds is None:
        return NOTHING
    left = max(0, round(float(seconds)))
    told: list[str] = []
    for unit, size in UNITS:
        if left >= size or (unit == "s" and not told):
            told.append(f"{left // size} {unit}")
            left %= size
    return " ".join(told[:2])


@register.filter
def size(number: Any) -> str:
    """The size of a file: 12.4 MB."""
    if number is None:
        return NOTHING
    value = float(number)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1_000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1_000
    raise AssertionError  # the last unit takes every size


@register.filter
def part(record: Any, name: str) -> Any:
    """A part of a record by name, be it a mapping or an object."""
    return record.get(name) if isinstance(record, dict) else getattr(record, name, None)


@register.filter
def shown_value(value: Any) -> str:
    """A customer's value: numbers with commas, at most two decimals; nothing where it is missing."""
    if value is None:
        return NOTHING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return whole(value) if float(value).is_integer() or abs(value) >= THOUSAND else f"{value:,.2f}".replace("-", MINUS)


@register.filter
def plus(number: int, more: int) -> int:
    """The number and so many more."""
    return number + more


@register.simple_tag(takes_context=True)
def sort_by(context: Any, name: str, now: str) -> str:
    """The page's address in the order of a column: the highest first, and the lowest first if it is so already."""
    return with_query(context, sort=name if now == f"-{name}" else f"-{name}", page=None)


@register.simple_tag(takes_context=True)
def with_query(context: Any, **changes: Any) -> str:
    """The page's address with other parameters; None takes one away."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    return f"?{query.urlencode()}"
