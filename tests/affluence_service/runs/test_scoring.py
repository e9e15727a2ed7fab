"""A scored table: the pipeline's numbers, the same bytes each time, and nobody scored by a model that saw them."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.affluence.conftest import made_contract, made_customers

from affluence import deciding, steps
from affluence.data.offer_table import load_offers
from affluence.decision.capacity import Capacity, decide_cut
from affluence.decision.gains_bytes import gains_from_bytes
from affluence.features.definitions import compute_features
from affluence.pu.storage import load_model
from affluence_service.datasets.selectors import CUSTOMERS
from affluence_service.jobs.doing import do
from affluence_service.jobs.services import claim
from affluence_service.runs import results
from affluence_service.runs.models import Run
from affluence_service.runs.results import digest_of, file_of, open_run
from affluence_service.runs.services import start_scoring

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def model(champion, settings):
    return load_model(settings.ENVIRONMENT.folder / champion.folder / "model")


@pytest.fixture
def alone(model):
    """What the core's steps give on the same file, called by themselves: scores, candidates, gains, cut, list."""
    customers = made_customers()
    worded = deciding.as_worded_now(model, made_contract())
    scores = steps.score(worded, customers)
    candidates = steps.candidates(worded, scores)
    population = steps.population(worded, customers, scores, candidates)
    gains = deciding.prepare_cuts(worded, population)
    cut = deciding.cut(gains, worded.contract, {}, {})
    listed = deciding.list_candidates(population, cut)
    offers = load_offers(ROOT / "conf/base/offers.yml")
    described = deciding.describe(worded, population, gains, listed, offers, seed=0)
    return scores, candidates, gains, cut, deciding.write_list(listed, described)


def test_the_service_and_the_steps_alone_give_equal_scores_ranks_and_lists(scored_run, alone) -> None:
    scores, candidates, _, cut, whole_list = alone
    opened = open_run(scored_run)
    assert_frame_equal(opened.scores, scores, check_exact=True)
    assert_frame_equal(opened.candidates, candidates, check_exact=True)
    assert_frame_equal(pl.read_parquet(file_of(scored_run, results.LIST)), whole_list, check_exact=True)
    assert scored_run.summary["cut"]["contacts"] == cut.contacts == whole_list.height


def test_what_is_kept_of_the_gains_gives_the_cuts_of_the_steps(scored_run, alone) -> None:
    _, _, gains, cut, _ = alone
    kept = gains_from_bytes(file_of(scored_run, results.GAINS).read_bytes())
    for contacts in (1, 50, cut.contacts, 2_000):
        assert decide_cut(Capacity(contacts=contacts), kept) == decide_cut(Capacity(contacts=contacts), gains)


def test_a_customer_of_the_training_table_is_scored_by_the_model_that_never_saw_them(scored_run, model) -> None:
    customers = made_customers()
    scores = open_run(scored_run).scores
    folds = model.fold_map.folds_of(customers["customer_id"])
    assert (folds >= 0).all()
    assert scores["scored_by_fold"].to_list() == folds.tolist()
    design = model.preprocessing.design(compute_features(customers, features=model.features))
    by_model = np.column_stack([fitted.score(design)[1] for fitted in model.models])
    of_own_fold = by_model[np.arange(customers.height), folds]
    assert np.array_equal(scores["score"].to_numpy(), of_own_fold)
    others = np.delete(by_model[0], folds[0])
    assert not np.isclose(others, of_own_fold[0]).all()


def test_a_run_done_twice_leaves_the_same_bytes(scored_run, analyst, made_dataset, work_off, settings) -> None:
    again = start_scoring(analyst, dataset=made_dataset)
    work_off()
    again.refresh_from_db()
    assert again.folder != scored_run.folder
    assert again.digest == scored_run.digest == digest_of(settings.ENVIRONMENT.folder / again.folder)


def test_a_run_whose_worker_died_is_done_again_with_the_same_bytes(scored_run, analyst, made_dataset, settings) -> None:
    from affluence_service.jobs.models import Job

    run = start_scoring(analyst, dataset=made_dataset)
    died = claim("a worker that dies")
    half = settings.ENVIRONMENT.folder / "work" / str(died.id) / str(died.lease)
    half.mkdir(parents=True)
    (half / results.SCORES).write_bytes(b"half of it")
    Job.objects.filter(id=died.id).update(lease_until="2000-01-01T00:00Z")
    do(claim("another"))
    run.refresh_from_db()
    assert run.digest == scored_run.digest
    assert not half.exists()


def test_another_seed_or_length_of_list_is_another_result_with_the_same_ranking(
    scored_run, analyst, made_dataset, work_off
) -> None:
    longer = start_scoring(analyst, dataset=made_dataset, contacts=400)
    work_off()
    longer.refresh_from_db()
    assert pl.read_parquet(file_of(longer, results.LIST)).height == 400
    assert longer.digest != scored_run.digest
    ranks = [pl.read_parquet(file_of(run, results.CANDIDATES))["row"].to_list() for run in (scored_run, longer)]
    assert ranks[0] == ranks[1]


def test_no_column_that_may_not_be_spoken_of_stands_beside_the_candidates(scored_run) -> None:
    columns = pl.read_parquet_schema(file_of(scored_run, results.CANDIDATES))
    assert not {"age_years", "origin", "tag"} & columns.keys()
    told = json.loads(file_of(scored_run, results.COLUMNS).read_text())
    assert [column["name"] for column in told] == ["balance_usd", "job", "capital_gain_usd", "capital_loss_usd"]


def test_no_small_part_of_the_result_holds_a_customers_id(scored_run, settings) -> None:
    folder = settings.ENVIRONMENT.folder / scored_run.folder
    ids = [f'"C{number}"' for number in range(3_000)]
    for file in folder.glob("*.json*"):
        text = file.read_text()
        assert not any(customer in text for customer in ids), file.name


def test_a_table_on_which_nobody_can_be_listed_fails_with_a_sentence(
    analyst, made_dataset, champion, work_off, settings, small_project
) -> None:
    (small_project / "conf/base/offers.yml").write_text((ROOT / "conf/base/offers.yml").read_text())
    tagged = made_customers().with_columns(tag=pl.lit(1, dtype=pl.Int8))
    tagged.write_parquet(settings.ENVIRONMENT.folder / made_dataset.folder / CUSTOMERS)
    start_scoring(analyst, dataset=made_dataset)
    work_off()
    job = Run.objects.get().job
    assert job.problem.startswith("There are no candidates to cut")
    assert job.traceback == ""
