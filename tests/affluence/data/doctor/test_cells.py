"""A file's cells before any contract mends them."""

import polars as pl
import pytest

from affluence.data.doctor import examine, read_cells
from affluence.errors import UserError


def test_plain_numbers_of_a_csv_are_numbers_and_the_rest_stays_text(save):
    table = read_cells(save("a,b,c,d\n1,2.5,x,1\n2,NA,y,2\n?,3,z,three\n"))
    assert table.schema == {"a": pl.Float64, "b": pl.Float64, "c": pl.String, "d": pl.String}
    assert table["a"].to_list() == [1, 2, None]


def test_codes_with_leading_zeros_stay_codes(save):
    assert read_cells(save("code\n00123\n04567\n")).schema == {"code": pl.String}


def test_amounts_with_thousands_marks_stay_text_and_are_told(save):
    rows = "\n".join(f'"{number:,}"' for number in range(1_000, 200_000, 999))
    findings = examine(read_cells(save(f"amount\n{rows}\n")))
    assert [finding.kind for finding in findings] == ["numbers_as_text"]


def test_outer_blanks_of_categories_are_kept_to_be_told(save):
    assert read_cells(save('job\n"clerk "\nclerk\n'))["job"].to_list() == ["clerk ", "clerk"]


def test_headers_that_stand_twice_or_not_at_all_get_a_number(save):
    assert read_cells(save("a,a,\n1,2,3\n")).columns == ["a", "a (2)", "column 3"]


def test_a_parquet_file_keeps_its_types(tmp_path):
    path = tmp_path / "table.parquet"
    pl.DataFrame({"a": ["1", "2"], "b": [1, 2]}).write_parquet(path)
    assert read_cells(path).schema == {"a": pl.String, "b": pl.Int64}


def test_the_marks_of_the_contract_are_missing(save, make_contract):
    contract = make_contract(missing_marks=["", "none"])
    assert read_cells(save("AGE\n1\nnone\n"), contract=contract)["AGE"].to_list() == [1, None]


def test_no_file_is_said_in_a_sentence(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.csv"):
        read_cells(tmp_path / "nowhere.csv")
