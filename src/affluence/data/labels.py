"""From the bank segment tag to `s`: 1 labelled affluent, 0 unlabelled (a normal is not a negative)."""

import polars as pl

from affluence.data.contract import Tag


def label_from_tag(values: pl.Series, *, tag: Tag) -> pl.Series:
    """`s` (Int8) of each recorded tag: 1 for an affluent value, 0 for a normal one, null for any other."""
    meaning = dict.fromkeys(tag.affluent, 1) | dict.fromkeys(tag.normal, 0)
    return values.replace_strict(meaning, default=None, return_dtype=pl.Int8)
