import io
import json
import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from affluence.pu.cross_fitting import customer_digests, deal_folds
from affluence.pu.finder_bytes import finder_from_bytes, finder_to_bytes
from affluence.pu.finding import find, find_again
from affluence.pu.label_propensity import Verdicts
from affluence.pu.learners.effort import EFFORTS

LITTLE = replace(EFFORTS["fast"], rounds=10, renewed=3, repeats=2)


@pytest.fixture(scope="module")
def design(bank):
    return bank.design()


@pytest.fixture(scope="module", params=["plain", "drivers", "corrected", "renewed", "a driver seldom held"])
def finder(request, bank, design):
    if request.param == "a driver seldom held":
        design = replace(design, matrix=np.where(np.arange(5) == 2, np.nan, design.matrix))
    drivers = () if request.param in {"plain", "corrected"} else (2, 3)
    folds = deal_folds(customer_digests(map(str, range(len(bank.tags))), key=0), bank.tags, folds=3)
    settings = {"drivers": drivers, "effort": LITTLE, "seed": 0}
    found = find(design, bank.tags, folds, **settings)
    if request.param in {"corrected", "renewed"}:
        rows = np.flatnonzero(bank.tags == 0)[:60]
        verdicts = Verdicts(rows, bank.truth[rows] * 1.0)
        found = find_again(found, design, bank.tags, folds, **settings, verdicts=verdicts)
    return found.finders[0]


def test_what_is_read_back_scores_to_the_bit(finder, design):
    read = finder_from_bytes(finder_to_bytes(finder))
    for before, after in zip(finder.score(design), read.score(design), strict=True):
        assert (before == after).all()
    assert read.gains() == finder.gains()
    assert read.propensity == finder.propensity
    assert read.correction == finder.correction


def test_equal_finders_are_equal_bytes(finder):
    packed = finder_to_bytes(finder)
    assert packed == finder_to_bytes(finder)
    assert packed == finder_to_bytes(finder_from_bytes(packed))


def test_it_holds_boosters_and_json_and_nothing_that_runs(finder, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("something was unpickled")

    packed = finder_to_bytes(finder)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = archive.namelist()
        assert {name.rsplit(".")[-1] for name in names} == {"json", "ubj"}
        assert all(json.loads(archive.read(name)) for name in names if name.endswith(".json"))
    for reader in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, reader, refuse)
    finder_from_bytes(packed)
