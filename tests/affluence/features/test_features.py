import numpy as np
import polars as pl
import pytest

from affluence.features.definitions import DERIVED, FeatureKind, compute_features, features_of
from affluence.features.preprocessing import fit_preprocessing


def test_every_allowed_column_is_a_feature_and_no_forbidden_one(contract):
    names = [feature.name for feature in features_of(contract)]
    assert names == ["balance_usd", "age_years", "job", "capital_gain_usd", "capital_loss_usd", "capital_result_usd"]


def test_a_derived_feature_goes_when_one_of_its_inputs_is_forbidden(contract):
    columns = [
        {**column.model_dump(), "use": "forbidden"} if column.name == "capital_loss_usd" else column.model_dump()
        for column in contract.columns
    ]
    poorer = type(contract).model_validate({**contract.model_dump(), "columns": columns})
    assert "capital_result_usd" not in [feature.name for feature in features_of(poorer)]


def test_every_definition_says_what_it_is_made_of_and_why():
    for feature in DERIVED:
        assert feature.reason.endswith(".")
        assert set(feature.formula.meta.root_names()) == set(feature.inputs)


def test_every_feature_has_one_meaning(contract):
    for feature in features_of(contract):
        assert feature.kind in FeatureKind
        assert feature.reason


def test_features_are_row_by_row(customers, contract):
    whole = compute_features(customers, features=features_of(contract))
    order = np.random.default_rng(0).permutation(customers.height)
    assert compute_features(customers[order], features=features_of(contract)).equals(whole[order])
    assert compute_features(customers[:1], features=features_of(contract)).equals(whole[:1])


def test_gains_less_losses(contract):
    table = pl.DataFrame({"capital_gain_usd": [5.0, None], "capital_loss_usd": [7.0, 1.0]})
    feature = next(feature for feature in features_of(contract) if feature.name == "capital_result_usd")
    assert compute_features(table, features=[feature])["capital_result_usd"].to_list() == [-2.0, None]


def test_what_is_missing_stays_missing_and_categories_become_codes(customers, contract):
    features = features_of(contract)
    table = compute_features(customers, features=features)
    design = fit_preprocessing(table, features=features).design(table)
    job = design.names.index("job")
    assert design.categories[job] == 3
    assert design.categories[0] == 0
    codes = {"clerk": 0, "doctor": 1, "farmer": 2}
    assert design.matrix[:, job].tolist() == [codes[value] for value in customers["job"]]
    assert (np.isnan(design.matrix[:, 0]) == customers["balance_usd"].is_null().to_numpy()).all()


def test_unseen_categories_are_counted_and_missing_ones_are_not(customers, contract):
    features = features_of(contract)
    fitted = fit_preprocessing(compute_features(customers, features=features), features=features)
    new = customers.head(4).with_columns(job=pl.Series(["clerk", "pilot", None, "pilot"]))
    design = fitted.design(compute_features(new, features=features))
    assert design.unseen == {"job": 2}
    assert np.isnan(design.matrix[:, design.names.index("job")]).tolist() == [False, True, True, True]


@pytest.mark.parametrize("rows", [0, 1])
def test_small_tables_have_designs(customers, contract, rows):
    features = features_of(contract)
    table = compute_features(customers.head(rows), features=features)
    design = fit_preprocessing(table, features=features).design(table)
    assert design.matrix.shape == (rows, len(features))


def test_the_design_does_not_see_the_tag(customers, contract):
    turned = customers.with_columns(tag=1 - pl.col("tag"))
    features = features_of(contract)
    assert compute_features(turned, features=features).equals(compute_features(customers, features=features))
