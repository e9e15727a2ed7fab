"""The text of a CSV file, whatever its packing, encoding and line ends: UTF-8 and line feeds afterwards."""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from charset_normalizer import from_bytes

from affluence.errors import UserError

_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_GUESSED = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874"),
    *("cp932", "shift_jis", "euc_jp", "gb18030", "big5", "cp949"),
]
"""What spreadsheets and banks' systems write."""

_LAST_ASCII = 127
_ENOUGH_LETTERS = 20

_CHUNK = 1 << 20
_SAMPLE = 1 << 16


def decode_to_utf8(path: Path, *, copy: Path, max_bytes: int) -> tuple[str, bool]:
    """The encoding of the text in `path`, and whether it was packed with gzip; `copy` then holds it in UTF-8.

    UTF-8 is taken when the whole file is UTF-8, else the likeliest other encoding, a guess that the report
    shows. Raises `UserError` for a damaged gzip, a file that is no text, or one of more than `max_bytes`
    unpacked.
    """
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    try:
        for encoding in _likely_encodings(path, packed=packed, max_bytes=max_bytes):
            try:
                _transcode(path, copy=copy, packed=packed, encoding=encoding, max_bytes=max_bytes)
            except UnicodeError:
                continue
            return encoding, packed
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path.name}: this gzip file is damaged or cut off. Copy it again.") from error
    raise UserError(f"{path.name}: the text is damaged, no encoding fits all of it. Save it as UTF-8.")


def _opened(path: Path, *, packed: bool) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def _likely_encodings(path: Path, *, packed: bool, max_bytes: int) -> Iterator[str]:
    with _opened(path, packed=packed) as file:
        start = file.read(_SAMPLE)
    marked = next((name for mark, name in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), None)
    if marked:
        yield marked
        return
    if b"\x00" in start:
        raise UserError(f"{path.name}: this is no text. Give a CSV (also .csv.gz), an Excel file (.xlsx) or Parquet.")
    yield "utf-8"
    telling = _telling_lines(path, packed=packed, max_bytes=max_bytes)
    guess = from_bytes(telling, cp_isolation=_GUESSED).best()
    # Few letters fit many encodings, and several encodings may be alike in them: Windows' Western one is likeliest.
    enough = sum(byte > _LAST_ASCII for byte in telling) >= _ENOUGH_LETTERS
    if guess and enough and "cp1252" not in guess.could_be_from_charset:
        yield guess.encoding
    yield from ("cp1252", "latin-1")


def _telling_lines(path: Path, *, packed: bool, max_bytes: int) -> bytes:
    """The first lines that hold more than ASCII: the others are equal in nearly every encoding."""
    telling, seen = bytearray(), 0
    with _opened(path, packed=packed) as file:
        while seen <= max_bytes and (line := file.readline(_CHUNK)):
            seen += len(line)
            if not line.isascii():
                telling += line
            if len(telling) > _SAMPLE:
                break
    return bytes(telling)


def _transcode(path: Path, *, copy: Path, packed: bool, encoding: str, max_bytes: int) -> None:
    size = 0
    with (
        _opened(path, packed=packed) as file,
        io.TextIOWrapper(file, encoding=encoding, newline=None) as text,
        copy.open("w", encoding="utf-8", newline="\n") as out,
    ):
        while chunk := text.read(_CHUNK):
            size += len(chunk)
            if size > max_bytes:
                raise UserError(f"{path.name}: unpacked it is larger than {max_bytes:,} bytes. Split it.")
            out.write(chunk)
