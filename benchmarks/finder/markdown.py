"""Tables in Markdown."""

from collections.abc import Iterable, Sequence

# What stands where nothing was measured.
EMPTY = "-"


def head(titles: Iterable[str]) -> list[str]:
    """The first two lines of a table."""
    titles = list(titles)
    return [row(titles), "|---" * len(titles) + "|"]


def row(cells: Sequence[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"
