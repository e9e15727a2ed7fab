"""Numbers and cells as people read them: commas, narrow spaces, a real minus, intervals, visible marks."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from affluence.data.contract import Column, Missing
from affluence.data.visible_text import shortened as shortened
from affluence.data.visible_text import visible as visible
from affluence.evaluation.results import Estimate

THIN_SPACE = "\u202f"
MINUS = "\u2212"
PERCENT_SIGN = f"{THIN_SPACE}%"
NO_VALUE = "\u2013"
TO = "\u2013"
SMALLEST_GROUP = 10

MISSING_WORDS: Mapping[Missing, str] = {
    Missing.DOES_NOT_HOLD: "does not hold",
    Missing.NOT_RECORDED: "not recorded",
    Missing.REFUSED: "missing",
}


def count(number: int) -> str:
    """A counted number, never rounded: 48,842."""
    return f"{number:,}".replace("-", MINUS)


def guarded(number: int) -> str:
    """A count of customers, or "under 10" where the group is too small to be shown."""
    return count(number) if number == 0 or number >= SMALLEST_GROUP else f"under {SMALLEST_GROUP}"


def number(value: float | None, *, decimals: int = 2) -> str:
    """A number with commas and a real minus; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NO_VALUE
    text = f"{value:,.{decimals}f}"
    return (text.removeprefix("-") if float(text.replace(",", "")) == 0 else text).replace("-", MINUS)


def percent(share: float | None, *, decimals: int = 1) -> str:
    """A share of one as per cent with a narrow no-break space before the sign."""
    if share is None or not math.isfinite(share):
        return NO_VALUE
    return f"{number(100 * share, decimals=decimals)}{THIN_SPACE}%"


def points(difference: float | None, *, decimals: int = 1) -> str:
    """A difference of two shares in points, signed."""
    if difference is None or not math.isfinite(difference):
        return NO_VALUE
    text = number(100 * difference, decimals=decimals)
    return text if text.startswith(MINUS) or not float(text.replace(",", "")) else f"+{text}"


def short(value: float) -> str:
    """A number in little room: whole where it can be, in millions from a million, no needless decimals."""
    if abs(value) >= 1_000_000:
        return f"{number(value / 1_000_000, decimals=2).rstrip('0').rstrip('.')}{THIN_SPACE}m"
    if value == int(value):
        return number(value, decimals=0)
    return number(value, decimals=2 if abs(value) < 10 else 1 if abs(value) < 1_000 else 0)


def level(estimate: Estimate) -> str:
    """The confidence of an interval: 90 %."""
    return percent(estimate.level, decimals=0)


def percent_range(estimate: Estimate, *, decimals: int = 1) -> str:
    """The ends of a share's interval in per cent, without the sign: 38.4\u201339.4."""
    return f"{number(100 * estimate.low, decimals=decimals)}{TO}{number(100 * estimate.high, decimals=decimals)}"


def points_range(estimate: Estimate) -> str:
    """The ends of a difference's interval in points: +1.2 to +5.6."""
    return f"{points(estimate.low)} to {points(estimate.high)}"


def number_range(estimate: Estimate, *, decimals: int = 2) -> str:
    """The ends of an interval as plain numbers: 0.925\u20130.929."""
    return f"{number(estimate.low, decimals=decimals)}{TO}{number(estimate.high, decimals=decimals)}"


def in_words(estimate: Estimate) -> str:
    """A share with its interval: 38.9 % (90 %: 38.4\u201339.4)."""
    return f"{percent(estimate.value)} ({level(estimate)}: {percent_range(estimate)})"


def times(estimate: Estimate) -> str:
    """A lift with its interval: 3.89 times (90 %: 3.84\u20133.94)."""
    value, ends = number(estimate.value), number_range(estimate)
    return f"{value} times ({level(estimate)}: {ends})"


def duration(seconds: float) -> str:
    """A time span in words: 48 s, 2 min 5 s."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def day(when: date) -> str:
    """A day in words: 1 December 2026."""
    return f"{when:%-d %B %Y}"


def listed(items: Sequence[str], *, most: int = 10) -> str:
    """The first items separated by commas, and how many more there are."""
    shown = ", ".join(items[:most])
    return shown if len(items) <= most else f"{shown} and {count(len(items) - most)} more"


def cell(value: object, *, missing: Missing) -> str:
    """A table's cell as text: numbers with commas, what missing means for the column, long text cut off."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING_WORDS[missing]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return shortened(value)
    return count(value) if isinstance(value, int) else short(value)


def title(name: str, *, unit: str | None = None) -> str:
    """A column's name as words, without the unit at its end: `capital_gain_usd` in USD is "Capital gain"."""
    words = [word for word in visible(name).split("_") if word]
    if unit and len(words) > 1 and words[-1].casefold() == unit.casefold():
        words = words[:-1]
    return _sentence_case(words)


def titles(columns: Iterable[Column]) -> dict[str, str]:
    """The title of every column by its name: as it is spoken of, else its name; those that would share one keep it."""
    short_titles = {
        column.name: _sentence_case([visible(column.spoken)]) if column.spoken else title(column.name, unit=column.unit)
        for column in columns
    }
    shared = {text for text, times in Counter(short_titles.values()).items() if times > 1}
    return {name: title(name) if text in shared else text for name, text in short_titles.items()}


def _sentence_case(words: Sequence[str]) -> str:
    spoken = " ".join(words)
    return shortened(spoken[:1].upper() + spoken[1:])
