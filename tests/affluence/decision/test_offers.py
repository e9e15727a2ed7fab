"""Offers: the first rule that fits decides, and a table that fails somebody is refused with the line."""

import re
from pathlib import Path

import polars as pl
import pytest

from affluence.data.contract import Contract, load_contract
from affluence.data.drafting import draft_contract
from affluence.data.offer_table import TYPES, UNCERTAIN, find_offers, load_offers
from affluence.decision.learned_types import LEARNED
from affluence.decision.offers import check_offers, make_offers
from affluence.errors import UserError

CONF = Path(__file__).resolve().parents[3] / "conf" / "base"
WORDS = "need: n, channel: c"


def contract() -> Contract:
    def column(name: str, missing: str, use: str = "speakable", **keys: str) -> dict[str, str]:
        return {
            "source": name,
            "name": name,
            "type": "integer",
            "missing": missing,
            "use": use,
            "meaning": name,
            **keys,
        }

    return Contract.model_validate(
        {
            "table": "bank",
            "title": "A bank",
            "customer_id": {"source": "ID"},
            "tag": {"source": "SEG", "affluent": ["A"], "normal": ["N"]},
            "columns": [
                column("age_years", "not_recorded", "internal", unit="years"),
                column("deposits", "does_not_hold"),
                column("cards", "not_recorded", product="credit card"),
                column("debit_ratio", "does_not_hold", "internal"),
                column("faith", "not_recorded", "forbidden"),
            ],
        }
    )


def table(tmp_path: Path, *rules: str):
    path = tmp_path / "offers.yml"
    path.write_text("offers:\n" + "".join(f"  - {{{rule}}}\n" for rule in rules), encoding="utf-8")
    return load_offers(path)


LAST = f"offer: Talk, opening: Good day, {WORDS}"
CUSTOMERS = pl.DataFrame(
    {
        "row": [1, 2, 3, 4],
        "age_years": [50, 60, None, 20],
        "deposits": [None, 100, None, 7],
        "cards": [0, 1, 2, None],
        "debit_ratio": [1, 1, 1, 1],
        "faith": [1, 2, 1, 2],
    }
)
TYPES_OF = pl.DataFrame({"row": [1, 2, 3, 4], "hidden_type": ["money elsewhere"] * 2 + ["look-alike"] * 2})
SEGMENTS_OF = pl.DataFrame({"row": [1, 2, 3, 4], "segment": ["Old", "Old", "Young", "Young"]})


def test_the_first_rule_that_fits_decides_and_says_why(tmp_path):
    offers = table(
        tmp_path,
        f"offer: Deposit, opening: Hello, type: money elsewhere, missing: {{any: [deposits, cards]}}, {WORDS}",
        f"offer: Card, opening: Hi, segment: Young, missing: {{all: [cards]}}, {WORDS}",
        LAST,
    )
    listed = pl.DataFrame({"row": [4, 3, 2, 1]})
    made = make_offers(listed, CUSTOMERS, contract(), TYPES_OF, SEGMENTS_OF, offers)
    assert made.columns == ["row", "offer", "opening", "offer_reason", "need", "channel"]
    assert made["row"].to_list() == [4, 3, 2, 1]
    assert made["offer"].to_list() == ["Card", "Talk", "Talk", "Deposit"]
    assert made["offer_reason"].to_list() == [
        "Segment Young; holds no credit card",
        "No other rule fits",
        "No other rule fits",
        "Money elsewhere; holds no deposits or no credit card",
    ]


def test_who_has_no_type_is_uncertain_and_a_type_of_another_world_is_refused(tmp_path):
    offers = table(tmp_path, f"offer: Ask, opening: Hello, type: type uncertain, {WORDS}", LAST)
    listed = CUSTOMERS.select("row")
    assert set(make_offers(listed, CUSTOMERS, contract(), TYPES_OF.clear(), SEGMENTS_OF, offers)["offer"]) == {"Ask"}
    strange = TYPES_OF.with_columns(hidden_type=pl.lit("royal"))
    with pytest.raises(UserError, match="'royal' is no type"):
        make_offers(listed, CUSTOMERS, contract(), strange, SEGMENTS_OF, offers)


