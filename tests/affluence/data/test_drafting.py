from pathlib import Path

import polars as pl
import pytest
import yaml

from affluence.data.contract import Use, load_contract
from affluence.data.drafting import draft_contract
from affluence.data.reading import read_table
from affluence.errors import ContractError, UserError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def draft(tmp_path):
    """The contract drafted from a table, its text, and how the table reads under it."""

    def drafted(path):
        text = draft_contract(path)
        written = tmp_path / "contract_draft.yml"
        written.write_text(text, encoding="utf-8")
        contract = load_contract(written)
        return contract, text, read_table(path, contract=contract)

    return drafted


def bank(rows=40, **columns):
    made = {
        "CustomerID": [f"c{row}" for row in range(rows)],
        "Segment": ["AFFLUENT" if row % 4 == 0 else "NORMAL" for row in range(rows)],
        "Avg Balance": [row * 10.5 - 100 for row in range(rows)],
        "Gender": ["F" if row % 2 else "M" for row in range(rows)],
        "N_CARDS": [None if row % 5 == 0 else row % 3 for row in range(rows)],
    }
    return pl.DataFrame(made | columns)


def test_adult_needs_no_hand(draft):
    contract, text, reading = draft(ROOT / "data/01_raw/adult.csv.gz")
    assert reading.report.violations == ()
    assert (contract.tag.source, contract.tag.affluent, contract.tag.normal) == ("income", (">50K",), ("<=50K",))
    assert contract.customer_id.source is None
    forbidden = {column.source for column in contract.columns if column.use is Use.FORBIDDEN}
    assert forbidden == {"race", "sex", "native_country"}
    assert "# No column looks like an id" in text


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_a_bank_is_guessed_from_any_kind_of_file(tmp_path, draft, kind):
    path = tmp_path / f"My bank.{kind}"
    frame = bank()
    {"csv": frame.write_csv, "parquet": frame.write_parquet, "xlsx": frame.write_excel}[kind](path)
    contract, text, reading = draft(path)
    assert reading.report.violations == ()
    assert reading.customers["tag"].sum() == 10
    assert (contract.table, contract.customer_id.source, contract.tag.source) == ("my_bank", "CustomerID", "Segment")
    guessed = {column.name: (column.type.value, column.range, column.categories) for column in contract.columns}
    assert guessed == {
        "avg_balance": ("number", (-100, 400), None),
        "gender": ("category", None, ("F", "M")),
        "n_cards": ("integer", (0, 2), None),
    }
    assert contract.column("gender").use is Use.FORBIDDEN
    assert "20.0% of the rows" in text


def test_semicolons_and_decimal_commas_are_guessed(save, draft):
    rows = "".join(f"{row};{'AFFLUENT' if row % 2 else 'NORMAL'};{row}.000,5\n" for row in range(1, 30))
    contract, _, reading = draft(save(f"ID;SEG;BAL\n{rows}"))
    assert (contract.locale.decimal, contract.locale.thousands) == (",", ".")
    assert reading.customers["bal"][0] == 1000.5


def test_a_missing_tag_is_left_to_a_person(save, tmp_path):
    text = draft_contract(save("ID,AGE\n1,40\n2,50\n"))
    assert "# No tag was found: name its column here" in text
    path = tmp_path / "contract_draft.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    named = [line.split(":")[0] for line in str(caught.value).splitlines()[1:]]
    assert named == ["- tag.source", "- tag.affluent", "- tag.normal"]


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"Segment": [1, 0] * 20}, "Segment"),
        ({"Segment": ["x", "y"] * 20, "affluent_flag": ["Yes", "No"] * 20}, "affluent_flag"),
        ({"HL_tag": ["Y", "N"] * 20}, "Segment"),
        ({"Segment": ["1", "0"] * 20, "HL_tag": ["Y", "N"] * 20}, "Segment"),
        ({"Segment": ["x", "y"] * 20, "anything": [">50K", "<=50K"] * 20}, "anything"),
    ],
)
def test_the_tag_is_found_by_its_values_and_its_header(tmp_path, draft, columns, found):
    bank(**columns).write_parquet(tmp_path / "b.parquet")
    assert draft(tmp_path / "b.parquet")[0].tag.source == found


def test_two_values_alone_make_no_tag(tmp_path):
    bank(Segment=["x", "y"] * 20, owns=[1, 0] * 20).write_parquet(tmp_path / "b.parquet")
    assert yaml.safe_load(draft_contract(tmp_path / "b.parquet"))["tag"]["source"] is None


def test_no_rare_value_and_no_extreme_is_told(tmp_path):
    jobs = ["clerk"] * 39 + ["astronaut"]
    balances = [1.0] * 39 + [7_654_321.0]
    bank(job=jobs, top=balances).write_parquet(tmp_path / "b.parquet")
    text = draft_contract(tmp_path / "b.parquet")
    assert "astronaut" not in text
    assert "7654321" not in text
    assert "range: [0, 8000000]" in text


def test_names_of_people_are_forbidden(tmp_path, draft):
    bank(rows=120, who=[f"person {row}" for row in range(120)]).write_parquet(tmp_path / "b.parquet")
    assert draft(tmp_path / "b.parquet")[0].column("who").use is Use.FORBIDDEN


def test_strange_headers_get_names_that_a_contract_takes(save, draft):
    header = '"Säldo (avg)",2nd,Score,score,tag,"a ""q"" b",***,\n'
    rows = "".join(f"{row},1,2,3,{'AFFLUENT' if row % 2 else 'NORMAL'},5,6,\n" for row in range(40))
    contract, _, reading = draft(save(header + rows))
    names = {column.source: column.name for column in contract.columns}
    assert names == {
        "Säldo (avg)": "s_ldo_avg",
        "2nd": "column_2nd",
        "Score": "score_3",
        "score": "score_4",
        'a "q" b': "a_q_b",
        "***": "column_7",
    }
    assert {violation.rule for violation in reading.report.violations} == {"extra_columns"}


def test_an_empty_column_is_a_category_to_check(save, draft):
    contract, text, reading = draft(
        save("ID,SEG,X\n" + "".join(f"{row},{'AFFLUENT' if row % 2 else 'NORMAL'},\n" for row in range(4)))
    )
    assert contract.column("x").type.value == "category"
    assert "# check: no cell has a value" in text
    assert not reading.report.refused


@pytest.mark.parametrize("content", ["", "ID,SEG\n"])
def test_a_table_without_rows_still_gives_a_draft(save, content):
    assert yaml.safe_load(draft_contract(save(content)))["table"] == "table"


def test_what_is_no_table_gives_no_draft(save):
    with pytest.raises(UserError, match="is a PDF"):
        draft_contract(save(b"%PDF-1.7"))
