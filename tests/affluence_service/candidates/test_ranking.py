"""A page of a ranking in any order is that of the whole table sorted, ties and missing values included."""

import numpy as np
import polars as pl
import pytest

from affluence_service.api_errors import Refused
from affluence_service.candidates.ranking import Ranking, _places

ROWS = 997


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    random = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "rank": range(1, ROWS + 1),
            "customer_id": [f"C{number}" for number in range(ROWS)],
            "score": -np.sort(-random.normal(size=ROWS)),
            "chance": pl.Series([None] * ROWS, dtype=pl.Float64),
            "few": random.integers(0, 3, ROWS),
            "gaps_usd": [None if value < 0.4 else value for value in random.random(ROWS)],
            "segment": [("a", "b", None)[number % 3] for number in range(ROWS)],
            "hidden_type": "type uncertain",
            "offer": "x",
        }
    )


@pytest.fixture(scope="module")
def ranking(table, tmp_path_factory):
    file = tmp_path_factory.mktemp("ranking") / "candidates.parquet"
    table.write_parquet(file, row_group_size=50)

    def wanted(**asked) -> Ranking:
        return Ranking(file, ["few", "gaps_usd"], ROWS, asked)

    return wanted


@pytest.mark.parametrize("sort", ["rank", "-rank", "few", "-few", "gaps_usd", "-gaps_usd", "-score", "chance"])
@pytest.mark.parametrize("filters", [{}, {"segment": ["a"]}, {"at_least": ["few:1"], "at_most": ["gaps_usd:0.5"]}])
def test_all_pages_together_are_the_whole_table_in_that_order(sort, filters, ranking, table) -> None:
    fit = table
    if "segment" in filters:
        fit = fit.filter(pl.col("segment") == "a")
    if "at_least" in filters:
        fit = fit.filter((pl.col("few") >= 1) & (pl.col("gaps_usd") <= 0.5))
    key, descending = sort.removeprefix("-"), sort.startswith("-")
    whole = fit.sort(key, "rank", descending=[descending, False], nulls_last=True)
    asked = ranking(sort=sort, **filters)
    assert len(asked) == fit.height > 0
    pages = [line for first in range(0, len(asked), 61) for line in asked[first : first + 61]]
    assert pages == whole.to_dicts()


@pytest.mark.parametrize("bounds", [(0, 0), (ROWS, ROWS), (ROWS - 1, ROWS), (0, ROWS)])
def test_the_ends_of_an_order_are_met(bounds) -> None:
    values = pl.Series(np.random.default_rng(1).integers(0, 5, ROWS))
    first, last = bounds
    whole = values.to_frame("v").with_row_index("at").sort("v", "at")["at"].to_list()
    assert _places(values, first, last, descending=False).tolist() == whole[first:last]


def test_nobody_who_fits_is_an_empty_page(ranking) -> None:
    asked = ranking(segment=["no such"], sort="few")
    assert len(asked) == 0
    assert asked[0:50] == []


@pytest.mark.parametrize("asked", [{"sort": "segment"}, {"at_least": ["few"]}, {"at_most": ["score:1"]}, {"sort": "-"}])
def test_what_is_not_shown_or_no_number_is_refused_before_anything_is_read(asked, ranking) -> None:
    with pytest.raises(Refused):
        ranking(**asked)
