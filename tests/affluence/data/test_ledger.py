import polars as pl

from affluence.data.ledger import Ledger
from affluence.data.raw_table import RawTable


def ledger_of(contract, *, calls=None):
    def lines():
        (calls if calls is not None else []).append(1)
        return [2, 3, 7]

    return Ledger(RawTable("CSV", "", ("AGE",), pl.DataFrame({"0": ["1", "2", "3"]}), lines), contract=contract)


def test_rows_without_a_breach_are_not_written_down_and_cost_no_look_at_the_file(contract):
    calls = []
    ledger = ledger_of(contract, calls=calls)
    nothing = pl.Series([False, False, False])
    assert ledger.note_rows("wrong_type", header="AGE", broken=nothing, finding="are wrong", remedy="Mend.") is None
    assert (ledger.breaches, ledger.refused, calls) == ([], False, [])


def test_lines_are_looked_up_once(contract):
    calls = []
    ledger = ledger_of(contract, calls=calls)
    for _ in range(3):
        ledger.note_rows("wrong_type", header="AGE", broken=pl.Series([True, None, True]), finding="x", remedy="y")
    assert [breach.lines for breach in ledger.breaches] == [(2, 7)] * 3
    assert len(calls) == 1
    assert ledger.refused


def test_dropped_rows_add_up(make_contract):
    ledger = ledger_of(make_contract(policy={"empty_tag": "drop", "empty_customer_id": "drop"}))
    ledger.note_rows("empty_tag", header="SEG", broken=pl.Series([True, False, False]), finding="x", remedy="y")
    ledger.note_rows("empty_customer_id", header="ID", broken=pl.Series([True, False, True]), finding="x", remedy="y")
    assert ledger.kept.to_list() == [False, True, False]
    assert not ledger.refused


def test_a_breach_of_the_whole_table_refuses_it(contract):
    ledger = ledger_of(contract)
    ledger.note_table("no_header", finding="There is none", remedy="Give one.")
    assert ledger.refused
    assert ledger.kept.all()


def test_a_table_without_rows_has_none_to_keep(contract):
    raw = RawTable("CSV", "", (), pl.DataFrame(), list)
    assert Ledger(raw, contract=contract).kept.to_list() == []
