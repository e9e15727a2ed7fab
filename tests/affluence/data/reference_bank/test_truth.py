import numpy as np
import pytest

from affluence.data.reference_bank.latents import draw_positions
from affluence.data.reference_bank.scenario import Labelling, Scenario
from affluence.data.reference_bank.truth import HIDDEN_TYPES, hidden_types, tag_customers, truly_affluent
from affluence.errors import UserError

ROWS, TAGGED = 20_000, 3_307


def drawn(scenario: Scenario, seed: int = 0):
    positions = draw_positions(customers=ROWS, seed=seed, scenario=scenario)
    segment = tag_customers(positions, tagged=TAGGED, seed=seed, scenario=scenario)
    affluent = truly_affluent(positions["wealth"], segment, scenario=scenario)
    return positions, segment, affluent, hidden_types(positions, affluent, segment, scenario=scenario)


@pytest.mark.parametrize("scenario", [Scenario(), Scenario(labelling=Labelling.RANDOM), Scenario(forgotten=0.3)])
def test_exactly_as_many_are_tagged_as_asked(scenario):
    assert drawn(scenario)[1].sum() == TAGGED


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("labelling", list(Labelling))
def test_the_hidden_are_exactly_the_asked_share_of_the_untagged(share, labelling):
    _, segment, _, kinds = drawn(Scenario(hidden_share=share, labelling=labelling))
    assert (kinds > 0).sum() == pytest.approx(share * (segment == 0).sum(), abs=1)


def test_a_true_share_places_the_bar_itself():
    assert drawn(Scenario(true_share=0.1))[2].sum() == 2_000


def test_the_truth_is_wealth_above_one_bar():
    positions, _, affluent, _ = drawn(Scenario())
    assert positions["wealth"][affluent].min() > positions["wealth"][~affluent].max()


def test_labels_at_random_never_go_to_others_and_do_not_look_at_the_bank():
    positions, segment, affluent, _ = drawn(Scenario(labelling=Labelling.RANDOM))
    assert affluent[segment == 1].all()
    tagged, hidden = (positions["here"][affluent & (segment == code)].mean() for code in (1, 0))
    assert tagged == pytest.approx(hidden, abs=0.08)


def test_labels_at_random_need_more_affluent_than_tagged():
    with pytest.raises(UserError, match=r"true_share is 0\.1, but 0\.16"):
        drawn(Scenario(labelling=Labelling.RANDOM, true_share=0.1))


def test_selective_labels_follow_the_in_bank_position():
    positions, segment, affluent, _ = drawn(Scenario())
    order = np.argsort(positions["here"][affluent])
    fifths = [part.mean() for part in np.array_split(segment[affluent][order], 5)]
    assert fifths[0] < 0.5
    assert fifths[-1] > 0.85
    assert fifths == sorted(fifths)


def test_some_tags_are_stale_or_a_favour():
    _, segment, affluent, _ = drawn(Scenario())
    assert 0.55 < affluent[segment == 1].mean() < 0.75


def test_under_the_rule_the_tag_is_a_function_of_position_and_breadth():
    scenario = Scenario(tag_noise=0.0, forgotten=0.0, drift=0.0)
    positions, segment, _, _ = drawn(scenario)
    judged = positions["here"] + scenario.tag_breadth * positions["wide"]
    assert judged[segment == 1].min() > judged[segment == 0].max()


def test_types_are_given_to_the_hidden_alone_and_to_all_of_them():
    _, segment, affluent, kinds = drawn(Scenario())
    assert ((kinds > 0) == (affluent & (segment == 0))).all()
    assert len(HIDDEN_TYPES) == 4


def test_each_type_is_what_its_name_says():
    positions, segment, _, kinds = drawn(Scenario())
    bar = np.quantile(positions["here"], 1 - segment.mean())
    assert (positions["here"][kinds == 1] >= bar).all()
    assert (positions["here"][kinds == 2] < bar).all()
    assert (positions["now"][kinds == 2] >= bar - 0.25).all()
    assert (positions["now"][kinds == 3] < bar - 0.25).all()


@pytest.mark.parametrize(
    ("more", "less", "kind"),
    [
        (Scenario(wallet=0.9), Scenario(wallet=0.1), 3),
        (Scenario(drift=0.7, reach=0.0), Scenario(drift=0.1, reach=0.0), 2),
        (Scenario(forgotten=0.2), Scenario(forgotten=0.0), 1),
    ],
    ids=["wallet: money elsewhere", "drift: crossed since", "forgotten: mis-tagged"],
)
def test_a_parameter_raises_the_type_that_it_says_it_raises(more, less, kind):
    assert (drawn(more)[3] == kind).sum() > 1.2 * (drawn(less)[3] == kind).sum()
