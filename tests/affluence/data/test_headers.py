import pytest

from affluence.data.headers import look_alikes


@pytest.mark.parametrize(
    ("header", "names", "unknown", "found"),
    [
        ("C_AGE", ["age_years"], "Age", "Age"),
        ("C_AGE", ["age_years"], "Age in years", "Age in years"),
        ("C_ID", ["customer_id"], "Customer ID", "Customer ID"),
        ("MTHCASA", ["casa_balance_month_sgd"], "MTH_CASA", "MTH_CASA"),
        ("Salary", ["salary_usd"], "Sallary", "Sallary"),
        ("C_AGE", ["age_years"], "postcode", None),
        ("C_AGE", ["age_years"], "", None),
        ("C_AGE", ["age_years"], "42", None),
    ],
)
def test_a_header_is_recognised_by_its_words_or_its_letters(header, names, unknown, found):
    assert look_alikes({header: names}, [unknown]).get(header) == found


def test_each_unknown_header_is_likened_once_and_the_best_pair_wins():
    wanted = {"MAXCASA": ["casa_highest"], "MINCASA": ["casa_lowest"]}
    assert look_alikes(wanted, ["MIN_CASA", "MAX_CASA"]) == {"MAXCASA": "MAX_CASA", "MINCASA": "MIN_CASA"}
    assert look_alikes(wanted, ["MIN_CASA"]) == {"MINCASA": "MIN_CASA"}


def test_nothing_is_like_nothing():
    assert look_alikes({}, ["a"]) == {}
    assert look_alikes({"a": []}, []) == {}
