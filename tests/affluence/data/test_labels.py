import polars as pl

from affluence.data.contract import Tag
from affluence.data.labels import label_from_tag


def test_affluent_is_labelled_and_normal_is_not():
    tag = Tag(source="SEG", affluent=("AFFLUENT", "PRIVATE"), normal=("NORMAL",))
    labels = label_from_tag(pl.Series(["NORMAL", "PRIVATE", "AFFLUENT", None, "affluent"]), tag=tag)
    assert labels.to_list() == [0, 1, 1, None, None]
    assert labels.dtype == pl.Int8


def test_no_rows_have_no_labels():
    tag = Tag(source="SEG", affluent=("A",), normal=("N",))
    assert label_from_tag(pl.Series([], dtype=pl.String), tag=tag).to_list() == []
