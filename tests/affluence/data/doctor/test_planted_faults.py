"""Every planted fault is caught, over seeds: each test plants one into a clean table and names what must be said."""

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
import pytest

from affluence.data.doctor import Finding, RemedyAction, examine, treat
from affluence.data.finding_kinds import FindingKind

Plant = Callable[[pl.DataFrame, np.random.Generator], pl.DataFrame]

PLANTS: dict[str, tuple[FindingKind, tuple[str, ...], Plant]] = {}


def plants(kind: FindingKind, *columns: str) -> Callable[[Plant], Plant]:
    def note(plant: Plant) -> Plant:
        PLANTS[plant.__name__] = (kind, columns, plant)
        return plant

    return note


def some(table: pl.DataFrame, random: np.random.Generator, share: float) -> pl.Series:
    return pl.Series(random.random(table.height) < share)


def where(chosen: pl.Series, value: object, column: str) -> pl.Expr:
    return pl.when(chosen).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)


def tagged(table: pl.DataFrame) -> pl.Series:
    return table["segment"] == "AFFLUENT"


@plants(FindingKind.COPY, "income", "earnings")
def a_copy(table, random):
    return table.with_columns(earnings=pl.col("income"))


@plants(FindingKind.COPY, "income", "earnings")
def a_copy_with_two_rows_mended_by_hand(table, random):
    return table.with_columns(earnings=pl.when(pl.int_range(pl.len()) < 2).then(1.0).otherwise("income"))


@plants(FindingKind.MULTIPLE, "yearly", "spending")
def twelve_times(table, random):
    return table.with_columns(yearly=(12 * pl.col("spending")).round(2))


@plants(FindingKind.MULTIPLE, "in_thousands", "savings")
def another_unit(table, random):
    return table.with_columns(in_thousands=pl.col("savings") / 1000)


@plants(FindingKind.MOSTLY_COPY, "last_income", "income")
def mostly_the_same(table, random):
    moved = pl.when(some(table, random, 0.3)).then((pl.col("income") * 1.07).round(2)).otherwise("income")
    return table.with_columns(last_income=moved)


@plants(FindingKind.SUM, "total", "income", "savings", "spending")
def a_sum_of_three(table, random):
    return table.with_columns(total=(pl.col("income") + pl.col("savings") + pl.col("spending")).round(2))


@plants(FindingKind.SUM, "assets", "income", "savings", "spending")
def a_sum_of_products_seldom_held_with_a_rest(table, random):
    held = [pl.when(some(table, random, 0.5)).then(name).alias(name) for name in ("income", "savings", "spending")]
    table = table.with_columns(held)
    rest = pl.Series(np.where(random.random(table.height) < 0.1, 777.7 * random.random(table.height), 0))
    return table.with_columns(assets=pl.sum_horizontal("income", "savings", "spending") + rest)


@plants(FindingKind.ONE_TO_ONE, "region", "region_code")
def a_code_for_each_category(table, random):
    codes = {"north": 7, "south": 3, "east": 5, "west": 1}
    return table.with_columns(region_code=pl.col("region").replace_strict(codes))


@plants(FindingKind.WRONG_ORDER, "min_spending", "max_spending")
def a_smallest_above_the_largest(table, random):
    factor = pl.when(some(table, random, 0.05)).then(0.5).otherwise(1.5)
    largest = (pl.col("spending") * factor * pl.Series(random.uniform(1, 1.2, table.height))).round(2)
    return table.with_columns(min_spending="spending", max_spending=largest).drop("spending")


@plants(FindingKind.WRONG_ORDER, "AVGSAV", "MAXSAV")
def an_average_above_the_largest_everywhere(table, random):
    lower = (pl.col("savings") * pl.Series(random.uniform(0.5, 0.99, table.height))).round(2)
    return table.with_columns(AVGSAV="savings", MAXSAV=lower).drop("savings")


@plants(FindingKind.WRONG_ORDER, "own_share", "savings")
def a_part_above_its_whole_under_names_that_do_not_say_so(table, random):
    part = pl.when(some(table, random, 0.3)).then(1.0).otherwise(pl.Series(random.uniform(0.1, 0.9, table.height)))
    part = pl.when(some(table, random, 0.002)).then(1.7).otherwise(part)
    return table.with_columns(own_share=(pl.col("savings") * part).round(2))


