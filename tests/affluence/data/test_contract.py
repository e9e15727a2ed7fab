import hashlib
import json
from pathlib import Path

import pytest

from affluence.data.contract import ColumnType, Missing, Use, find_contract, load_contract
from affluence.errors import ContractError

ROOT = Path(__file__).parents[3]

WRITTEN = """
table: small
title: A small bank
customer_id: {source: null}
tag: {source: SEG, affluent: [AFFLUENT], normal: [NORMAL]}
columns:
  - {source: AGE, name: age_years, type: integer, range: [0, null], missing: refused, use: internal, meaning: Age}
"""


def test_adult_says_what_may_be_used():
    contract = load_contract(ROOT / "conf/base/contract_adult.yml")
    uses = {column.source: column.use for column in contract.columns}
    assert {source for source, use in uses.items() if use is Use.FORBIDDEN} == {
        "sex",
        "race",
        "native_country",
        "fnlwgt",
    }
    assert {source for source, use in uses.items() if use is Use.INTERNAL} == {"age", "marital_status", "relationship"}
    assert len(contract.feature_columns) == 10
    assert len(contract.speakable_columns) == 7
    assert contract.tag_drivers == ()
    assert (contract.tag.affluent, contract.customer_id.source, contract.currency) == ((">50K",), None, "USD")


def test_the_shipped_adult_is_the_one_that_is_attributed():
    content = (ROOT / "data/01_raw/adult.csv.gz").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    note = (ROOT / "data/01_raw/README.md").read_text(encoding="utf-8")
    assert digest in note
    assert "CC BY 4.0" in note


def test_a_contract_is_read_with_its_defaults(save):
    contract = load_contract(save(WRITTEN, name="contract_small.yml"))
    column = contract.column("age_years")
    assert (column.type, column.missing, column.range, column.unit) == (
        ColumnType.INTEGER,
        Missing.REFUSED,
        (0, None),
        None,
    )
    assert (contract.locale.decimal, contract.missing_marks, contract.policy.wrong_type) == (".", ("",), "refuse")
    assert contract.file is None


def test_an_unknown_column_is_said_with_the_known_ones(contract):
    with pytest.raises(ContractError, match=r"has no column salary\. It has age_years, balance_usd, job"):
        contract.column("salary")


def test_a_column_overrules_the_policy(make_contract, contract):
    age = contract.columns[0].model_dump() | {"wrong_type": "set_missing"}
    mixed = make_contract(columns=[age, contract.columns[1].model_dump()], policy={"out_of_range": "keep"})
    assert mixed.action("wrong_type", column=mixed.columns[0]) == "set_missing"
    assert mixed.action("wrong_type", column=mixed.columns[1]) == "refuse"
    assert mixed.action("out_of_range", column=mixed.columns[0]) == "keep"
    assert mixed.action("empty_tag") == "refuse"


def test_tag_drivers_are_the_columns_that_say_so(contract):
    assert [column.name for column in contract.tag_drivers] == ["balance_usd"]


def test_the_fingerprint_follows_the_content_alone(save):
    first = load_contract(save(WRITTEN, name="a.yml"))
    lines = WRITTEN.strip().splitlines()
    moved = "\n".join(["# a comment", *lines[2:], *lines[:2]])
    assert load_contract(save(moved, name="b.yml")).fingerprint() == first.fingerprint()
    changed = load_contract(save(WRITTEN.replace("[0, null]", "[1, null]"), name="c.yml"))
    assert changed.fingerprint() != first.fingerprint()
    assert len(first.fingerprint()) == 64


@pytest.mark.parametrize(
    ("found", "replaced", "sentence"),
    [
        ("type: integer", "type: numbr", "column AGE, type: Found 'numbr'. Wanted 'number', 'integer' or 'category'."),
        ("source: SEG", "source: null", "tag.source: Nothing was given. Wanted text"),
        ("[AFFLUENT]", "[yes]", "tag.affluent.1: Found 'True'. Wanted text; put quotes around it."),
        ("[AFFLUENT]", "[]", "tag.affluent: Found '[]'. Wanted at least one entry."),
        ("[NORMAL]", "[AFFLUENT]", "'AFFLUENT' is both affluent and normal"),
        ("meaning: Age", "meanning: Age", "column AGE, meanning: There is no such key."),
        ("meaning: Age", "meanning: Age", "column AGE, meaning: The key is missing."),
        ("range: [0, null]", "range: [9, 1]", "Range goes from 9 to 1, wanted the lower bound first."),
        ("range: [0, null]", "range: [0, .inf]", "column AGE, range.2: Found 'inf'."),
        ("range: [0, null]", "categories: [a]", "Categories stand on a column of type integer"),
        ("type: integer", "type: category", "Range stands on a category"),
        ("name: age_years", "name: Age (years)", "Wanted small letters, digits and underscores"),
        ("name: age_years", "name: score", "name 'score' is kept for our own columns"),
        ("source: AGE", "source: SEG", "Source 'SEG' stands more than once"),
        ("customer_id: {source: null}", "customer_id: {source: AGE}", "Source 'AGE' stands more than once"),
        (
            "title: A",
            "currency: dollars\ntitle: A",
            "currency: Found 'dollars'. Wanted a code of three capital letters",
        ),
        ("title: A", "locale: {decimal: ',', thousands: ','}\ntitle: A", "Decimal and thousands are both ','"),
        (
            "title: A",
            "policy: {wrong_type: drop}\ntitle: A",
            "policy.wrong_type: Found 'drop'. Wanted 'refuse' or 'set_missing'.",
        ),
        ("title: A", "table: twice\ntitle: A", "Line 2: the key 'table' stands twice."),
        ("title: A small bank", "title: [", "this is not YAML. Line"),
        ("columns:", "columns: 3\nother:", "columns: Found '3'. Wanted a list."),
    ],
)
def test_what_is_wrong_is_said_by_key(save, found, replaced, sentence):
    assert found in WRITTEN
    path = save(WRITTEN.replace(found, replaced, 1), name="contract_small.yml")
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    assert sentence.lower() in str(caught.value).lower()
    assert str(caught.value).startswith("contract_small.yml")


