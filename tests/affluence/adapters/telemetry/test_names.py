"""Every name has its meaning beside it, which the reference shows."""

import pytest

from affluence.adapters.telemetry import names


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (names.SpanName, names.SPANS),
        (names.Key, names.KEYS),
        (names.Metric, names.MEANINGS),
        (names.Metric, names.UNITS),
    ],
)
def test_every_name_is_explained_once(kind, told):
    assert set(told) == set(kind)
    assert all(told.values())


def test_buckets_rise():
    for bounds in names.BOUNDS.values():
        assert list(bounds) == sorted(set(bounds))
