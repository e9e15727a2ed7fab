"""A table scored part by part is the table scored whole, also by who was stopped in the middle."""

import subprocess
import sys
from dataclasses import replace

import polars as pl
import pytest
from benchmarks.service.served import CONF, CONTRACT, prepare

from affluence import steps, streaming
from affluence.data.contract import load_contract
from affluence.data.parts import open_in_parts
from affluence.data.reading import TableRefused, read_table
from affluence.data.reference_bank import simulate
from affluence.errors import UserError
from affluence.evaluation.stability import Light
from affluence.evaluation.stability_limits import Limits
from affluence.pu.storage import load_model
from affluence.pu.watching import compare, sketch_of
from affluence.streaming import score_in_parts

ROWS = 900
CONTRACT_FILE = CONF / f"contract_{CONTRACT}.yml"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("streamed") / "project"
    prepare(folder, customers=1_500)
    return folder


@pytest.fixture(scope="module")
def model(project):
    return load_model(project / "model")


@pytest.fixture(scope="module")
def bank(project):
    """A table in which some customers of the training table are, and some are not, with every trap."""
    known = simulate(customers=1_500, seed=0).table.head(ROWS // 3)
    return pl.concat([known, simulate(customers=ROWS, seed=1).table.head(ROWS - known.height)])


def contract(**policy):
    loaded = load_contract(CONTRACT_FILE)
    return loaded.model_copy(update={"policy": loaded.policy.model_copy(update=policy)})


def streamed(model, file, out, *, rows, own=None, **asked):
    with open_in_parts(file, contract=own or contract(), rows_of_part=rows) as table:
        return score_in_parts(model, table, out, work=out / ".parts", **asked)


def whole(model, file, own=None):
    customers = read_table(file, contract=own or contract(), tag_required=False).customers
    scores = steps.score(model, customers)
    return scores, steps.candidates(model, scores)


@pytest.mark.parametrize("rows", [1, 130, ROWS, 10 * ROWS])
def test_scores_and_ranks_are_those_of_the_whole_to_the_last_bit(tmp_path, model, bank, rows):
    table = bank.head(40) if rows == 1 else bank
    file, out = tmp_path / "bank.parquet", tmp_path / "out"
    table.write_parquet(file)
    told = streamed(model, file, out, rows=rows)
    scores, candidates = whole(model, file)
    assert pl.read_parquet(out / "scores.parquet").equals(scores)
    assert pl.read_parquet(out / "candidates.parquet").equals(candidates)
    assert (told.rows, told.candidates) == (scores.height, candidates.height)
    assert not (out / ".parts").exists()


def test_rows_of_a_customer_are_settled_across_parts(tmp_path, model, bank):
    own = contract(repeated_customer_id="latest")
    ids = own.customer_id.model_copy(update={"decided_by": "products_held"})
    own = own.model_copy(update={"customer_id": ids})
    bank.write_csv(tmp_path / "bank.csv")
    streamed(model, tmp_path / "bank.csv", tmp_path, rows=77, own=own)
    scores, candidates = whole(model, tmp_path / "bank.csv", own)
    assert pl.read_parquet(tmp_path / "scores.parquet").equals(scores)
    assert pl.read_parquet(tmp_path / "candidates.parquet").equals(candidates)


def test_a_table_without_the_tag_is_ranked_whole(tmp_path, model, bank):
    bank.drop("C_seg").write_parquet(tmp_path / "bank.parquet")
    told = streamed(model, tmp_path / "bank.parquet", tmp_path, rows=200)
    assert told.candidates == told.rows == bank.height


def test_a_table_without_rows_is_refused_as_the_whole_is(tmp_path, model, bank):
    file, out = tmp_path / "bank.parquet", tmp_path / "out"
    bank.head(0).write_parquet(file)
    with pytest.raises(TableRefused, match="The table has no rows"):
        streamed(model, file, out, rows=100, listed=5)
    assert [left for left in out.rglob("*") if left.is_file()] == []
    assert read_table(file, contract=contract(), tag_required=False).report.refused


def test_a_part_in_which_everything_is_missing(tmp_path, model, bank):
    may_be_missing = pl.exclude("C_ID", "C_seg", "NUM_PRD", "Asset value")
    missing = pl.when(pl.int_range(pl.len()) >= 100).then(may_be_missing)
    bank.with_columns(missing).write_parquet(tmp_path / "bank.parquet")
    streamed(model, tmp_path / "bank.parquet", tmp_path, rows=50)
    scores, _ = whole(model, tmp_path / "bank.parquet")
    assert pl.read_parquet(tmp_path / "scores.parquet").equals(scores)


def test_the_listed_are_told_why(tmp_path, model, bank):
    bank.write_parquet(tmp_path / "bank.parquet")
    told = streamed(model, tmp_path / "bank.parquet", tmp_path, rows=100, listed=30)
    listed = pl.read_parquet(tmp_path / "list.parquet")
    assert listed["rank"].to_list() == list(range(1, 31))
    assert told.explanation.said
    assert listed["reason_1"].null_count() < 5
    other = tmp_path / "other"
    streamed(model, tmp_path / "bank.parquet", other, rows=333, listed=30)
    assert pl.read_parquet(other / "list.parquet").equals(listed)


def test_of_a_long_table_no_more_people_are_kept_than_are_told_of(tmp_path, model, bank, monkeypatch):
    bank.write_parquet(tmp_path / "bank.parquet")
    monkeypatch.setattr(streaming, "BESIDE", 100)
    kept = []
    wrote = streaming.write_parquet

    def counting(frame, path):
        kept.append(frame.height if "people" in path.name else 0)
        wrote(frame, path)

    monkeypatch.setattr(streaming, "write_parquet", counting)
    streamed(model, tmp_path / "bank.parquet", tmp_path, rows=100, listed=5)
    assert sum(kept) < 9 * 5 + 2 * 100 * 1.5
    first = pl.read_parquet(tmp_path / "list.parquet")
    streamed(model, tmp_path / "bank.parquet", tmp_path / "other", rows=ROWS, listed=5)
    assert pl.read_parquet(tmp_path / "other/list.parquet").equals(first)


def test_a_refused_table_leaves_nothing(tmp_path, model, bank):
    bank.with_columns(C_seg=pl.lit("GOLD")).write_parquet(tmp_path / "bank.parquet")
    out = tmp_path / "out"
    with pytest.raises(TableRefused, match="tag that the contract does not know"):
        streamed(model, tmp_path / "bank.parquet", out, rows=100)
    assert [file for file in out.rglob("*") if file.is_file()] == []


def test_a_table_without_a_learned_column_is_refused_in_a_sentence(tmp_path, model, bank):
    bank.write_parquet(tmp_path / "bank.parquet")
    short = contract()
    short = short.model_copy(update={"columns": short.columns[:5]})
    with pytest.raises(UserError, match="on which the model was trained"):
        streamed(model, tmp_path / "bank.parquet", tmp_path, rows=100, own=short)


def test_a_table_in_parts_is_watched_as_the_whole_and_turns_red_as_it_does(tmp_path, model, bank):
    incomes = pl.col("Asset value") * 3
    bank.with_columns(incomes.cast(bank.schema["Asset value"])).write_parquet(tmp_path / "bank.parquet")
    told = streamed(model, tmp_path / "bank.parquet", tmp_path, rows=130)
    customers = read_table(tmp_path / "bank.parquet", contract=contract(), tag_required=False).customers
    assert told.sketch == sketch_of(model, customers, pl.read_parquet(tmp_path / "scores.parquet"))
    assert compare(model, told.sketch, pl.DataFrame(), Limits()).light is Light.RED


def test_a_model_of_before_sketches_scores_and_nothing_is_watched(tmp_path, model, bank):
    bank.write_parquet(tmp_path / "bank.parquet")
    told = streamed(replace(model, sketch=None), tmp_path / "bank.parquet", tmp_path, rows=500)
    assert told.rows == ROWS
    assert told.sketch is None


WORKS = """
import pathlib, sys, time
from affluence.data.contract import load_contract
from affluence.data.parts import open_in_parts
from affluence.pu.storage import load_model
from affluence.streaming import score_in_parts
import affluence.streaming as streaming
model, contract, file, out, slow = sys.argv[1:]
if float(slow):
    done = streaming._do_part
    def _slowly(*arguments, **more):
        done(*arguments, **more)
        print("part", flush=True)
        time.sleep(float(slow))
    streaming._do_part = _slowly
out = pathlib.Path(out)
with open_in_parts(pathlib.Path(file), contract=load_contract(pathlib.Path(contract)), rows_of_part=100) as table:
    score_in_parts(load_model(pathlib.Path(model)), table, out, work=out / ".parts", listed=20)
"""


def test_who_was_killed_goes_on_and_ends_with_the_same_bytes(tmp_path, project, bank):
    file = tmp_path / "bank.parquet"
    bank.write_parquet(file)

    def command(out, slow):
        return [sys.executable, "-c", WORKS, str(project / "model"), str(CONTRACT_FILE), str(file), str(out), str(slow)]

    stopped = subprocess.Popen(command(tmp_path / "stopped", 30), stdout=subprocess.PIPE, text=True)
    assert stopped.stdout.readline() == "part\n"
    stopped.kill()
    stopped.wait()
    (work,) = (tmp_path / "stopped" / ".parts").iterdir()
    assert len(list(work.glob("*.json"))) == 1
    assert not (tmp_path / "stopped" / "scores.parquet").exists()
    for out in ("stopped", "straight"):
        subprocess.run(command(tmp_path / out, 0), check=True)
    for name in ("scores.parquet", "candidates.parquet", "candidates.csv", "list.parquet", "list.csv"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes(), name