def test_nobody_gets_an_empty_table_and_a_repeated_row_is_refused(tmp_path):
    offers = table(tmp_path, LAST)
    assert make_offers(CUSTOMERS.select("row").clear(), CUSTOMERS, contract(), TYPES_OF, SEGMENTS_OF, offers).is_empty()
    with pytest.raises(UserError, match="more than once"):
        make_offers(
            CUSTOMERS.select("row"), CUSTOMERS, contract(), pl.concat([TYPES_OF, TYPES_OF]), SEGMENTS_OF, offers
        )


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            (f"offer: A, opening: B, type: look-alike, {WORDS}",),
            "No rule makes an offer to 'money elsewhere'.*last rule",
        ),
        (
            (f"offer: A, opening: B, missing: {{all: [deposits]}}, {WORDS}",),
            "No rule makes an offer to .*with deposits",
        ),
        ((LAST, f"offer: A, opening: B, {WORDS}"), "Line 3: 'A' is never reached"),
        (
            (
                f"offer: A, opening: B, missing: {{any: [deposits, cards]}}, {WORDS}",
                f"offer: C, opening: B, missing: {{all: [cards]}}, {WORDS}",
                LAST,
            ),
            "Line 3: 'C' is never reached",
        ),
        ((f"offer: A, opening: B, type: royal, {WORDS}", LAST), "Line 2: 'royal' is no type"),
        (
            (f"offer: A, opening: B, missing: {{any: [yachts]}}, {WORDS}", LAST),
            "Line 2: the table has no column yachts",
        ),
        ((f"offer: A, opening: B, missing: {{any: [faith]}}, {WORDS}", LAST), "no column faith that may be used"),
        ((f"offer: A, opening: B, missing: {{any: [age_years]}}, {WORDS}", LAST), "whether somebody holds age_years"),
        ((f"offer: A, opening: You look affluent to us, {WORDS}",), "Line 2: the opening says 'affluent'"),
        ((f"offer: A, opening: At your age, {WORDS}",), "the opening says 'age'"),
        ((f"offer: A, opening: Your faith tells us, {WORDS}",), "the opening says 'faith'"),
        ((f"offer: A, opening: Your debit ratio is fine, {WORDS}",), "the opening says 'debit ratio'"),
    ],
)
def test_a_table_that_fails_a_contract_is_refused_with_its_line(tmp_path, rules, said):
    with pytest.raises(UserError, match=said):
        check_offers(table(tmp_path, *rules), contract())


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (("offer: A, opening: B, need: n",), "Line 2: channel: this key is missing"),
        ((f"offer: ' ', opening: B, {WORDS}",), "Line 2: offer: this text is empty"),
        ((f"offer: A, opening: B, colour: red, {WORDS}",), "Line 2: colour: this key is not known"),
        ((f"offer: A, opening: B, missing: {{any: []}}, {WORDS}",), "Line 2: missing: wanted one of any and all"),
        ((f"offer: A, offer: B, opening: B, {WORDS}",), "Line 2: the key 'offer' stands twice"),
        ((), "wanted the key offers"),
    ],
)
def test_a_file_that_is_no_table_of_offers_is_refused_with_its_line(tmp_path, rules, said):
    with pytest.raises(UserError, match=said):
        table(tmp_path, *rules)


def test_a_file_that_is_not_there_or_not_yaml_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"gone\.yml: there is no table"):
        load_offers(tmp_path / "gone.yml")
    (tmp_path / "bad.yml").write_bytes(b"\xff\xfe\x00offers")
    with pytest.raises(UserError, match=r"bad\.yml: this is not YAML"):
        load_offers(tmp_path / "bad.yml")
    with pytest.raises(UserError, match=r"no offers_bank\.yml and no offers\.yml"):
        find_offers("bank", folders=[tmp_path])


@pytest.mark.parametrize("name", ["reference_bank", "adult"])
def test_the_tables_that_we_ship_fit_the_contracts_that_we_ship(name):
    shipped = load_contract(CONF / f"contract_{name}.yml")
    check_offers(load_offers(find_offers(name, folders=[CONF])), shipped)


def test_the_common_table_fits_a_contract_that_was_drafted(tmp_path):
    path = tmp_path / "bank.csv"
    path.write_text(
        "CustId,Segment,Age,Balance,Time deposits,Sex\n"
        + "".join(
            f"K{number},{('AFFLUENT', 'NORMAL')[number % 2]},{20 + number},{number * 10},{number},{'fm'[number % 2]}\n"
            for number in range(40)
        )
    )
    (tmp_path / "contract_bank.yml").write_text(draft_contract(path))
    drafted = load_contract(tmp_path / "contract_bank.yml")
    check_offers(load_offers(find_offers(drafted.table, folders=[CONF])), drafted)


def test_the_later_folder_and_the_own_table_come_first(tmp_path):
    (tmp_path / "offers.yml").touch()
    assert find_offers("adult", folders=[CONF, tmp_path]) == tmp_path / "offers.yml"
    assert find_offers("reference_bank", folders=[CONF, tmp_path]) == CONF / "offers_reference_bank.yml"


def test_every_type_is_known_to_the_common_table():
    named = {kind for rule in load_offers(CONF / "offers.yml").offers for kind in rule.type}
    assert named < set(TYPES)


@pytest.mark.parametrize("table", ["offers.yml", "offers_reference_bank.yml"])
def test_a_shipped_table_says_at_its_head_which_types_are_never_named(table):
    head, _, _ = (CONF / table).read_text(encoding="utf-8").partition("\noffers:")
    said = " ".join(line.removeprefix("#").strip() for line in head.splitlines())
    waiting = [told.name for told in LEARNED.types if told.at_least is None]
    (listed,) = re.findall(r"No type of the \w+ hidden ones \((.+?)\) is named yet", said)
    assert sorted(listed.split(", ")) == sorted(waiting)


@pytest.mark.parametrize("table", ["offers.yml", "offers_reference_bank.yml"])
def test_whose_type_is_uncertain_is_offered_nothing_that_supposes_a_type(table):
    rules = load_offers(CONF / table).offers
    supposing = {rule.offer for rule in rules if rule.type}
    assert not {rule.offer for rule in rules if not rule.type or UNCERTAIN in rule.type} & supposing
    assert rules[-1].missing is None
    assert not rules[-1].type
    assert "Not known" in rules[-1].need
