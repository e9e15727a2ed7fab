"""What a finding says, what a contract decides about it, and what is never said."""

import polars as pl
import pytest

from affluence.data.contract import Contract
from affluence.data.doctor import Decision, Form, Severity, examine
from affluence.data.finding_kinds import FindingKind
from affluence.data.reference_bank import simulate
from affluence.errors import ContractError


def column(name: str, **more: object) -> dict[str, object]:
    kind = "category" if name == "region" else "number"
    return {
        "source": name,
        "name": name,
        "type": kind,
        "missing": "not_recorded",
        "use": "internal",
        "meaning": name,
        **more,
    }


def made_contract(*, policy: dict | None = None, remedies: dict | None = None, **columns: dict) -> Contract:
    names = ("age_years", "income", "spending", "savings", "children", "region")
    return Contract.model_validate(
        {
            "table": "made",
            "title": "Made",
            "customer_id": {"source": "customer_id"},
            "tag": {"source": "segment", "affluent": ["AFFLUENT"], "normal": ["NORMAL"]},
            "policy": policy or {},
            "remedies": remedies or {},
            "columns": [column(name, **columns.get(name, {})) for name in names],
        }
    )


@pytest.fixture
def faulty(clean, random) -> pl.DataFrame:
    old = pl.Series(random.random(clean.height) < 0.02)
    repeated = pl.col("customer_id").gather(pl.Series(random.integers(0, clean.height, clean.height)))
    return clean.with_columns(age_years=pl.when(old).then(122.0).otherwise("age_years"), customer_id=repeated)


def decisions(table: pl.DataFrame, contract: Contract | None) -> dict[FindingKind, Decision]:
    return {finding.kind: finding.decision for finding in examine(table, contract=contract)}


AGE, IDS = FindingKind.IMPOSSIBLE_VALUE, FindingKind.REPEATED_CUSTOMERS


def test_without_a_contract_everything_is_open(faulty):
    assert decisions(faulty, None) == {AGE: Decision.OPEN, IDS: Decision.OPEN}


def test_a_contract_that_says_nothing_of_it_leaves_it_open(faulty):
    assert decisions(faulty, made_contract()) == {AGE: Decision.OPEN, IDS: Decision.OPEN}


def test_rules_that_do_it_already_settle_a_finding(faulty):
    contract = made_contract(
        policy={"repeated_customer_id": "keep"}, age_years={"range": [16, 110], "out_of_range": "set_missing"}
    )
    assert decisions(faulty, contract) == {AGE: Decision.SETTLED, IDS: Decision.SETTLED}


def test_remedies_are_applied_or_left_by_kind_or_by_column(faulty):
    everywhere = made_contract(remedies={"impossible_value": "apply", "repeated_customers": "leave"})
    assert decisions(faulty, everywhere) == {AGE: Decision.APPLY, IDS: Decision.LEAVE}
    here = made_contract(remedies={"impossible_value": {"age_years": "leave", "income": "apply"}})
    assert decisions(faulty, here)[AGE] is Decision.LEAVE
    elsewhere = made_contract(remedies={"impossible_value": {"income": "apply"}})
    assert decisions(faulty, elsewhere)[AGE] is Decision.OPEN


@pytest.mark.parametrize(
    "remedies",
    [{"impossible": "apply"}, {"impossible_value": "mend"}, {"impossible_value": {"no_such_column": "apply"}}],
)
def test_a_contract_with_an_unknown_remedy_is_refused(remedies):
    with pytest.raises((ContractError, ValueError), match=r"impossible|mend|no_such_column"):
        made_contract(remedies=remedies)


def test_the_range_of_the_contract_stands_above_the_usual_ages(clean):
    old = clean.with_columns(age_years=pl.col("age_years") + 33)
    assert AGE in decisions(old, None)
    assert AGE not in decisions(old, made_contract(age_years={"range": [0, 160]}))


def test_a_forbidden_column_gives_nothing_away(clean):
    leaking = clean.with_columns(children=(pl.col("segment") == "AFFLUENT").cast(pl.Float64))
    assert FindingKind.TAG_GIVEN_AWAY in decisions(leaking, made_contract())
    assert FindingKind.TAG_GIVEN_AWAY not in decisions(leaking, made_contract(children={"use": "forbidden"}))


def test_a_definition_that_speaks_of_another_thing_is_a_warning(clean, random):
    loan = pl.Series(random.random(clean.height) < 0.2)
    table = clean.with_columns(children=loan.cast(pl.Float64), income=pl.when(loan).then("income"))
    contract = made_contract(children={"meaning": "1 with a car loan"}, income={"meaning": "Property price"})
    (finding,) = (each for each in examine(table, contract=contract) if each.kind is FindingKind.FILLED_ONLY_WITH)
    assert finding.severity is Severity.WARNS
    assert "another thing (home)" in finding.sentence
    assert finding.columns == ("income", "children")


