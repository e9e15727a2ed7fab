"""Whether an Excel file may be opened at all: a small one can unpack to, or span, more than a machine holds."""

import re
import zipfile
import zlib
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import IO

from affluence.errors import UserError

MOST_CELLS = 50_000_000
"""The cells from the first to the last of a sheet, empty ones too: they are all held at once while it is read."""

_MOST_BYTES_OF_DIRECTORY = 1024**2
# Where the two kinds of end say how long the list of parts is: its mark, the place behind it, and the number's width.
_ENDS = ((b"PK\x05\x06", 12, 4), (b"PK\x06\x06", 40, 8))
_CHUNK = 1 << 20
_LONGEST_REFERENCE = 64
# The place of a cell (r="AB12") or of a row (r="12"), on whichever element it stands.
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,8})(\d{1,12})["']""")
_OTHER_KINDS = {"xl/workbook.bin": "an Excel file of the binary kind (.xlsb)", "content.xml": "an OpenDocument file"}


def require_safe_workbook(path: Path, *, max_bytes: int) -> None:
    """Nothing, when the Excel file holds what it says, at most `max_bytes` unpacked, and no sheet spans too much.

    Its directory may lie about sizes, so every part is unpacked once, a piece at a time. Raises `UserError`.
    """
    damaged = f"{path.name}: this Excel file or zip is damaged or cut off. Copy it again."
    try:
        _refuse_many_parts(path)
        with zipfile.ZipFile(path) as parts:
            members = parts.infolist()
            _refuse_other_kinds(path, {member.filename.lower() for member in members})
            if sum(member.file_size for member in members) > max_bytes:
                raise UserError(f"{path.name}: unpacked it is larger than {max_bytes:,} bytes. Split it.")
            for member in members:
                with parts.open(member) as content:
                    _refuse_wide_sheet(path, content)
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error) as error:
        raise UserError(damaged) from error
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f"{path.name}: this Excel file is packed or locked in an unknown way. Save it again."
        ) from error


def _refuse_many_parts(path: Path) -> None:
    """Refuse a zip whose list of parts alone would fill the memory; its length stands at the file's end."""
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, 1 << 16), 2)
        end = file.read()
    for mark, offset, width in _ENDS:
        place = end.rfind(mark)
        size = int.from_bytes(end[place + offset : place + offset + width], "little") if place >= 0 else 0
        if size > _MOST_BYTES_OF_DIRECTORY:
            raise UserError(f"{path.name}: this zip has more parts than any Excel file. Give the table alone.")


def _refuse_other_kinds(path: Path, names: set[str]) -> None:
    for name, kind in _OTHER_KINDS.items():
        if name in names:
            raise UserError(f"{path.name}: this is {kind}. Save it as .xlsx, CSV or Parquet.")
    if "xl/workbook.xml" not in names:
        raise UserError(
            f"{path.name}: this is a zip, not a table. Unpack it. "
            "Give a CSV (also .csv.gz), an Excel file (.xlsx) or Parquet."
        )


def _refuse_wide_sheet(path: Path, content: IO[bytes]) -> None:
    columns: set[bytes] = set()
    rows: set[bytes] = set()
    before = b""
    while chunk := content.read(_CHUNK):
        for letters, digits in _REFERENCE.findall(before + chunk):
            columns.add(letters)
            rows.add(digits)
        before = chunk[-_LONGEST_REFERENCE:]
        spanned = max(map(int, rows), default=0), max(map(_column_number, columns), default=0)
        if prod(spanned) > MOST_CELLS:
            raise UserError(
                f"{path.name}: a sheet of this Excel file spans {spanned[0]:,} rows and {spanned[1]:,} columns, and at "
                f"most {MOST_CELLS:,} cells can be held. Delete what stands far from the table, or give CSV or Parquet."
            )
        rows = {b"%d" % spanned[0]}


def _column_number(letters: Iterable[int]) -> int:
    """A is 1, Z 26, AA 27; nothing is 0."""
    number = 0
    for letter in letters:
        number = number * 26 + (letter & 0x1F)
    return number
