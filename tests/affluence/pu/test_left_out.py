"""The do-not-train list: whom it keeps out, and what goes on record of it."""

import json

import numpy as np
import polars as pl
import pytest

from affluence.pu.cross_fitting import customer_digests, map_folds
from affluence.pu.left_out import NOBODY_LEFT_OUT, leave_out

KEY = 7


@pytest.fixture
def table() -> pl.DataFrame:
    return pl.DataFrame({"customer_id": ["anna", "bert", "anna", "carl", "dora"], "row": [1, 2, 3, 4, 5]})


def fold_map_of(table: pl.DataFrame, *, key: int = KEY):
    digests = customer_digests(table["customer_id"], key=key)
    return map_folds(digests, np.zeros(len(digests), dtype=np.int8), key=key)


def test_every_row_of_a_listed_customer_is_left_out(table):
    left, left_out = leave_out(table, ["anna", "dora"], key=KEY)
    assert left["row"].to_list() == [2, 4]
    assert (left_out.listed, left_out.found, left_out.rows) == (2, 2, 3)


def test_an_id_that_nobody_has_is_listed_and_not_found(table):
    left, left_out = leave_out(table, {"anna", "nobody", "Bert"}, key=KEY)
    assert left["customer_id"].to_list() == ["bert", "carl", "dora"]
    assert (left_out.listed, left_out.found, left_out.rows) == (3, 1, 2)


def test_an_id_that_is_listed_twice_counts_once(table):
    assert leave_out(table, ["anna", "anna"], key=KEY)[1].listed == 1


def test_an_empty_list_leaves_everyone(table):
    left, left_out = leave_out(table, [], key=KEY)
    assert left.equals(table)
    assert left_out == NOBODY_LEFT_OUT
    manifest = left_out.manifest(fold_map_of(table))
    assert (manifest["listed"], manifest["listed_and_learned_from"], manifest["customers_learned_from"]) == (0, 0, 4)


def test_the_manifest_counts_and_holds_no_id(table):
    listed = ["anna", "nobody"]
    left, left_out = leave_out(table, listed, key=KEY)
    manifest = left_out.manifest(fold_map_of(left))
    counts = {name: count for name, count in manifest.items() if name != "fingerprint"}
    assert counts == {
        "listed": 2,
        "found_in_the_table": 1,
        "rows_left_out": 2,
        "customers_learned_from": 3,
        "listed_and_learned_from": 0,
    }
    told = json.dumps(manifest)
    assert not any(customer in told for customer in [*listed, *table["customer_id"]])


def test_a_model_that_learned_from_a_listed_one_says_so(table):
    _, left_out = leave_out(table, ["anna", "dora", "nobody"], key=KEY)
    assert left_out.manifest(fold_map_of(table))["listed_and_learned_from"] == 2


def test_the_fingerprint_is_that_of_the_list_in_any_order(table):
    def fingerprint(listed, *, key=KEY):
        return leave_out(table, listed, key=key)[1].manifest(fold_map_of(table, key=key))["fingerprint"]

    assert fingerprint(["anna", "dora"]) == fingerprint(["dora", "anna"])
    assert fingerprint(["anna", "dora"]) != fingerprint(["anna"])
    assert fingerprint(["anna"]) != fingerprint(["anna"], key=KEY + 1)