def test_everything_that_is_wrong_is_said_at_once(save):
    text = WRITTEN.replace("integer", "numbr").replace("[AFFLUENT]", "[1]").replace("refused", "nope")
    with pytest.raises(ContractError) as caught:
        load_contract(save(text))
    assert [line.split(":")[0] for line in str(caught.value).splitlines()[1:]] == [
        "- tag.affluent.1",
        "- column AGE, type",
        "- column AGE, missing",
    ]


def test_a_column_that_is_no_column_goes_by_its_number(save):
    with pytest.raises(ContractError, match=r"column number 2: Found '7'\. Wanted keys with values\."):
        load_contract(save(WRITTEN + "  - 7\n"))


@pytest.mark.parametrize("content", ["", "- a\n", "just text"])
def test_a_file_without_keys_is_no_contract(save, content):
    with pytest.raises(ContractError, match="no keys were found"):
        load_contract(save(content))


def test_a_file_that_cannot_be_read_is_no_contract(save, tmp_path):
    with pytest.raises(ContractError, match="there is no contract that can be opened"):
        load_contract(tmp_path / "contract_none.yml")
    with pytest.raises(ContractError, match=r"this is not YAML\. Save it as UTF-8 text\."):
        load_contract(save("title: é", encoding="cp1252"))


def test_yaml_builds_no_objects(save):
    with pytest.raises(ContractError, match="this is not YAML"):
        load_contract(save("table: !!python/object/apply:os.getcwd []"))


def test_a_contract_is_found_by_name_and_later_folders_win(tmp_path):
    base, local = tmp_path / "base", tmp_path / "local"
    for folder, name in [(base, "bank"), (base, "adult"), (local, "bank")]:
        folder.mkdir(exist_ok=True)
        (folder / f"contract_{name}.yml").touch()
    folders = [base, local, tmp_path / "absent"]
    assert find_contract("bank", folders=folders) == local / "contract_bank.yml"
    assert find_contract("adult", folders=folders) == base / "contract_adult.yml"
    with pytest.raises(ContractError, match=r"There is no contract '\.\./x'\. Known contracts: adult, bank\."):
        find_contract("../x", folders=folders)
    with pytest.raises(ContractError, match="Known contracts: none"):
        find_contract("bank", folders=[])


@pytest.mark.parametrize(
    ("remedies", "sentence"),
    [
        ({"sentinels": "apply"}, "'sentinels' is no kind of finding"),
        ({"copy": "mend"}, "'mend' stands at copy, wanted apply or leave"),
        ({"copy": {"age_years": 1}}, "'1' stands at copy, wanted apply or leave"),
        ({"copy": {"AGE": "apply"}}, "speak of 'AGE', wanted columns by our names"),
    ],
)
def test_a_wrong_remedy_is_told_in_one_sentence(save, make_contract, remedies, sentence):
    content = make_contract().model_dump(mode="json") | {"remedies": remedies}
    with pytest.raises(ContractError) as refused:
        load_contract(save(json.dumps(content), name="contract_small.yml"))
    assert sentence in str(refused.value)
    assert len(str(refused.value).splitlines()) == 2


def test_remedies_are_part_of_the_fingerprint(make_contract):
    applied = make_contract(remedies={"copy": "apply", "sum": {"age_years": "leave"}})
    assert applied.remedies == {"copy": "apply", "sum": {"age_years": "leave"}}
    assert applied.fingerprint() != make_contract().fingerprint()


def test_the_contract_speaks_in_the_headers_of_a_table_that_calls_columns_otherwise(contract):
    known_as = {"Age": "AGE", "Years": "AGE", "Customer": "ID", "Segment": "SEG", "Never": "BAL"}
    spoken = contract.under_headers({"Customer", "Segment", "Age", "BAL", "JOB"}, known_as=known_as)
    assert spoken.headers == ("Customer", "Segment", "Age", "BAL", "JOB")
    assert [column.name for column in spoken.columns] == [column.name for column in contract.columns]
    assert contract.headers == ("ID", "SEG", "AGE", "BAL", "JOB")


def test_a_tables_own_header_counts_before_another_name_for_it(contract):
    assert contract.under_headers({"ID", "AGE", "Age"}, known_as={"Age": "AGE"}).headers == contract.headers
