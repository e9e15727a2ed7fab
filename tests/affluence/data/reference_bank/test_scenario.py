import pytest

from affluence.data.reference_bank import SCENARIOS, Labelling, Scenario, scenario_named
from affluence.errors import UserError


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("hidden_share", 0.0),
        ("hidden_share", 1.0),
        ("true_share", -0.1),
        ("private_share", 1.5),
        ("common", 1.1),
        ("drift", -0.2),
        ("age_wealth", 2),
        ("wallet", -1.0),
        ("tag_noise", float("nan")),
        ("forgotten", 0.7),
    ],
)
def test_a_parameter_out_of_its_bounds_is_refused_by_name(argument, value):
    with pytest.raises(UserError, match=f"{argument} is {value}"):
        Scenario(**{argument: value})


def test_an_unknown_labelling_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match="labelling is 'loud'; one of selective, random is wanted"):
        Scenario(labelling="loud")


def test_a_labelling_may_be_given_by_its_word():
    assert Scenario(labelling="random") == Scenario(labelling=Labelling.RANDOM)


def test_the_bounds_themselves_are_allowed():
    assert Scenario(drift=0, wallet=0, private_share=0, forgotten=0.5).wallet == 0


def test_scenarios_have_names():
    assert scenario_named("selective") == Scenario()
    assert scenario_named("random").labelling is Labelling.RANDOM
    assert scenario_named("rule").tag_noise == 0


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UserError, match="selective, random, rule"):
        scenario_named("chaos")


def test_every_named_scenario_is_valid():
    assert set(SCENARIOS) == {"selective", "random", "rule"}
