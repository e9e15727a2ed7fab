"""A remedy mends what was found, says how much it changed, and changes nothing else."""

from datetime import date

import polars as pl
import pytest

from affluence.data.doctor import Finding, examine, to_apply, treat
from affluence.data.finding_kinds import FindingKind


def faults(table: pl.DataFrame, kind: FindingKind) -> list[Finding]:
    return [finding for finding in examine(table) if finding.kind is kind]


def treated(table: pl.DataFrame) -> pl.DataFrame:
    return treat(table, findings=examine(table)).table


def test_the_cells_that_changed_are_counted(clean):
    old = clean.with_columns(age_years=pl.when(pl.int_range(pl.len()) < 40).then(122.0).otherwise("age_years"))
    (account,) = treat(old, findings=faults(old, FindingKind.IMPOSSIBLE_VALUE)).accounts
    assert account.cells_changed == 40
    assert (account.rows_before, account.rows_after) == (clean.height, clean.height)


def test_dropped_rows_and_columns_are_counted(clean):
    table = pl.concat([clean, clean.head(50)]).with_columns(country=pl.lit("SG"))
    copies, constant = treat(
        table, findings=[*faults(table, FindingKind.DUPLICATE_ROWS), *faults(table, FindingKind.CONSTANT_COLUMN)]
    ).accounts
    assert copies.rows_before - copies.rows_after == 50
    assert constant.columns_before - constant.columns_after == 1


def test_an_excluded_column_stays_in_the_table(clean):
    table = clean.with_columns(yearly=12 * pl.col("spending"))
    treatment = treat(table, findings=faults(table, FindingKind.MULTIPLE))
    assert treatment.excluded == ("yearly",)
    assert treatment.table.equals(table)


def test_a_shuffle_keeps_every_row_and_follows_its_seed(clean):
    table = clean.sort("segment")
    findings = faults(table, FindingKind.ROW_ORDER)
    one, other, again = (treat(table, findings=findings, seed=seed).table for seed in (1, 2, 1))
    assert one.equals(again)
    assert not one.equals(other)
    assert one.sort("customer_id").equals(table.sort("customer_id"))


def test_only_what_the_contract_applies_and_a_machine_can_do_is_applied(clean):
    findings = examine(clean.with_columns(yearly=12 * pl.col("spending")).sort("segment"))
    assert findings
    assert to_apply(findings) == ()


def test_merged_spellings_take_the_commonest(clean):
    towns = ["Zürich"] * 300 + ["ZURICH "] * 20 + ["Basel"] * 200
    table = pl.DataFrame({"town": towns})
    assert treated(table)["town"].value_counts(sort=True).rows() == [("Zürich", 320), ("Basel", 200)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1,234.50", 1234.5), ("$ 12,000", 12000.0), ("(1,000.00)", -1000.0), ("-5,000", -5000.0), ("1,250 SGD", 1250.0)],
)
def test_amounts_are_read_as_they_are_meant(written, meant):
    amounts = [f"{number:,}" for number in range(1_000, 3_000, 20)]
    table = pl.DataFrame({"amount": [written, *amounts]})
    assert treated(table)["amount"][0] == meant


@pytest.mark.parametrize("layout", ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d %b %Y"])
def test_days_are_read_as_they_are_meant(layout):
    days = [date(2001 + number % 20, 1 + number % 12, 13 + number % 15) for number in range(300)]
    table = pl.DataFrame({"opened": [day.strftime(layout) for day in days]})
    assert treated(table)["opened"].to_list() == days
