import pytest

from affluence.reporting.waterfalls import COLUMNS_SHOWN, waterfall


def parts(**effects):
    return {"row": 3, "base": -2.0, **effects, "output": -2.0 + sum(effects.values())}


def test_the_steps_lead_from_the_base_to_the_score():
    shown = waterfall(parts(a=1.5, b=-0.5), titles={"a": "Assets"}, internal={"b"})
    assert (shown.start, shown.end) == ("\u22122.00", "\u22121.00")
    assert [(step.title, step.effect, step.internal) for step in shown.steps] == [
        ("Assets", "+1.50", False),
        ("b", "\u22120.50", True),
    ]


def test_what_is_not_shown_alone_is_added_up_and_nothing_is_lost():
    effects = {f"column_{number}": number / 10 for number in range(1, COLUMNS_SHOWN + 4)}
    shown = waterfall(parts(**effects), titles={}, internal=())
    assert len(shown.steps) == COLUMNS_SHOWN + 1
    assert shown.steps[-1].title == "3 more columns"
    assert sum(float(step.effect) for step in shown.steps) == pytest.approx(sum(effects.values()))


def test_every_bar_starts_where_the_one_above_ends():
    first, second = waterfall(parts(a=1.5, b=1.0), titles={}, internal=()).steps
    assert second.left == pytest.approx(first.left + first.width, abs=0.02)


def test_a_score_without_any_effect_is_drawn():
    shown = waterfall(parts(a=0.0), titles={}, internal=())
    assert shown.steps[0].width == 0


def test_the_last_bar_ends_at_the_score_and_the_first_begins_at_the_usual_one():
    shown = waterfall(parts(a=2.0, b=-1.0, c=0.5), titles={}, internal=())
    low, high = (float(tick.text.replace("\u2212", "-")) for tick in (shown.ticks[0], shown.ticks[-1]))

    def place(value: float) -> float:
        return 100 * (value - low) / (high - low)

    first, last = shown.steps[0], shown.steps[-1]
    assert first.left == pytest.approx(place(-2.0), abs=0.02)
    assert last.left + last.width == pytest.approx(place(-0.5), abs=0.02)


def test_the_columns_added_up_name_none_that_may_not_be_mentioned():
    effects = {f"column_{number}": 1.0 for number in range(COLUMNS_SHOWN)} | {"secret": 0.1}
    shown = waterfall(parts(**effects), titles={}, internal={"secret"})
    assert (shown.steps[-1].title, shown.steps[-1].internal) == ("1 more column", False)
