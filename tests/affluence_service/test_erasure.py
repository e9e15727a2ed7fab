"""A planted customer is out of every file and table, the others are where they were, and the proof says so."""

import json
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from django.conf import settings

from affluence.data.reading import hash_file
from affluence.data.writing import checksum, table_bytes
from affluence.errors import UserError
from affluence.pu.cross_fitting import customer_digests
from affluence_service import erasure
from affluence_service.audit.models import Entry
from affluence_service.audit.services import record
from affluence_service.campaigns import services as campaigns
from affluence_service.campaigns.models import Assignment, Campaign, Disposition, Exclusion
from affluence_service.datasets.models import Dataset
from affluence_service.datasets.models import State as DatasetState
from affluence_service.jobs.models import Job, State
from affluence_service.registry.models import ModelVersion
from affluence_service.reviews.models import Sheet, Verdict
from affluence_service.runs.models import Run
from affluence_service.runs.results import digest_of
from affluence_service.verbs import main

pytestmark = pytest.mark.django_db
PLANTED = "C-400317"
OTHERS = ["C-400316", "C-4003170", "=C-1", "C-999999"]
IDS = [OTHERS[0], PLANTED, *OTHERS[1:]]


def root() -> Path:
    return settings.ENVIRONMENT.folder


def folder_for(person, subject) -> Path:
    """The folder of a job that is done."""
    job = Job.objects.create(kind="score", subject=subject, team=person.team, asked_by=person, state=State.DONE)
    job.folder = f"work/{job.id}/lease"
    job.save()
    folder = root() / job.folder
    folder.mkdir(parents=True)
    return folder


def people(**more) -> pl.DataFrame:
    return pl.DataFrame({"row": range(len(IDS)), "customer_id": IDS, **more})


@pytest.fixture
def dataset(analyst) -> Dataset:
    made = Dataset(team=analyst.team, uploaded_by=analyst, name="made.csv", contract="x", state=DatasetState.ACCEPTED)
    folder = folder_for(analyst, made.id)
    people(tag=[1, 1, 0, 0, 0]).write_parquet(folder / "customers.parquet")
    (folder / "intake.json").write_text("{}")
    made.folder, made.rows, made.tagged = str(folder.relative_to(root())), 5, 2
    made.save()
    return made


@pytest.fixture
def run(analyst, dataset) -> Run:
    made = Run(team=analyst.team, kind=Run.Kind.SCORE, dataset=dataset, asked_by=analyst, rows=5, candidates=5)
    folder = folder_for(analyst, made.id)
    ranking = people(score=[0.5, 0.9, 0.7, 0.6, 0.8]).sort("score", descending=True).with_row_index("rank", offset=1)
    ranking.write_parquet(folder / "candidates.parquet", compression="lz4", row_group_size=2)
    ranking.drop("rank").sort("row").write_parquet(folder / "scores.parquet")
    pl.DataFrame({"rank": [1, 1, 2], "sentence": ["a", "b", "c"]}).write_parquet(folder / "reasons.parquet")
    (folder / "report.html").write_text("<p>The strongest: C-••7</p>")
    (folder / "other.html").write_text("<p>The strongest: C-••6</p>")
    made.folder, made.digest = str(folder.relative_to(root())), digest_of(folder)
    made.save()
    return made


@pytest.fixture
def campaign(analyst, run) -> Campaign:
    made = Campaign(team=analyst.team, run=run, name="spring", made_by=analyst, state=Campaign.State.APPROVED)
    folder = folder_for(analyst, made.id)
    listed = people().with_row_index("rank", offset=1)
    tables = {f"list.{kind}": table_bytes(listed, kind) for kind in ("csv", "xlsx", "parquet")}
    tables |= {name: table_bytes(people().head(0), "parquet") for name in ("control.parquet", "excluded.parquet")}
    for name, content in tables.items():
        (folder / name).write_bytes(content)
    files = {name: checksum(content) for name, content in tables.items()}
    made.summary = {"rows": {"written": 5, "held_back": 0, "excluded": 0, "expected": 5}, "files": files}
    (folder / "summary.json").write_text(json.dumps(made.summary))
    made.folder, made.checksum = str(folder.relative_to(root())), hash_file(folder / "summary.json")
    made.save()
    return made


