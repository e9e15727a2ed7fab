"""Text that came in a table, as it may be shown: without marks that cannot be seen, and no longer than a cell."""

LONGEST_CELL = 60

# Marks that turn the reading direction or that no font draws: a name could use them to look like another one.
_INVISIBLE = [
    *range(0x20),
    0x7F,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x206A),
    0xFEFF,
]
_VISIBLE = {**dict.fromkeys(_INVISIBLE, "\ufffd"), 0x09: " ", 0x0A: " ", 0x0D: " "}


def visible(text: object) -> str:
    """The text without marks that cannot be seen or that turn the reading direction."""
    return str(text).translate(_VISIBLE)


def shortened(text: object, *, longest: int = LONGEST_CELL) -> str:
    """The visible text, cut off with an ellipsis where it is longer than a cell should be."""
    whole = visible(text)
    return whole if len(whole) <= longest else f"{whole[: longest - 1].rstrip()}\u2026"
