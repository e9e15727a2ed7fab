"""A model keeps the sketch of its training table on disk, and a scored table is held against it."""

import json

import polars as pl
import pytest
from tests.affluence.conftest import made_customers

from affluence import steps
from affluence.errors import UserError
from affluence.evaluation.sketches import SCORE
from affluence.evaluation.stability import Light
from affluence.evaluation.stability_limits import Limits
from affluence.pu.storage import load_model, save_model
from affluence.pu.watching import compare, sketch_of, watch


def test_what_is_stored_watches_as_what_was_trained(model, tmp_path):
    save_model(model, tmp_path)
    assert load_model(tmp_path).sketch == model.sketch
    assert SCORE in model.sketch.columns


def test_a_model_of_before_has_no_sketch_and_says_so(model, customers, tmp_path):
    save_model(model, tmp_path)
    state = json.loads((tmp_path / "model.json").read_text())
    del state["sketch"]
    (tmp_path / "model.json").write_text(json.dumps(state))
    old = load_model(tmp_path)
    scores = steps.score(old, customers)
    assert watch(old, customers, scores, Limits()) is None
    with pytest.raises(UserError, match="Train a new version"):
        sketch_of(old, customers, scores)


def test_the_training_table_itself_and_new_customers_are_green(model, customers):
    for table in (customers, made_customers(2_000, seed=8).with_columns(customer_id=pl.format("N{}", "row"))):
        found = watch(model, table, steps.score(model, table), Limits())
        assert found.light is Light.GREEN
        assert found.expected_recall is None or 0 < found.expected_recall.value < 1


def test_batches_watched_together_are_the_table_watched_whole(model, customers):
    scores = steps.score(model, customers)
    batches = [
        sketch_of(model, customers[at : at + 700], scores[at : at + 700]) for at in range(0, customers.height, 700)
    ]
    together = sum(batches[1:], start=batches[0])
    assert compare(model, together, scores, Limits()) == watch(model, customers, scores, Limits())
