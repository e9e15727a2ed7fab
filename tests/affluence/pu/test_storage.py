import json
import pickle
from dataclasses import replace

import joblib
import pytest

from affluence import steps
from affluence.errors import UserError
from affluence.pu.fold_models import score_customers
from affluence.pu.learners import learner_of
from affluence.pu.storage import load_model, load_tuned, save_model


@pytest.mark.parametrize("learner", ["xgboost", "random_forest", "logistic"])
def test_what_is_read_back_scores_to_the_bit_as_what_was_written(learner, training, evaluation, customers, tmp_path):
    model = steps.choose(training, replace(evaluation, champion=learner))[0]
    save_model(model, tmp_path / "model")
    read = load_model(tmp_path / "model")
    strangers = customers.with_columns(customer_id="new " + customers["customer_id"])
    for table in (customers, strangers):
        assert (score_customers(read, table).log_odds == score_customers(model, table).log_odds).all()
    assert read.contract == model.contract
    assert read.calibrated == model.calibrated
    assert read.preprocessing == model.preprocessing


def test_the_folder_holds_booster_files_json_and_parquet_and_no_customer_id(model, tmp_path):
    save_model(model, tmp_path)
    beginnings = {path.name: path.read_bytes()[:4] for path in tmp_path.iterdir()}
    assert beginnings.pop("fold_map.parquet") == b"PAR1"
    assert {beginning[:1] for beginning in beginnings.values()} == {b"{"}
    assert sorted(beginnings) == [*(f"fold_{fold}" for fold in range(5)), "model.json"]
    assert not any(b"C1234" in path.read_bytes() for path in tmp_path.iterdir())


def test_reading_a_model_runs_no_pickle(model, tmp_path, monkeypatch):
    save_model(model, tmp_path)
    for module in (pickle, joblib):
        monkeypatch.setattr(module, "load", _refuse)
    monkeypatch.setattr(pickle, "loads", _refuse)
    load_model(tmp_path)


def _refuse(*_, **__):
    raise AssertionError("something was unpickled")


@pytest.mark.parametrize(
    ("learner", "settings"),
    [("xgboost", {"rounds": 60, "reg_lambda": 2}), ("random_forest", {"max_depth": 5}), ("logistic", {"bins": 6})],
)
def test_a_model_that_is_read_back_says_the_settings_it_was_tuned_to(learner, settings, training, evaluation, tmp_path):
    model = steps.choose(training, replace(evaluation, champion=learner))[0]
    tuned = replace(model, learner=learner_of(learner, settings))
    save_model(tuned, tmp_path)
    assert load_model(tmp_path).learner == tuned.learner
    assert settings.items() <= load_model(tmp_path).learner.settings.items()


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"table: [", b"", b"{" * 50])
def test_tuned_settings_that_cannot_be_read_are_refused_in_words(content, tmp_path):
    path = tmp_path / "tuned.yml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"tuned.yml .*affluence tune"):
        load_tuned(path)


def test_a_folder_without_a_model_is_refused_in_words(tmp_path):
    with pytest.raises(UserError, match="holds no readable model"):
        load_model(tmp_path)


def test_a_model_of_another_format_is_refused_in_words(model, tmp_path):
    save_model(model, tmp_path)
    state = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**state, "format": 99}))
    with pytest.raises(UserError, match="has format 99; this version reads 2"):
        load_model(tmp_path)
