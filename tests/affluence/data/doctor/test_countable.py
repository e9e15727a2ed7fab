"""A table in parts is examined as one that is whole: what the checks ask adds up, and the sample is the same."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from affluence.data.contract import load_contract
from affluence.data.doctor import examine, subject_of
from affluence.data.doctor.countable import ROW, numbered
from affluence.data.doctor.examining import examine_subject
from affluence.data.doctor.subject import SAMPLE_ROWS, count_values, countable_subject
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.workspace import contract_path


@dataclass(frozen=True)
class InParts:
    """Parts that are counted one by one and then added up."""

    parts: tuple[pl.DataFrame, ...]

    @property
    def empty(self):
        return self.parts[0].clear()

    def read_as(self, reading, *, always=()):
        return replace(self, parts=tuple(reading(part) for part in self.parts))

    def gather(self, columns, of):
        return pl.concat(of(part.select(columns)) for part in self.parts)

    def tally(self, columns, of, *, by, fewest=0):
        counted = pl.concat(of(part.select(columns)) for part in self.parts)
        counts = [name for name in counted.columns if name not in by]
        return counted.group_by(by).agg(pl.col(counts).cast(pl.Int64).sum()).filter(pl.col("rows") >= fewest)

    def spread(self, columns, of, *, by, within=()):
        summed = self.tally(columns, of, by=by)
        same = [*within, *(name for name in summed.columns if name not in by)]
        return summed.group_by(same).agg(pl.len().cast(pl.Int64).alias("keys")).sort(same)


def in_parts(table, *, ends, own=None):
    """The rows of a table in another order, cut at the ends; two parts may have none."""
    rows = numbered(table, own=own).frame.sample(fraction=1.0, shuffle=True, seed=4)
    starts = [0, *ends, rows.height]
    return InParts(tuple(rows.slice(start, end - start) for start, end in pairwise(starts)))


def examined(table, *, contract=None, ends=(0, 7, 800, 800)):
    own = "row" if contract and "row" in table.columns else None
    return examine_subject(countable_subject(in_parts(table, ends=ends, own=own), contract=contract, seed=0))


@pytest.mark.parametrize("kind", ["correlated", "heavy_tailed", "with_gaps", "well_told"])
def test_made_tables(kinds, random, kind):
    table = kinds[kind](random)
    faulty = table.with_columns(
        twice=2 * pl.col(next(name for name in table.columns if table[name].dtype == pl.Float64)),
        town=pl.Series(["Saint Denis", "saint-denis", "Nice", "Basel", None] * (table.height // 5)),
        opened=pl.Series(random.integers(0, 90, table.height)).cast(pl.Int32).cast(pl.Date),
    )
    faulty = pl.concat([faulty, faulty.head(40)])
    assert len(examined(faulty)) > 3
    assert examined(faulty) == examine(faulty)


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    contract = load_contract(contract_path("reference_bank"))
    policy = contract.policy.model_copy(update={"repeated_customer_id": "keep"})
    contract = contract.model_copy(update={"policy": policy})
    file = tmp_path_factory.mktemp("bank") / "bank.parquet"
    simulate(customers=SAMPLE_ROWS + 1_000, seed=2).table.write_parquet(file)
    return read_table(file, contract=contract).customers, contract


def test_the_bank_with_every_trap_and_more_rows_than_a_sample_has(bank):
    customers, contract = bank
    assert examined(customers, contract=contract) == examine(customers, contract=contract)


@pytest.mark.parametrize("rows", [0, 1, 2, 60])
def test_hardly_any_rows(bank, rows):
    customers, contract = bank
    few = customers.head(rows)
    assert examined(few, contract=contract, ends=(0,)) == examine(few, contract=contract)


def test_tags_that_are_not_known(bank):
    customers, contract = bank
    unknown = customers.with_columns(tag=customers["tag"].set(pl.Series(np.arange(customers.height) % 3 == 0), None))
    assert examined(unknown, contract=contract) == examine(unknown, contract=contract)


def test_a_column_of_more_texts_than_are_held(clean, monkeypatch):
    monkeypatch.setattr("affluence.data.doctor.subject.MOST_TEXTS", 3)
    named = clean.with_columns(town=pl.format("town {}", pl.int_range(pl.len()) % 400))
    assert set(subject_of(named).word_counts["town"]["rows"]) == set()
    assert subject_of(named).distinct("town") == 400
    assert examined(named) == examine(named)


def test_values_of_a_long_table_are_held_column_by_column(clean, monkeypatch):
    subject = subject_of(clean)
    whole = {column: subject.counts(column).values.tolist() for column in subject.numbers}
    monkeypatch.setattr("affluence.data.doctor.subject._HELD_VALUES", 1)
    subject = subject_of(clean)
    assert {column: subject.counts(column).values.tolist() for column in subject.numbers} == whole
    assert list(subject._held) == [subject.numbers[-1]]


def test_the_sample_is_the_same_in_any_order_and_another_for_another_seed(bank):
    customers, contract = bank
    one, again = (
        countable_subject(in_parts(customers, ends=ends, own="row"), contract=contract, seed=1).sample
        for ends in ((3, 9_000), ())
    )
    assert one.height == SAMPLE_ROWS
    assert one.equals(again)
    assert not one.equals(subject_of(customers, contract=contract, seed=2).sample)


@pytest.mark.parametrize("own", [["1", "2", "3"], [1, 1, 2], [1, None, 3]])
def test_what_does_not_number_the_rows_is_not_taken_for_their_numbers(own):
    assert numbered(pl.DataFrame({"row": own}), own="row").frame[ROW].to_list() == [1, 2, 3]


def test_rows_keep_their_own_numbers():
    assert numbered(pl.DataFrame({"row": [30, 10, 20]}), own="row").frame[ROW].to_list() == [30, 10, 20]


def test_how_many_keys_have_the_same_counts():
    table = numbered(pl.DataFrame({"id": ["a", "a", "b", "b", "c", None], "\0tag": [True, None] * 3}), own=None)
    spread = table.spread(["id", "\0tag"], lambda part: count_values(part, columns=["id"]), by=["place", "value"])
    assert spread.rows() == [(1, 1, 1, 1), (2, 1, 1, 2)]
