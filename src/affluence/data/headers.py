"""What a header and a column's values say about its role, where no contract does."""

import re
from collections.abc import Collection

MISSING_MARKS = ("", "NA", "N/A", "NULL", "null", "nan", "NaN", "None", "?")
"""What stands in a cell that is empty, in the tables of many houses."""

ID_WORDS = frozenset({"id", "key", "number", "no", "nr", "cif", "customer", "client", "account"})

_TAG_PAIRS = (("AFFLUENT", "NORMAL"), (">50K", "<=50K"), ("YES", "NO"), ("Y", "N"), ("TRUE", "FALSE"), ("1", "0"))
_SURE_PAIRS = 2
_TAG_WORDS = ("affluent", "segment", "seg", "income", "target", "label", "class", "tag")


def words(header: str) -> list[str]:
    """The words of a header in small letters: `MonthlyBalance_USD` is monthly, balance, usd."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", header)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", apart) if word]


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
