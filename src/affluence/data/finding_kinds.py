"""The kinds of what the table doctor finds, by the codes that a contract names them by."""

from enum import StrEnum
from typing import Literal


class FindingKind(StrEnum):
    """What can be wrong with a table, or worth knowing about it."""

    TOO_GOOD = "too_good"
    TAG_GIVEN_AWAY = "tag_given_away"
    FILLED_FOR_TAGGED = "filled_for_tagged"
    PURE_VALUE = "pure_value"
    ROW_ORDER = "row_order"
    REPEATED_CUSTOMERS = "repeated_customers"
    DUPLICATE_ROWS = "duplicate_rows"
    COPY = "copy"
    MOSTLY_COPY = "mostly_copy"
    MULTIPLE = "multiple"
    SUM = "sum"
    ONE_TO_ONE = "one_to_one"
    WRONG_ORDER = "wrong_order"
    IMPOSSIBLE_VALUE = "impossible_value"
    SENTINEL_VALUE = "sentinel_value"
    NEGATIVE_AMOUNT = "negative_amount"
    TOP_CODED = "top_coded"
    TWO_SCALES = "two_scales"
    ZERO_OR_EMPTY = "zero_or_empty"
    ROUND_HEAP = "round_heap"
    REPEATED_VALUE = "repeated_value"
    MISSING_TOGETHER = "missing_together"
    MISSING_RELATED = "missing_related"
    FILLED_ONLY_WITH = "filled_only_with"
    FLAG_OR_EMPTY = "flag_or_empty"
    EMPTY_COLUMN = "empty_column"
    CONSTANT_COLUMN = "constant_column"
    IDENTIFIER_COLUMN = "identifier_column"
    SPELLED_TWICE = "spelled_twice"
    NUMBERS_AS_TEXT = "numbers_as_text"
    DATES_AS_TEXT = "dates_as_text"


RemedyChoice = Literal["apply", "leave"]
"""What a contract says of a remedy: apply it, or leave the table as it is and say no more."""