@pytest.fixture
def exclusion(analyst, campaign) -> Exclusion:
    file = root() / "campaigns" / str(campaign.id) / "one" / "sheet.csv"
    file.parent.mkdir(parents=True)
    file.write_text(f"customer_id;reason\n{PLANTED};moved\n{OTHERS[0]};moved\n")
    return Exclusion.objects.create(
        campaign=campaign,
        kind="consent",
        name="x.csv",
        file=str(file.relative_to(root())),
        customers=2,
        added_by=analyst,
    )


@pytest.fixture
def sheet(analyst, run) -> Sheet:
    made = Sheet(team=analyst.team, run=run, purpose="find", size=5, asked_by=analyst)
    folder = folder_for(analyst, made.id)
    people().write_parquet(folder / "sheet.parquet")
    made.folder = str(folder.relative_to(root()))
    made.save()
    for row in (0, 1):
        Verdict.objects.create(sheet=made, row=row, answer="affluent", given_by=analyst)
    return made


@pytest.fixture
def handed_out(campaign, relationship_manager) -> None:
    for rank in (1, 2):
        assigned = Assignment.objects.create(campaign=campaign, rank=rank, manager=relationship_manager)
        Disposition.objects.create(assignment=assigned, answer="reached", given_by=relationship_manager)


@pytest.fixture
def version() -> ModelVersion:
    folder = root() / "models" / "made" / "1" / "model"
    folder.mkdir(parents=True)
    digests = customer_digests([PLANTED, OTHERS[0]], key=7)
    pl.DataFrame({"digest": digests, "fold": [0, 1]}).write_parquet(folder / "fold_map.parquet")
    (folder / "model.json").write_text('{"key": 7}')
    return ModelVersion.objects.create(name="made", number=1, contract="x", folder="models/made/1", usable=True)


@pytest.fixture
def everything(dataset, run, campaign, exclusion, sheet, handed_out, version) -> None:
    """A customer planted wherever a customer can stand."""


def tables() -> dict[str, int]:
    """How often the planted customer stands in each table on disk."""
    found = {}
    for path in sorted(root().glob("work/**/*.parquet")):
        frame = pl.read_parquet(path)
        if "customer_id" in frame.columns:
            found[path.name] = frame.filter(pl.col("customer_id") == PLANTED).height
    return found


def test_the_customer_stands_nowhere_afterwards(everything) -> None:
    assert sum(tables().values()) == 5
    proof = erasure.erase(PLANTED)
    assert sum(tables().values()) == 0
    texts = [path.read_bytes() for path in root().rglob("*") if path.suffix in {".csv", ".html", ".json"}]
    assert not any(PLANTED.encode() + b"," in text or PLANTED.encode() + b"\n" in text for text in texts)
    assert proof.found_after == ()


def test_the_others_stay_as_they_were(everything) -> None:
    erasure.erase(PLANTED)
    assert (
        pl.read_parquet(root() / Dataset.objects.get().folder / "customers.parquet")["customer_id"].to_list() == OTHERS
    )
    listed = root() / Campaign.objects.get().folder
    expected = people().with_row_index("rank", offset=1).filter(pl.col("customer_id") != PLANTED)
    for kind in ("csv", "xlsx", "parquet"):
        assert (listed / f"list.{kind}").read_bytes() == table_bytes(expected, kind)


def test_the_ranking_keeps_its_order_its_groups_and_its_packing(everything) -> None:
    erasure.erase(PLANTED)
    file = root() / Run.objects.get().folder / "candidates.parquet"
    assert pl.read_parquet(file)["rank"].to_list() == [2, 3, 4, 5]
    described = pq.read_metadata(file)
    assert [described.row_group(number).num_rows for number in range(described.num_row_groups)] == [2, 2]
    assert described.row_group(0).column(0).compression.startswith("LZ4")


def test_what_speaks_of_the_customer_by_rank_or_row_goes_too(everything) -> None:
    erasure.erase(PLANTED)
    reasons = pl.read_parquet(root() / Run.objects.get().folder / "reasons.parquet")
    assert reasons["rank"].to_list() == [2]
    assert [verdict.row for verdict in Verdict.objects.all()] == [0]
    assert [assignment.rank for assignment in Assignment.objects.all()] == [1]
    assert Disposition.objects.count() == 1


def test_a_page_that_may_show_the_customer_is_removed_and_no_other(everything) -> None:
    erasure.erase(PLANTED)
    assert [path.name for path in (root() / Run.objects.get().folder).glob("*.html")] == ["other.html"]


