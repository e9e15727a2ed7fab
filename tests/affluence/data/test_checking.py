import polars as pl
import pytest

from affluence.data.checking import check_table
from affluence.data.raw_table import RawTable

HEADERS = ("ID", "SEG", "AGE", "BAL", "JOB")


def raw_of(*rows, headers=HEADERS):
    schema = {str(number): pl.String for number in range(len(headers))}
    cells = pl.DataFrame(rows, schema=schema, orient="row")
    return RawTable("CSV", "", headers, cells, lambda: range(2, cells.height + 2))


def sentences(raw, contract, **options):
    _, violations = check_table(raw, contract=contract, tag_required=options.get("tag_required", True))
    return [violation.sentence(rows=raw.cells.height, place="line") for violation in violations]


@pytest.mark.parametrize(
    ("limits", "text"),
    [([0, 120], "outside 0 to 120 years"), ([10, None], "below 10 years"), ([None, 100_000], "above 100,000 years")],
)
def test_a_range_is_told_with_its_unit_and_its_bounds_are_inside(make_contract, contract, limits, text):
    columns = [
        contract.columns[0].model_dump() | {"range": limits},
        *(each.model_dump() for each in contract.columns[1:]),
    ]
    strict = make_contract(columns=columns)
    inside = [str(limit) for limit in limits if limit is not None]
    assert sentences(raw_of(*(("a" + age, "NORMAL", age, "1", "clerk") for age in inside)), strict) == []
    outside = "9" * 6 if limits[1] is not None else "-9"
    (sentence,) = sentences(raw_of(("a", "NORMAL", outside, "1", "clerk")), strict)
    assert sentence == f"AGE: 1 of 1 rows is {text} (line 2). Mend the values, or widen the contract's range."


def test_nothing_stands_in_for_a_missing_column(contract):
    raw = raw_of(("a", "NORMAL", "40"), headers=HEADERS[:3])
    customers, violations = check_table(raw, contract=contract, tag_required=True)
    assert [(violation.rule, violation.column) for violation in violations] == [
        ("missing_column", "BAL"),
        ("missing_column", "JOB"),
    ]
    assert customers.columns == ["row", "customer_id", "tag", "age_years", "balance_usd", "job"]


def test_the_row_number_is_the_id_where_the_contract_names_none(make_contract):
    contract = make_contract(customer_id={"source": None})
    rows = [("NORMAL", "40", "1", "clerk")] * 3
    customers, violations = check_table(raw_of(*rows, headers=HEADERS[1:]), contract=contract, tag_required=True)
    assert (customers["customer_id"].to_list(), violations) == (["1", "2", "3"], ())


def test_a_row_number_stays_when_a_row_before_it_is_dropped(make_contract):
    contract = make_contract(customer_id={"source": None}, policy={"unknown_tag": "drop"})
    rows = [("RICH", "40", "1", "clerk"), ("NORMAL", "40", "1", "clerk")]
    customers, _ = check_table(raw_of(*rows, headers=HEADERS[1:]), contract=contract, tag_required=True)
    assert customers["customer_id"].to_list() == ["2"]


def test_dropping_every_row_refuses_the_table(make_contract):
    contract = make_contract(policy={"unknown_tag": "drop"})
    _, violations = check_table(raw_of(("a", "RICH", "1", "1", "clerk")), contract=contract, tag_required=True)
    assert [(violation.rule, violation.action) for violation in violations] == [
        ("unknown_tag", "drop"),
        ("empty_table", "refuse"),
    ]


def test_the_tag_may_be_optional_and_is_checked_all_the_same(contract):
    raw = raw_of(("a", "RICH", "1", "1", "clerk"))
    (sentence,) = sentences(raw, contract, tag_required=False)
    assert sentence.startswith("SEG: 1 of 1 rows has a tag that the contract does not know (line 2).")


def test_missing_marks_are_missing_everywhere(contract):
    raw = raw_of((" NA ", "NA", "NA", "NA", "NA"), ("b", "NORMAL", "NA", "", " "))
    _, violations = check_table(raw, contract=contract, tag_required=True)
    assert {violation.rule for violation in violations} == {"empty_customer_id", "empty_tag"}


def test_many_extra_columns_are_told_in_one_sentence(contract):
    headers = (*HEADERS, *(f"extra_{number}" for number in range(300)), "y" * 90)
    raw = raw_of(("a", "NORMAL", "1", "1", "clerk", *[""] * 301), headers=headers)
    (sentence,) = sentences(raw, contract)
    assert sentence == (
        "The contract does not know 301 of the columns: extra_0, extra_1, extra_2, extra_3, extra_4 and 296 more."
        " Add them to the contract, or take them out of the table."
    )


def test_what_is_checked_is_not_changed(contract):
    raw = raw_of((" a ", "RICH", "x", "1", "monk"))
    before = raw.cells.clone()
    check_table(raw, contract=contract, tag_required=True)
    assert raw.cells.equals(before)
