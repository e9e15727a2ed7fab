"""One published figure beside the generated one."""

from typing import NamedTuple


class Figure(NamedTuple):
    """One figure of the comparison.

    `segment` is a segment, "all", a category, or the other column of an association; `rows` is what the generated
    figure rests on; `tolerance` is absolute, in the figure's unit.
    """

    group: str
    column: str
    segment: str
    figure: str
    published: float
    generated: float
    tolerance: float
    rows: int
