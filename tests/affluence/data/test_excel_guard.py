import io
import struct
import zipfile

import pytest
import xlsxwriter

from affluence.data.excel_guard import MOST_CELLS, require_safe_workbook
from affluence.errors import UserError

BYTES = 10_000_000


def workbook(*cells):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, column in cells:
            sheet.write(row, column, "x")
    return content.getvalue()


def zipped(parts):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def sheet(rows):
    return zipped({"xl/workbook.xml": "<workbook/>", "xl/worksheets/anything.xml": rows})


def test_a_plain_workbook_passes(save):
    require_safe_workbook(save(workbook((0, 0), (5_000, 30))), max_bytes=BYTES)


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="1048576"><c r="XFD1048576"/></row>',
        b'<row r="1"><c s="1" r="XFD1"/></row><row r="1048576"/>',
        b"<x:row r='1'><x:c t='s' r='XFD1'/></x:row><x:row r = '1048576'/>",
        b'<c r="xfd1"/><c r="A1048576"/>',
        b" " * ((1 << 20) - 14) + b'<c r="XFD1048576"/>',
    ],
    ids=["one cell", "a row without cells", "prefix and quotes", "small letters", "over the edge of a piece"],
)
def test_a_sheet_that_spans_more_than_is_held_is_refused(save, rows):
    with pytest.raises(UserError, match=r"spans 1,048,576 rows and 16,384 columns.*Delete what"):
        require_safe_workbook(save(sheet(rows)), max_bytes=BYTES)


def test_the_largest_sheet_passes_and_one_row_more_does_not(save):
    rows = MOST_CELLS // 50
    require_safe_workbook(save(sheet(b'<c r="AX%d"/>' % rows)), max_bytes=BYTES)
    with pytest.raises(UserError, match="50 columns"):
        require_safe_workbook(save(sheet(b'<c r="AX%d"/>' % (rows + 1))), max_bytes=BYTES)


def test_a_directory_that_lies_about_a_size_is_found(save):
    content = bytearray(sheet(b"a" * 5_000_000))
    place = content.rfind(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 100)
    with pytest.raises(UserError, match="damaged"):
        require_safe_workbook(save(bytes(content)), max_bytes=BYTES)


def test_the_limit_is_of_what_is_unpacked(save):
    content = sheet(b"a" * 5_000_000)
    require_safe_workbook(save(content), max_bytes=5_000_011)
    with pytest.raises(UserError, match="larger than 5,000,010 bytes"):
        require_safe_workbook(save(content), max_bytes=5_000_010)


@pytest.mark.parametrize("mark", [b"PK\x05\x06", b"PK\x06\x06"])
def test_a_list_of_parts_that_would_fill_the_memory_is_not_read(save, mark):
    offset, width = {b"PK\x05\x06": (12, 4), b"PK\x06\x06": (40, 8)}[mark]
    record = bytearray(mark + bytes(60))
    record[offset : offset + width] = (2_000_000).to_bytes(width, "little")
    with pytest.raises(UserError, match="more parts than any Excel file"):
        require_safe_workbook(save(b"PK" + bytes(200) + bytes(record)), max_bytes=BYTES)


def test_a_locked_part_is_refused_in_a_sentence(save):
    content = bytearray(workbook((0, 0)))
    for mark, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = content.find(mark)
        content[place + flags] |= 1
    with pytest.raises(UserError, match="locked in an unknown way"):
        require_safe_workbook(save(bytes(content)), max_bytes=BYTES)
