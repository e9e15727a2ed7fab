"""Review sheets: who stands on them, and how they find their way back to the table."""

import numpy as np
import polars as pl
import pytest

from affluence.data.reading import read_sheet
from affluence.data.writing import write_csv
from affluence.errors import UserError
from affluence.pu.review import read_review
from affluence.pu.review_sheet import place_sheet, review_sheet

ROWS = 200
SHOWN = ("balance_usd", "job")


@pytest.fixture
def table() -> pl.DataFrame:
    """Customers whose rows are numbered from 1, a quarter of them tagged; some ids look like formulas."""
    random = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "row": range(1, ROWS + 1),
            "customer_id": [f"=C{row}" if row % 7 == 0 else f"C{row}" for row in range(ROWS)],
            "tag": pl.Series([int(row % 4 == 0) for row in range(ROWS)], dtype=pl.Int8),
            "balance_usd": random.normal(0, 1_000, ROWS),
            "job": random.choice(["clerk", "doctor"], ROWS),
        }
    )


@pytest.fixture
def scores(table) -> pl.DataFrame:
    return table.select("row", "customer_id", "tag", score=pl.Series(np.random.default_rng(1).normal(size=ROWS)))


def drawn(scores, table, **changes) -> pl.DataFrame:
    return review_sheet(
        scores["score"].to_numpy(), table, **{"n": 30, "purpose": "find", "seed": 0, "columns": SHOWN, **changes}
    )


def test_a_sheet_shows_what_it_was_told_to_and_asks_for_a_verdict(scores, table):
    sheet = drawn(scores, table)
    assert sheet.columns == ["row", "customer_id", "verdict", *SHOWN, "stratum", "weight"]
    assert sheet["verdict"].to_list() == [""] * 30
    known = sheet.select("row").join(table, on="row", how="left", maintain_order="left")
    assert sheet.select("customer_id", *SHOWN).equals(known.select("customer_id", *SHOWN))
    assert drawn(scores, table, columns=()).columns == ["row", "customer_id", "verdict", "stratum", "weight"]


def test_only_the_unlabelled_are_drawn_and_each_once(scores, table):
    everyone = drawn(scores, table, n=150)
    assert sorted(everyone["row"]) == table.filter(pl.col("tag") == 0)["row"].to_list()
    with pytest.raises(UserError, match="Ask for at most 150"):
        drawn(scores, table, n=151)


def test_without_a_tag_everyone_may_be_drawn(scores, table):
    everyone = drawn(scores.drop("tag"), table.drop("tag"), n=ROWS)
    assert sorted(everyone["row"]) == table["row"].to_list()


def test_the_customers_of_earlier_sheets_are_not_drawn_again(scores, table):
    first = drawn(scores, table)
    second = drawn(scores, table, earlier=first, sheets_before=1)
    third = drawn(scores, table, earlier=pl.concat([first, second]), sheets_before=2, n=90)
    customers = [*first["customer_id"], *second["customer_id"], *third["customer_id"]]
    assert len(set(customers)) == 150


def test_strata_are_numbered_by_the_batch(scores, table):
    first = drawn(scores, table)
    fourth = drawn(scores, table, earlier=first, sheets_before=3)
    assert set(first["stratum"]) == {0, 1, 2}
    assert set(fourth["stratum"]) == {30, 31, 32}
    assert first["weight"].sum() == pytest.approx(150)
    assert fourth["weight"].sum() == pytest.approx(120)


def test_a_sheet_is_shuffled_and_the_seed_fixes_it(scores, table):
    sheet = drawn(scores, table)
    assert sheet["stratum"].to_list() != sorted(sheet["stratum"])
    assert set(sheet["stratum"].head(15)) == {0, 1, 2}
    assert sheet.equals(drawn(scores, table))
    assert not sheet.equals(drawn(scores, table, seed=1))