@plants(FindingKind.IMPOSSIBLE_VALUE, "age_years")
def people_of_122(table, random):
    return table.with_columns(where(some(table, random, 0.005), 122.0, "age_years"))


@plants(FindingKind.IMPOSSIBLE_VALUE, "age_years")
def a_child_of_two(table, random):
    return table.with_columns(where(pl.int_range(table.height, eager=True) == 5, 2.0, "age_years"))


@plants(FindingKind.SENTINEL_VALUE, "income")
def incomes_of_99999(table, random):
    return table.with_columns(where(some(table, random, 0.01), 99999.0, "income"))


@plants(FindingKind.SENTINEL_VALUE, "savings")
def savings_of_9999_amid_others(table, random):
    return table.with_columns(where(some(table, random, 0.01), 9999.0, "savings"))


@plants(FindingKind.SENTINEL_VALUE, "children")
def minus_one_for_unknown(table, random):
    return table.with_columns(where(some(table, random, 0.02), -1, "children"))


@plants(FindingKind.SENTINEL_VALUE, "postal_code")
def postal_codes_of_0(table, random):
    codes = random.integers(10_000, 99_999, table.height)
    return table.with_columns(postal_code=np.where(random.random(table.height) < 0.03, 0, codes))


@plants(FindingKind.SENTINEL_VALUE, "opened_on")
def days_of_1900(table, random):
    days = pl.Series(random.integers(9_000, 18_000, table.height)).cast(pl.Int32).cast(pl.Date)
    return table.with_columns(opened_on=days.set(some(table, random, 0.02), date(1900, 1, 1)))


@plants(FindingKind.NEGATIVE_AMOUNT, "savings")
def a_few_savings_far_below_0(table, random):
    return table.with_columns(where(pl.int_range(table.height, eager=True) < 2, -250_000.5, "savings"))


@plants(FindingKind.TOP_CODED, "age_years")
def ages_capped_at_80(table, random):
    ages = pl.Series(random.normal(62, 12, table.height).round(1))
    return table.with_columns(age_years=ages.clip(18.0, 80.0))


@plants(FindingKind.TWO_SCALES, "debit_ratio")
def a_ratio_that_is_an_amount(table, random):
    ratio = random.lognormal(0, 0.6, table.height)
    amount = random.lognormal(9, 1, table.height)
    return table.with_columns(debit_ratio=np.where(random.random(table.height) < 0.4, amount, ratio).round(4))


@plants(FindingKind.TWO_SCALES, "utilisation_rate")
def a_rate_with_a_few_amounts(table, random):
    rate = random.beta(2, 2, table.height)
    return table.with_columns(utilisation_rate=np.where(random.random(table.height) < 0.004, 25_000.0, rate))


@plants(FindingKind.ZERO_OR_EMPTY, "limit")
def zeros_beside_gaps(table, random):
    limit = pl.Series(np.where(random.random(table.height) < 0.6, 0.0, random.lognormal(8, 1, table.height)))
    return table.with_columns(limit=limit.set(some(table, random, 0.3), None))


@plants(FindingKind.ROUND_HEAP, "savings")
def deposits_of_20000(table, random):
    return table.with_columns(where(some(table, random, 0.08), 20_000.0, "savings"))


@plants(FindingKind.REPEATED_VALUE, "spending")
def gaps_filled_with_the_mean(table, random):
    mean = round(float(table["spending"].mean()), 2)  # type: ignore[arg-type]
    return table.with_columns(where(some(table, random, 0.06), mean, "spending"))


@plants(FindingKind.MISSING_TOGETHER, "fund_value", "fund_gain", "funds")
def a_product_that_some_hold(table, random):
    held = some(table, random, 0.2)
    columns = {
        "fund_value": pl.Series(random.lognormal(9, 1, table.height).round(2)),
        "fund_gain": pl.Series(random.normal(300, 500, table.height).round(2)),
        "funds": pl.Series(1 + random.poisson(1, table.height)),
    }
    return table.with_columns(**{name: values.set(~held, None) for name, values in columns.items()})


