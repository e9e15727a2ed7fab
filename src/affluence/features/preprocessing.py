"""What the features need to remember from the training table: the categories that were seen there.

The state is free of tags. A category that only later tables hold is read as missing, and counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence.features.definitions import Feature, FeatureKind


@dataclass(frozen=True)
class Design:
    """Features as a matrix: `matrix` is customers x features in 32-bit floats, NaN where missing.

    Categories stand as codes 0 .. `categories[i]` - 1; `categories[i]` is 0 for a number.
    `unseen` counts, by feature, the cells whose category the training table did not hold.
    """

    matrix: NDArray[np.float32]
    names: tuple[str, ...]
    categories: tuple[int, ...]
    unseen: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.matrix)

    def rows(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> "Design":
        """The design of some customers, by position or by mask."""
        return Design(self.matrix[index], self.names, self.categories, self.unseen)


@dataclass(frozen=True)
class Preprocessing:
    """The fitted state: the features in order, and for each category feature the categories seen, sorted."""

    features: tuple[str, ...]
    vocabularies: Mapping[str, tuple[str, ...]]

    def design(self, features: pl.DataFrame) -> Design:
        """The matrix of `features`, in which unseen categories are missing and counted."""
        columns = [self._encode(features[name]) for name in self.features]
        matrix = np.empty((features.height, len(columns)), dtype=np.float32)
        for position, column in enumerate(columns):
            matrix[:, position] = column.to_numpy()
        return Design(
            matrix=matrix,
            names=self.features,
            categories=tuple(len(self.vocabularies.get(name, ())) for name in self.features),
            unseen={
                column.name: column.null_count() - features[column.name].null_count()
                for column in columns
                if column.name in self.vocabularies
            },
        )

    @cached_property
    def _categories(self) -> Mapping[str, pl.Enum]:
        """The type of each category feature: its place in the vocabulary is a category's code."""
        return {name: pl.Enum(known) for name, known in self.vocabularies.items()}

    def _encode(self, values: pl.Series) -> pl.Series:
        categories = self._categories.get(values.name)
        if categories is None:
            return values.cast(pl.Float32)
        return values.cast(pl.String).cast(categories, strict=False).to_physical().cast(pl.Float32)


def fit_preprocessing(table: pl.DataFrame, *, features: Sequence[Feature]) -> Preprocessing:
    """The categories that `table` holds, for every category feature, in alphabetical order."""
    vocabularies = {
        feature.name: tuple(table[feature.name].drop_nulls().unique().sort().to_list())
        for feature in features
        if feature.kind is FeatureKind.CATEGORY
    }
    return Preprocessing(features=tuple(feature.name for feature in features), vocabularies=vocabularies)
