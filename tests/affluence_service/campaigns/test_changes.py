"""What an approver reads of who enters and leaves since the last approved list, and by what."""

import shutil

import polars as pl
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.affluence.conftest import made_customers

from affluence_service.campaigns import selectors, services
from affluence_service.campaigns.changes import changes_since_last
from affluence_service.campaigns.models import Campaign
from affluence_service.datasets.models import Dataset
from affluence_service.registry.models import ModelVersion
from affluence_service.runs.models import Run
from affluence_service.runs.services import start_scoring

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(analyst, scored_run, work_off):
    """Makes a list of so many contacts."""

    def make(contacts: int, run: Run = scored_run) -> Campaign:
        options = {"day": "2026-12-01", "control_share": 0.2}
        campaign = services.draft(
            analyst, run, name=f"{contacts}", capacity={"contacts": contacts}, economics={}, options=options
        )
        work_off()
        campaign.refresh_from_db()
        return campaign

    return make


@pytest.fixture
def approved(made, analyst, approver) -> Campaign:
    campaign = made(60)
    services.submit(analyst, campaign)
    return services.decide(approver, campaign, approved=True, note="")


def test_without_an_approved_list_there_is_nothing_to_compare_with(made) -> None:
    assert changes_since_last(made(60)) is None


def test_a_longer_list_lets_more_enter_by_its_length(approved, made) -> None:
    changes = changes_since_last(made(80))
    assert changes is not None
    assert changes.before == approved
    assert (changes.enter, changes.leave, changes.stay) == (20, 0, 60)
    assert changes.causes == (("cut", 20, 0),)
    assert all(change.enters and change.cause == "cut" and change.because for change in changes.first)


def test_a_shorter_list_lets_some_leave_and_the_page_says_by_what(approved, made, approver) -> None:
    shorter = made(40)
    changes = changes_since_last(shorter)
    assert changes is not None
    assert (changes.enter, changes.leave, changes.causes) == (0, 20, (("cut", 0, 20),))
    client = Client()
    client.force_login(approver, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/campaigns/{shorter.id}").content.decode()
    assert "the length of the list: 0 enter, 20 leave" in page


@pytest.fixture
def next_month(analyst, made_dataset) -> Dataset:
    """The small made table a month later: every fourth customer has another's balance."""
    folder = settings.ENVIRONMENT.folder / "work" / "later"
    shutil.copytree(settings.ENVIRONMENT.folder / made_dataset.folder, folder)
    customers = made_customers()
    other = pl.when(pl.col("row") % 4 == 0).then(pl.col("balance_usd").reverse()).otherwise("balance_usd")
    customers.with_columns(balance_usd=other).write_parquet(folder / "customers.parquet")
    made_dataset.pk, made_dataset.folder, made_dataset.data_hash = None, "work/later", "1" * 64
    made_dataset.id = Dataset._meta.pk.get_default()
    made_dataset.save(force_insert=True)
    return made_dataset


def test_where_both_changed_the_old_models_ranks_of_the_new_table_part_them(
    approved, made, analyst, champion, next_month, work_off
) -> None:
    newer = ModelVersion.objects.get(pk=champion.pk)
    newer.pk, newer.id, newer.number = None, ModelVersion._meta.pk.get_default(), 2
    newer.save(force_insert=True)
    run = start_scoring(analyst, dataset=next_month, version=newer)
    work_off()
    run.refresh_from_db()
    campaign = made(60, run)
    changes = changes_since_last(campaign)
    assert changes is not None
    assert changes.enter > 0
    assert {cause for cause, _enter, _leave in changes.causes} == {"model and data"}
    start_scoring(analyst, dataset=next_month, version=champion)
    work_off()
    # The newer version is a copy of the older one, so that nothing can have moved by the model.
    assert changes_since_last(campaign).causes == (("data", changes.enter, changes.leave),)


@pytest.mark.parametrize("top_up", [True, False])
def test_the_places_less_those_left_out_and_with_those_filled_are_the_list(
    scored_run, analyst, work_off, approver, top_up
) -> None:
    ranked = pl.read_parquet(settings.ENVIRONMENT.folder / scored_run.folder / "candidates.parquet").sort("rank")
    barred = ranked.filter(pl.col("rank").is_in([1, 5, 40, 41, 43]))["customer_id"].to_list()
    campaign = services.draft(
        analyst,
        scored_run,
        name="sum",
        capacity={"contacts": 40},
        economics={},
        options={"day": "2026-12-01", "control_share": 0.2, "top_up": top_up},
    )
    for kind, ids in (("staff", barred), ("complaint", barred[:1])):
        sheet = SimpleUploadedFile("list.csv", ("customer_id\n" + "\n".join(ids)).encode())
        work_off()
        services.add_exclusion(analyst, campaign, kind=kind, upload=sheet)
    work_off()
    campaign.refresh_from_db()
    account = selectors.account_of(campaign)
    assert account is not None
    assert (account.places, account.left_out) == (40, 3)
    assert account.places - account.left_out + account.filled == account.chosen
    assert (account.filled, account.chosen, account.passed_over) == ((3, 40, 2) if top_up else (0, 37, 0))
    assert account.on_several
    client = Client()
    client.force_login(approver, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/campaigns/{campaign.id}").content.decode()
    assert '<td class="n">\N{MINUS SIGN}3</td>' in page
    assert ("2 more left out among them" in page) == top_up