@plants(FindingKind.MISSING_TOGETHER, "accounts", "current", "deposit")
def a_count_where_either_is_held(table, random):
    one, other = some(table, random, 0.5), some(table, random, 0.2)
    amounts = [pl.Series(random.lognormal(8, 1, table.height).round(2)) for _ in range(2)]
    accounts = pl.Series(1 + random.poisson(1, table.height))
    return table.with_columns(
        current=amounts[0].set(~one, None),
        deposit=amounts[1].set(~other, None),
        accounts=accounts.set(~(one | other), None),
    )


@plants(FindingKind.MISSING_RELATED, "region")
def an_answer_asked_of_card_holders(table, random):
    card = some(table, random, 0.3)
    limit = pl.Series(random.lognormal(8, 0.5, table.height).round(2)).set(~card, None)
    asked = (card & some(table, random, 0.8)) | some(table, random, 0.1)
    return table.with_columns(card_limit=limit, region=table["region"].set(~asked, None))


@plants(FindingKind.FILLED_ONLY_WITH, "property_price", "car_loan")
def a_property_price_with_a_car_loan_alone(table, random):
    loan = some(table, random, 0.15)
    price = pl.Series(random.lognormal(12, 0.5, table.height).round(2))
    return table.with_columns(car_loan=loan.cast(pl.Int8), property_price=price.set(~loan, None))


@plants(FindingKind.FLAG_OR_EMPTY, "home_loan")
def a_flag_of_one_value(table, random):
    return table.with_columns(home_loan=pl.Series([1] * table.height).set(some(table, random, 0.9), None))


@plants(FindingKind.REPEATED_CUSTOMERS, "customer_id")
def customers_in_several_rows(table, random):
    ids = pl.Series(random.integers(0, table.height, table.height)).cast(pl.String)
    return table.with_columns(customer_id=ids)


@plants(FindingKind.DUPLICATE_ROWS)
def rows_loaded_twice(table, random):
    return pl.concat([table, table.sample(fraction=0.02, seed=1)]).sample(fraction=1.0, shuffle=True, seed=2)


@plants(FindingKind.DUPLICATE_ROWS)
def rows_loaded_twice_under_new_ids(table, random):
    again = table.sample(fraction=0.02, seed=1).with_columns(pl.col("customer_id") + "-2")
    return pl.concat([table, again]).sample(fraction=1.0, shuffle=True, seed=2)


@plants(FindingKind.ROW_ORDER)
def rows_sorted_by_the_tag(table, random):
    return table.sort("segment")


