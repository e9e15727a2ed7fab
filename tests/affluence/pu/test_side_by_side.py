"""Work side by side: the order, the progress, the faults, and one thread each."""

import pytest
import xgboost as xgb
from threadpoolctl import threadpool_info, threadpool_limits

from affluence import progress
from affluence.pu import side_by_side as module
from affluence.pu.side_by_side import as_they_come, side_by_side


def threads_of_linear_algebra() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_work_comes_back_in_the_order_of_its_parts_and_tells_its_progress(monkeypatch):
    told = []
    monkeypatch.setattr(progress, "report", lambda stage, *, done, total: told.append((stage, done, total)))
    assert list(side_by_side(lambda part: part * part, [3, 1, 2], stage="Squaring")) == [9, 1, 4]
    assert told == [("Squaring", 1, 3), ("Squaring", 2, 3), ("Squaring", 3, 3)]


def test_a_fault_in_one_part_is_raised_here():
    def divide(part):
        return 1 / part

    with pytest.raises(ZeroDivisionError):
        list(side_by_side(divide, [1, 0, 2], stage="Dividing"))


def test_nothing_to_do_is_done():
    assert list(side_by_side(lambda part: part, [], stage="Resting")) == []


def test_linear_algebra_inside_has_one_thread_and_what_it_had_afterwards():
    with threadpool_limits(limits=2, user_api="blas"):
        inside = list(side_by_side(lambda _: threads_of_linear_algebra(), range(3), stage="Looking"))
        assert threads_of_linear_algebra() == {2}
    assert inside == [{1}, {1}, {1}]


def test_without_a_stage_nothing_is_told(monkeypatch):
    monkeypatch.setattr(progress, "report", lambda *_, **__: pytest.fail("progress was told"))
    assert list(side_by_side(lambda part: part + 1, [1, 2, 3], stage=None)) == [2, 3, 4]


def test_trees_inside_are_asked_on_one_thread_each_and_on_all_where_nothing_stands_beside(monkeypatch):
    monkeypatch.setattr(module, "cpu_count", lambda: 2)
    with xgb.config_context(nthread=3):
        assert list(side_by_side(lambda _: xgb.get_config()["nthread"], range(3), stage=None)) == [1, 1, 1]
        assert list(side_by_side(lambda _: xgb.get_config()["nthread"], range(1), stage=None)) == [3]
        assert xgb.get_config()["nthread"] == 3


def test_parts_are_made_a_few_at_a_time(monkeypatch):
    monkeypatch.setattr(module, "cpu_count", lambda: 2)
    made, done = [], []

    def parts():
        for part in range(50):
            made.append(part)
            yield part

    def how_many_are_held(part):
        held = len(made) - len(done)
        done.append(part)
        return held

    assert max(as_they_come(how_many_are_held, parts(), at_most=50)) < 10
    assert made == sorted(done)
