"""What a header and a column's values say about its role, where no contract does."""

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher

MISSING_MARKS = ("", "NA", "N/A", "NULL", "null", "nan", "NaN", "None", "?")
"""What stands in a cell that is empty, in the tables of many houses."""

ID_WORDS = frozenset({"id", "key", "number", "no", "nr", "cif", "customer", "client", "account"})

_TAG_PAIRS = (("AFFLUENT", "NORMAL"), (">50K", "<=50K"), ("YES", "NO"), ("Y", "N"), ("TRUE", "FALSE"), ("1", "0"))
_SURE_PAIRS = 2
_ALIKE = 0.7
# So many headers are compared at most: comparing takes every pair.
_MOST_COMPARED = 200
_TAG_WORDS = ("affluent", "segment", "seg", "income", "target", "label", "class", "tag")


def words(header: str) -> list[str]:
    """The words of a header in small letters: `MonthlyBalance_USD` is monthly, balance, usd."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", header)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", apart) if word]


def look_alikes(wanted: Mapping[str, Collection[str]], unknown: Sequence[str]) -> Mapping[str, str]:
    """Which of the `unknown` headers looks like which of the `wanted`, best pairs first, each in one pair at most.

    `wanted` gives for each header what else its column is called. Case, spaces and signs count for nothing.
    """
    pairs = sorted(
        (
            (max(_likeness(other, name) for name in (header, *names)), header, other)
            for header, names in wanted.items()
            for other in unknown[:_MOST_COMPARED]
        ),
        key=lambda pair: -pair[0],
    )
    found: dict[str, str] = {}
    for likeness, header, other in pairs:
        if likeness >= _ALIKE and header not in found and other not in found.values():
            found[header] = other
    return found


def _likeness(first: str, second: str) -> float:
    """From 0 to 1, equal; a header that says another and its unit is as good as equal."""
    one, other = ("".join(words(header)) for header in (first, second))
    if not one or not other:
        return 0.0
    begins = set(words(first)) <= set(words(second)) or set(words(second)) <= set(words(first))
    return max(SequenceMatcher(None, one, other).ratio(), 0.9 if begins else 0.0)


def tag_values(header: str, values: Collection[str]) -> tuple[str, str] | None:
    """The two values of a column that mean affluent and normal; None when neither they nor the header say so."""
    written = {value.upper(): value for value in values}
    for place, pair in enumerate(_TAG_PAIRS):
        if set(written) == set(pair) and (place < _SURE_PAIRS or _tag_words(header)):
            return written[pair[0]], written[pair[1]]
    return None


def tag_likeness(header: str, values: Collection[str]) -> tuple[bool, int]:
    """How likely a column of two values is the tag; larger is likelier. Values that say it plainly come first."""
    plain = {value.upper() for value in values} in map(set, _TAG_PAIRS[:_SURE_PAIRS])
    return plain, -min(_tag_words(header), default=len(_TAG_WORDS))


def _tag_words(header: str) -> list[int]:
    """The places, among the words that name a tag, of those in the header."""
    return [_TAG_WORDS.index(word) for word in words(header) if word in _TAG_WORDS]
