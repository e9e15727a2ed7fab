"""What an approver reads of who enters and leaves since the last approved list, and by what."""

import pytest
from django.test import Client

from affluence_service.campaigns import services
from affluence_service.campaigns.changes import changes_since_last
from affluence_service.campaigns.models import Campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(analyst, scored_run, work_off):
    """Makes a list of so many contacts."""

    def make(contacts: int) -> Campaign:
        options = {"day": "2026-12-01", "control_share": 0.2}
        campaign = services.draft(
            analyst, scored_run, name=f"{contacts}", capacity={"contacts": contacts}, economics={}, options=options
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
