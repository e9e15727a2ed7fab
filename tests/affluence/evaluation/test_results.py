import json

from pydantic import TypeAdapter

from affluence.evaluation.results import Confusion, Estimate, Evaluation


def test_an_evaluation_survives_json(evaluation):
    read = TypeAdapter(Evaluation).validate_json(json.dumps(evaluation.to_dict()))
    assert read == evaluation


def test_an_estimate_reads_as_a_figure_with_its_interval():
    assert str(Estimate(0.9271, 0.9251, 0.929, "made up")) == "0.927 (90%: 0.925 to 0.929)"


def test_the_cells_of_an_empty_list_divide_by_nothing():
    nobody = Confusion(cut=0, tagged_above=0, candidates=0, tagged_below=0, unlabelled_below=0)
    assert (nobody.recall, nobody.precision, nobody.f1) == (0, 0, 0)


def test_recall_precision_and_f1_of_the_cells():
    cells = Confusion(cut=100, tagged_above=80, candidates=20, tagged_below=120, unlabelled_below=780)
    assert (cells.recall, cells.precision) == (0.4, 0.8)
    assert abs(cells.f1 - 2 * 0.32 / 1.2) < 1e-12
