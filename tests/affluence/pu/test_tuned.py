"""The file of tuned settings, as a person may have edited it."""

import pytest

from affluence.errors import UserError
from affluence.pu.tuned import NOT_TUNED, Tuned, tuned_from_yaml

GOOD = """
table: made
learners:
  xgboost:
    settings: {rounds: 90, learning_rate: 0.1}
    note: a person wrote this
  logistic:
    settings: {}
"""


def test_settings_are_read_by_learner_and_the_rest_is_kept():
    tuned = tuned_from_yaml(GOOD, name="tuned_made.yml")
    assert tuned.table == "made"
    assert tuned.settings_of("xgboost") == {"rounds": 90, "learning_rate": 0.1}
    assert tuned.settings_of("logistic") is None
    assert tuned.settings_of("random_forest") is None
    assert tuned.content["learners"]["xgboost"]["note"] == "a person wrote this"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no tuned settings: wanted the keys table and learners"),
        ("[1, 2]", "holds no tuned settings"),
        ("just words", "holds no tuned settings"),
        ("table: made", "holds no tuned settings"),
        ("learners: {}", "holds no tuned settings"),
        ("table: 7\nlearners: {}", "holds no tuned settings"),
        ("table: made\nlearners: [xgboost]", "holds no tuned settings"),
        ("table: [made", "tuned.yml is not YAML"),
        ("table: made\ntable: other\nlearners: {}", "'table' stands twice"),
        ("table: made\nlearners: {xgboost: {settings: {bins: 3, bins: 4}}}", "'bins' stands twice"),
        ("table: !!python/object/apply:os.system ['true']\nlearners: {}", "is not YAML"),
        (
            "table: made\nlearners: {finder: {settings: {}}}",
            "learner 'finder'. The learners that can be tuned: xgboost",
        ),
        ("table: made\nlearners: {7: {settings: {}}}", "learner '7'"),
        ("table: made\nlearners: {xgboost: 3}", "no settings for xgboost"),
        ("table: made\nlearners: {xgboost: {}}", "no settings for xgboost"),
        ("table: made\nlearners: {xgboost: {settings: [1]}}", "no settings for xgboost"),
        ("table: made\nlearners: {xgboost: {settings: {depth: 3}}}", "tuned.yml: .* no setting 'depth'"),
        (
            "table: made\nlearners: {xgboost: {settings: {rounds: 10000}}}",
            "rounds is '10000', wanted a whole number from",
        ),
        (
            "table: made\nlearners: {xgboost: {settings: {rounds: 90.5}}}",
            "rounds is '90.5', wanted a whole number from",
        ),
        ("table: made\nlearners: {xgboost: {settings: {subsample: .nan}}}", "subsample is 'nan', wanted a number from"),
        ("table: made\nlearners: {xgboost: {settings: {subsample: yes}}}", "subsample is 'True'"),
        ("table: made\nlearners: {xgboost: {settings: {subsample: '0.5'}}}", "subsample is '0.5', wanted a number"),
        ("table: made\nlearners: {xgboost: {settings: {objective: 'reg:linear'}}}", "no setting 'objective'"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_one_clear_error(text, words):
    with pytest.raises(UserError, match=words):
        tuned_from_yaml(text, name="tuned.yml")


def test_settings_of_another_table_are_refused_and_none_fit_every_table():
    tuned = tuned_from_yaml(GOOD, name="tuned.yml")
    tuned.require_table("made")
    with pytest.raises(UserError, match="tuned settings are for the table made, and this one is other"):
        tuned.require_table("other")
    NOT_TUNED.require_table("other")
    Tuned("made").require_table("other")
