"""What the finder is given beside the table: tags, customer ids, tag drivers; refused in scikit-learn's words."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from affluence.pu.cross_fitting import Digests
from affluence.pu.frames import readable
from affluence.pu.learners.protocol import Tags

FEWEST_FOLDS = 3


def read_tags(y: Any, *, rows: int) -> tuple[NDArray[Any], Tags]:
    """The two classes as `y` names them, and the tags as 0 / 1: the second class in order is "tagged".

    Errors: ValueError, in the words that scikit-learn's checks look for, where `y` is absent, of another length or not
    of two classes.
    """
    if y is None:
        raise ValueError("This AffluentFinder estimator requires y to be passed, but the target y is None.")
    y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    if len(y) != rows:
        raise ValueError(f"Found input variables with inconsistent numbers of samples: {[rows, len(y)]}.")
    classes = np.unique(y)
    if len(classes) > 2:
        raise ValueError(f"Only binary classification is supported. The type of the target is {type_of_target(y)}.")
    if len(classes) < 2:
        raise ValueError("y holds one class only; a tag needs both: 1 for tagged affluent, 0 for all others.")
    return classes, (y == classes[1]).astype(np.int8)


def read_groups(groups: Any, *, rows: int) -> NDArray[Any]:
    """The customer ids, one for each row. Errors: ValueError where there are more or fewer."""
    ids: NDArray[Any] = column_or_1d(groups)
    if len(ids) != rows:
        raise ValueError(f"groups has {len(ids)} entries for {rows} rows; give one for each row.")
    return ids


def places_of(drivers: Sequence[str | int] | None, *, columns: Sequence[str]) -> tuple[int, ...]:
    """The positions of the tag drivers among `columns`, ascending, each once.

    Errors: ValueError that names the first driver that is no column.
    """
    places = []
    for driver in () if drivers is None else drivers:
        if isinstance(driver, int | np.integer) and 0 <= driver < len(columns):
            places.append(int(driver))
        elif readable(str(driver)) in columns:
            places.append(list(columns).index(readable(str(driver))))
        else:
            raise ValueError(f"tag_drivers names {driver!r}, which is no column of X. Its columns: {list(columns)}.")
    return tuple(sorted(set(places)))


def possible_folds(digests: Digests, tags: Tags, *, wanted: int) -> int:
    """The folds that are wanted, or as many as there are customers in the smaller class.

    Errors: ValueError where the smaller class holds too few customers for the fewest folds.
    """
    tagged = len(np.unique(digests[tags == 1]))
    smaller = min(tagged, len(np.unique(digests)) - tagged)
    if smaller < FEWEST_FOLDS:
        raise ValueError(
            f"The smaller class holds {smaller} customers (n_samples={len(tags)}); "
            f"at least {FEWEST_FOLDS} of each class are needed."
        )
    return min(wanted, smaller)
