import gzip

import pytest

from affluence.data.csv_text import decode_to_utf8
from affluence.errors import UserError

LARGE = 10**9


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "shift_jis", "cp1251"])
def test_any_text_becomes_utf8_with_line_feeds(save, tmp_path, encoding, ends):
    words = {"shift_jis": "会社員は東京に住んでいます", "cp1251": "служащий живёт в Москве и работает"}
    text = (
        f"name,work\nmüller,{'größer € schöner'}\n"
        if encoding not in words
        else f"a,b\n{words[encoding]},{words[encoding]}\n"
    )
    path = save(text.replace("\n", ends), encoding=encoding)
    found, packed = decode_to_utf8(path, copy=tmp_path / "copy", max_bytes=LARGE)
    assert (tmp_path / "copy").read_bytes().decode() == text
    assert not packed
    assert found == encoding or encoding == "shift_jis"


def test_a_late_letter_in_another_encoding_is_found(save, tmp_path):
    content = b"a,b\n" + b"1,2\n" * 100_000 + "né,là\n".encode("cp1252")
    found, _ = decode_to_utf8(save(content), copy=tmp_path / "copy", max_bytes=LARGE)
    assert found == "cp1252"
    assert (tmp_path / "copy").read_text(encoding="utf-8").endswith("né,là\n")


def test_bytes_that_no_guess_takes_are_still_text(save, tmp_path):
    found, _ = decode_to_utf8(save(b"a,b\n\x81\x8d,\xff\xfe\n"), copy=tmp_path / "copy", max_bytes=LARGE)
    assert found
    assert (tmp_path / "copy").read_text(encoding="utf-8").startswith("a,b\n")


def test_gzip_is_opened_and_its_damage_is_said(save, tmp_path):
    packed = gzip.compress(b"a,b\n" * 50_000)
    assert decode_to_utf8(save(packed), copy=tmp_path / "copy", max_bytes=LARGE) == ("utf-8", True)
    changed = packed[:40] + bytes([packed[40] ^ 255]) + packed[41:]
    for damaged in (packed[:-10], packed[:30], b"\x1f\x8b", changed):
        with pytest.raises(UserError, match=r"table.csv: this gzip file is damaged or cut off\. Copy it again\."):
            decode_to_utf8(save(damaged), copy=tmp_path / "copy", max_bytes=LARGE)


def test_what_is_no_text_is_refused(save, tmp_path):
    with pytest.raises(UserError, match="this is no text"):
        decode_to_utf8(save(b"\x00\x01\x02" * 50), copy=tmp_path / "copy", max_bytes=LARGE)
    with pytest.raises(UserError, match="the text is damaged"):
        decode_to_utf8(save(b"\xff\xfea\x00,\x00b"), copy=tmp_path / "copy", max_bytes=LARGE)


def test_the_limit_is_of_the_unpacked_text(save, tmp_path):
    path = save(gzip.compress(b"a" * 10_000))
    assert decode_to_utf8(path, copy=tmp_path / "copy", max_bytes=10_000)[1]
    with pytest.raises(UserError, match="larger than 9,999 bytes"):
        decode_to_utf8(path, copy=tmp_path / "copy", max_bytes=9_999)