def test_a_sheet_is_placed_by_row_and_id_wherever_the_row_stands_now(scores, table):
    sheet = drawn(scores, table).with_columns(verdict=pl.lit("1"))
    turned = table.reverse()
    placed = place_sheet(sheet, turned)
    assert placed.columns == ["row", "verdict", "weight", "stratum"]
    assert turned[placed["row"].to_list()]["customer_id"].equals(sheet["customer_id"])


def test_a_sheet_of_rows_and_ids_alone_is_placed_too(table):
    sheet = pl.DataFrame({"row": ["3", "1"], "customer_id": ["C2", "=C0"], "verdict": ["no", "yes"]})
    assert place_sheet(sheet, table).rows() == [(2, "no"), (0, "yes")]


def test_a_row_that_is_another_customers_now_is_refused_in_words(scores, table):
    sheet = drawn(scores, table)
    other = table.with_columns(customer_id=pl.col("customer_id").shift(1, fill_value="new"))
    with pytest.raises(UserError, match="In 30 of 30 rows of the review sheet another customer stands") as caught:
        place_sheet(sheet, other)
    assert not any(customer in str(caught.value) for customer in sheet["customer_id"])


def test_a_row_whose_id_was_emptied_is_refused_as_well(scores, table):
    sheet = drawn(scores, table)
    emptied = sheet.with_columns(customer_id=pl.when(pl.int_range(pl.len()) > 0).then("customer_id"))
    with pytest.raises(UserError, match="In 1 of 30 rows"):
        place_sheet(emptied, table)


def test_a_spreadsheet_may_make_decimals_of_rows(table):
    sheet = pl.DataFrame({"row": ["3.0", "11"], "customer_id": ["C2", "C10"], "verdict": ["1", "0"]})
    assert place_sheet(sheet, table)["row"].to_list() == [2, 10]
    assert place_sheet(sheet.with_columns(row=pl.Series([3.0, 11.0])), table)["row"].to_list() == [2, 10]


def test_a_customer_who_is_gone_is_left_out_and_the_others_stay(scores, table):
    sheet = drawn(scores, table)
    gone = sheet["row"][0]
    left = table.filter(pl.col("row") != gone)
    placed = place_sheet(sheet, left)
    assert placed.height == 29
    assert left[placed["row"].to_list()]["row"].to_list() == sheet["row"].to_list()[1:]


@pytest.mark.parametrize("column", ["row", "customer_id", "verdict"])
def test_a_sheet_without_a_column_of_ours_is_refused_in_words(scores, table, column):
    with pytest.raises(UserError, match=f"lacks the column {column}. Hand back the sheet"):
        place_sheet(drawn(scores, table).drop(column), table)


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_sheet_comes_back_from_its_file_as_a_review_with_weights(scores, table, tmp_path, separator):
    sheet = drawn(scores, table)
    path = tmp_path / "sheet.csv"
    truth = {row: int(row % 3 == 0) for row in sheet["row"]}
    write_csv(sheet.with_columns(verdict=pl.col("row").replace_strict(truth).cast(pl.String)), path)
    assert "'=C" in path.read_text()
    pl.read_csv(path, infer_schema=False).write_csv(path, separator=separator)
    review = read_review(place_sheet(read_sheet(path), table), table_rows=table.height)
    assert (review.rows + 1).tolist() == sheet["row"].to_list()
    assert review.verdicts.tolist() == [truth[row] for row in sheet["row"]]
    assert review.strata.tolist() == sheet["stratum"].to_list()
    assert review.weights == pytest.approx(sheet["weight"].to_numpy())
    assert review.sampled.all()


def test_what_nobody_answered_is_spoken_for_by_the_others(scores, table, tmp_path):
    sheet = drawn(scores, table)
    path = tmp_path / "sheet.csv"
    write_csv(sheet.with_columns(verdict=pl.when(pl.int_range(pl.len()) < 20).then(pl.lit("0"))), path)
    review = read_review(place_sheet(read_sheet(path), table), table_rows=table.height)
    assert len(review) == 20
    assert review.weights.sum() == pytest.approx(150)