def test_the_customers_that_were_read_are_examined_under_our_names(faulty):
    read = faulty.with_columns(tag=(pl.col("segment") == "AFFLUENT").cast(pl.Int8)).drop("segment")
    assert set(decisions(read, made_contract())) == {AGE, IDS}


def test_the_worst_stands_first(faulty):
    leaking = faulty.with_columns(visits=(pl.col("segment") == "AFFLUENT").cast(pl.Int8), copy=pl.col("income"))
    severities = [finding.severity for finding in examine(leaking)]
    assert severities[0] is Severity.STOPS
    assert severities == sorted(severities, key=list(Severity).index)
    assert [finding.stops for finding in examine(leaking)][:2] == [True, False]


def test_the_same_table_and_seed_give_the_same_findings(faulty):
    assert examine(faulty, seed=3) == examine(faulty, seed=3)


def test_the_order_of_the_rows_changes_no_count(faulty):
    def counts(table: pl.DataFrame) -> list[tuple[FindingKind, tuple[str, ...], int]]:
        return [(each.kind, each.columns, each.rows) for each in examine(table)]

    assert counts(faulty) == counts(faulty.sample(fraction=1.0, shuffle=True, seed=1))


def test_nothing_changes_its_input(faulty):
    before = faulty.clone()
    examine(faulty)
    assert faulty.equals(before)


def test_no_value_of_a_few_rows_is_told(clean):
    strange = clean.with_columns(
        age_years=pl.when(pl.int_range(pl.len()) == 7).then(3.0).otherwise("age_years"),
        savings=pl.when(pl.int_range(pl.len()) < 2).then(-123_456.75).otherwise("savings"),
        region=pl.when(pl.int_range(pl.len()) == 9).then(pl.lit("NORTH ")).otherwise("region"),
    )
    findings = examine(strange)
    assert len(findings) == 3
    told = repr(findings)
    assert not any(secret in told for secret in ("123,456", "123456", "NORTH", "C000"))
    assert all(fact.value != 3.0 or fact.form is not Form.NUMBER for each in findings for fact in each.evidence)


def test_a_table_without_a_tag_says_nothing_of_it(clean, random):
    untagged = clean.drop("segment").with_columns(copy=pl.col("income"))
    assert [finding.kind for finding in examine(untagged)] == [FindingKind.COPY]


TRAPS = {
    "ids repeat": (FindingKind.REPEATED_CUSTOMERS, "C_ID"),
    "ages of 122 and 2": (FindingKind.IMPOSSIBLE_VALUE, "C_AGE"),
    "postal codes of 0": (FindingKind.SENTINEL_VALUE, "PC"),
    "a balance below 0": (FindingKind.NEGATIVE_AMOUNT, "MTHCASA"),
    "a balance above its largest": (FindingKind.WRONG_ORDER, "MTHCASA"),
    "a ratio of millions": (FindingKind.TWO_SCALES, "DRvCR"),
    "limits of 0": (FindingKind.ZERO_OR_EMPTY, "CC_LMT"),
    "cards not held": (FindingKind.MISSING_TOGETHER, "ANN_N_TRX"),
    "deposits not held": (FindingKind.MISSING_TOGETHER, "CASATD_CNT"),
    "education not recorded": (FindingKind.MISSING_RELATED, "C_EDU"),
    "deposits of round sums": (FindingKind.ROUND_HEAP, "MTHTD"),
    "twelve months": (FindingKind.MULTIPLE, "ANN_TRN_AMT"),
    "assets": (FindingKind.SUM, "Asset value"),
    "a price with a car loan": (FindingKind.FILLED_ONLY_WITH, "pur_price_avg"),
}


@pytest.fixture(scope="module", params=[0, 1])
def of_the_bank(request) -> set[tuple[FindingKind, str]]:
    findings = examine(simulate(seed=request.param).table)
    assert not any(finding.severity is Severity.STOPS for finding in findings)
    return {(finding.kind, name) for finding in findings for name in finding.columns}


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_of_the_reference_bank_is_found(trap, of_the_bank):
    assert TRAPS[trap] in of_the_bank


def test_a_larger_table_says_what_was_measured_on_a_sample(kinds, random):
    table = kinds["correlated"](random, 21_000)
    leaking = table.with_columns(visits=(pl.col("segment") == "AFFLUENT").cast(pl.Int8))
    (finding,) = examine(leaking)
    assert finding.rows == 21_000
    assert any("a sample" in fact.label and fact.value == 20_000 for fact in finding.evidence)