def test_the_records_say_what_is_in_the_files_now(everything, analyst) -> None:
    erasure.erase(PLANTED)
    dataset, run, campaign = Dataset.objects.get(), Run.objects.get(), Campaign.objects.get()
    assert (dataset.rows, dataset.tagged) == (4, 1)
    assert (run.rows, run.candidates, run.digest) == (4, 4, digest_of(root() / run.folder))
    assert campaign.summary["rows"]["written"] == 4
    assert campaign.checksum == hash_file(root() / campaign.folder / "summary.json")
    assert Exclusion.objects.get().customers == 1
    for kind in ("csv", "xlsx", "parquet"):
        assert campaigns.export(analyst, campaign, file_format=kind).is_file()


def test_the_proof_lists_each_place_with_rows_and_hashes_and_no_id(everything) -> None:
    proof = erasure.erase(PLANTED)
    told = {place.place.rsplit("/", 1)[-1]: place for place in proof.places}
    assert (told["customers.parquet"].rows_before, told["customers.parquet"].rows_after) == (5, 4)
    assert all(place.hash_before != place.hash_after for place in proof.places if place.hash_before)
    assert {"scores.parquet", "candidates.parquet", "reasons.parquet", "list.csv", "list.xlsx", "sheet.csv"} <= set(
        told
    )
    assert PLANTED not in proof.to_json()
    assert erasure.digest(PLANTED) in proof.to_json()


def test_the_models_that_learned_from_the_customer_and_earlier_exports_are_named(everything, analyst) -> None:
    campaigns.export(analyst, Campaign.objects.get(), file_format="csv")
    record(analyst, "exported", "campaign", "another")
    proof = erasure.erase(PLANTED)
    assert proof.stays[erasure.FOLD_MAPS] == ["made version 1"]
    assert len(proof.stays[erasure.EXPORTED]) == 1


def test_a_customer_who_stands_nowhere_changes_nothing(everything) -> None:
    before = {path: path.read_bytes() for path in root().glob("work/**/*") if path.is_file()}
    proof = erasure.erase("C-000000")
    assert (proof.places, proof.found_after, dict(proof.stays)) == ((), (), {})
    assert before == {path: path.read_bytes() for path in root().glob("work/**/*") if path.is_file()}


def test_doing_it_again_finds_nothing(everything) -> None:
    erasure.erase(PLANTED)
    assert erasure.erase(PLANTED).places == ()


@pytest.mark.parametrize("stopping_at", range(1, 5))
def test_who_is_stopped_on_the_way_finishes_the_next_time(everything, monkeypatch, stopping_at: int) -> None:
    calls = []

    def stopped(old: str, new: Path) -> None:
        calls.append(old)
        if len(calls) == stopping_at:
            raise KeyboardInterrupt
        point(old, new)

    point = erasure._point
    monkeypatch.setattr("affluence_service.erasure._point", stopped)
    with pytest.raises(KeyboardInterrupt):
        erasure.erase(PLANTED)
    monkeypatch.undo()
    assert erasure.erase(PLANTED).found_after == ()
    assert sum(tables().values()) == 0
    assert Run.objects.get().candidates == 4


def test_what_is_still_found_is_told_and_ends_with_1(everything, analyst) -> None:
    record(analyst, "noted", "run", 1, details={"by mistake": PLANTED})
    (root() / "work" / "left").mkdir()
    (root() / "work" / "left" / "note.txt").write_text(f"ask about {PLANTED}.")
    (root() / "work" / "left" / "other.txt").write_text(f"ask about {PLANTED}0.")
    done = CliRunner().invoke(main, ["keep", "erase"], input=f"{PLANTED}\n")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["found_after"] == ["work/left/note.txt", "1 lines of audit.Entry.details"]


def test_the_verb_reads_the_id_from_standard_input_and_is_recorded_without_it(everything) -> None:
    done = CliRunner().invoke(main, ["keep", "erase"], input=f"{PLANTED}\n")
    assert done.exit_code == 0
    entry = Entry.objects.get(action="erased a customer")
    assert entry.details["customer"] == erasure.digest(PLANTED)
    assert PLANTED not in str(entry.details)


@pytest.mark.parametrize("customer", ["", "\n"])
def test_an_empty_id_is_refused(db, customer: str) -> None:
    done = CliRunner().invoke(main, ["keep", "erase"], input=customer)
    assert (done.exit_code, done.output) == (1, "Error: No customer id came. Give one line.\n")


def test_nothing_is_erased_while_a_job_could_write_the_customer_anew(everything) -> None:
    Job.objects.update(state=State.RUNNING)
    with pytest.raises(UserError, match="A job is running"):
        erasure.erase(PLANTED)
    assert sum(tables().values()) == 5