@plants(FindingKind.ROW_ORDER)
def the_tagged_in_the_middle(table, random):
    table = table.sort("segment")
    tagged_rows = int(tagged(table).sum())
    rest = table[tagged_rows:]
    return pl.concat([rest[: rest.height // 2], table[:tagged_rows], rest[rest.height // 2 :]])


@plants(FindingKind.TAG_GIVEN_AWAY, "lounge_visits")
def a_column_that_follows_from_the_tag(table, random):
    visits = np.where(tagged(table), 5 + random.normal(size=table.height), random.normal(size=table.height))
    return table.with_columns(lounge_visits=visits)


@plants(FindingKind.TAG_GIVEN_AWAY, "branch_type")
def a_category_that_follows_from_the_tag(table, random):
    return table.with_columns(branch_type=pl.when(tagged(table)).then(pl.lit("gold")).otherwise(pl.lit("blue")))


@plants(FindingKind.TAG_GIVEN_AWAY, "check_digit")
def a_leak_that_is_not_monotone(table, random):
    digits = 2 * random.integers(0, 90, table.height) + tagged(table).to_numpy()
    return table.with_columns(check_digit=digits)


@plants(FindingKind.FILLED_FOR_TAGGED, "advisor_since")
def a_year_written_down_after_the_upgrade(table, random):
    years = pl.Series(random.integers(2005, 2020, table.height))
    return table.with_columns(advisor_since=years.set(~(tagged(table) & some(table, random, 0.5)), None))


@plants(FindingKind.PURE_VALUE, "channel")
def a_category_of_the_tagged(table, random):
    channel = pl.Series(random.choice(["branch", "phone", "online"], table.height))
    return table.with_columns(channel=channel.set(tagged(table) & some(table, random, 0.2), "priority desk"))


@plants(FindingKind.PURE_VALUE, "fee")
def a_fee_of_the_tagged_amid_others(table, random):
    fee = pl.Series(random.integers(10, 90, table.height).astype(float))
    return table.with_columns(fee=fee.set(tagged(table) & some(table, random, 0.2), 47.5))


@plants(FindingKind.TOO_GOOD, "first_half", "second_half")
def two_halves_of_the_tag(table, random):
    noise = 10 * random.normal(size=table.height)
    shown = np.where(tagged(table), 4.0, -4.0)
    return table.with_columns(first_half=noise + shown, second_half=noise - shown)


@plants(FindingKind.SPELLED_TWICE, "region")
def a_category_in_capitals(table, random):
    return table.with_columns(
        region=pl.when(some(table, random, 0.1)).then(pl.col("region").str.to_uppercase()).otherwise("region")
    )


@plants(FindingKind.SPELLED_TWICE, "town")
def blanks_accents_and_hyphens(table, random):
    spellings = ["Saint Denis", "Saint-Denis", "Saint  Denis ", "Orléans", "Orleans", "Nice"]
    return table.with_columns(town=pl.Series(random.choice(spellings, table.height)))


@plants(FindingKind.NUMBERS_AS_TEXT, "income")
def amounts_with_thousands_marks(table, random):
    return table.with_columns(income=pl.Series([f"{value:,.2f}" for value in table["income"]]))


@plants(FindingKind.NUMBERS_AS_TEXT, "income")
def amounts_with_a_currency_and_some_words(table, random):
    amounts = pl.Series([f"$ {value:.2f}" for value in table["income"]])
    return table.with_columns(income=amounts.set(some(table, random, 0.03), "on request"))


@plants(FindingKind.DATES_AS_TEXT, "opened")
def days_as_text(table, random):
    days = pl.Series(random.integers(9_000, 18_000, table.height)).cast(pl.Int32).cast(pl.Date)
    return table.with_columns(opened=days.dt.strftime("%d/%m/%Y"))


@plants(FindingKind.EMPTY_COLUMN, "notes")
def a_column_without_a_value(table, random):
    return table.with_columns(notes=pl.lit(None, dtype=pl.String))


@plants(FindingKind.CONSTANT_COLUMN, "country")
def a_column_of_one_value(table, random):
    return table.with_columns(country=pl.lit("SG"))


@plants(FindingKind.IDENTIFIER_COLUMN, "phone")
def a_text_for_each_row(table, random):
    return table.with_columns(phone=pl.Series([f"+65 {number}" for number in random.permutation(table.height)]))


@plants(FindingKind.IDENTIFIER_COLUMN, "row")
def a_row_number(table, random):
    return table.with_columns(row=pl.Series(random.permutation(table.height) + 500_000))


def of_kind(findings: tuple[Finding, ...], kind: FindingKind) -> list[Finding]:
    return [finding for finding in findings if finding.kind is kind]


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_fault_is_found_with_its_columns(name, clean, random):
    kind, columns, plant = PLANTS[name]
    findings = examine(plant(clean, random))
    assert any(set(columns) <= set(each.columns) for each in of_kind(findings, kind)), findings


def test_every_kind_of_finding_is_planted_here():
    assert {kind for kind, _, _ in PLANTS.values()} == set(FindingKind)


MENDABLE = [
    "people_of_122",
    "a_child_of_two",
    "incomes_of_99999",
    "minus_one_for_unknown",
    "postal_codes_of_0",
    "rows_loaded_twice_under_new_ids",
    "rows_sorted_by_the_tag",
    "a_category_in_capitals",
    "blanks_accents_and_hyphens",
    "amounts_with_thousands_marks",
    "amounts_with_a_currency_and_some_words",
    "days_as_text",
    "a_column_without_a_value",
    "a_column_of_one_value",
]


@pytest.mark.parametrize("name", MENDABLE)
def test_what_a_remedy_mends_is_not_found_again(name, clean, random):
    kind, _, plant = PLANTS[name]
    faulty = plant(clean, random)
    before = faulty.clone()
    treatment = treat(faulty, findings=of_kind(examine(faulty), kind))
    assert of_kind(examine(treatment.table), kind) == []
    assert len(treatment.accounts) == 1
    assert faulty.equals(before)


def test_every_action_is_tried_here(clean, random):
    tried = set()
    for name in (*MENDABLE, "twelve_times"):
        kind, _, plant = PLANTS[name]
        tried |= {finding.remedy.action for finding in of_kind(examine(plant(clean, random)), kind)}
    assert tried == set(RemedyAction)
