"""The jobs that make a campaign's list, and that measure what came of it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.conf import settings

from affluence_service.campaigns import selectors
from affluence_service.campaigns.models import Campaign, Outcomes
from affluence_service.jobs.models import Job
from affluence_service.jobs.work import Task

if TYPE_CHECKING:
    from affluence.data.outcome_files import Outcomes as ToldOutcomes
    from affluence.decision.outcomes import CampaignResult

REVIEW, TAKE_UP = "review.csv", "take_up.csv"


class Make:
    """Makes the list of a campaign: the cut, who is left out, who is held back, and what is said of each."""

    def do(self, task: Task) -> Mapping[str, Any]:
        """The campaign's summary and its checksum."""
        from affluence import deciding
        from affluence.data.writing import checksum
        from affluence.decision.campaign_files import SUMMARY
        from affluence.decision.population import FramePopulation
        from affluence_service.runs.results import offers_of, open_run

        campaign = Campaign.objects.select_related("run__dataset", "run__version").get(id=task.subject)
        options = {**campaign.options, "name": campaign.name}
        chosen = deciding.campaign_settings(options, seed=int(options.get("seed", 0)))
        run = open_run(campaign.run)
        population = FramePopulation(run.customers, run.scores, run.candidates)
        gains = deciding.prepare_cuts(run.model, population)
        cut = deciding.cut(gains, run.model.contract, campaign.capacity, campaign.economics)
        lists = selectors.exclusion_lists(campaign)
        selection = deciding.select(population, cut, chosen, lists)
        described = deciding.describe_selection(
            run.model, population, gains, selection, offers_of(campaign.run), seed=chosen.seed
        )
        made = deciding.hold_back(selection, described, chosen)
        provenance = deciding.provenance(run.model, run.label, run.intake, campaign.capacity, campaign.economics)
        files = deciding.write_campaign(made, provenance)
        files[selectors.CUT] = json.dumps(asdict(cut)).encode()
        for name, content in files.items():
            (task.folder / name).write_bytes(content)
        return {"summary": json.loads(files[SUMMARY]), "checksum": checksum(files[SUMMARY])}

    def publish(self, job: Job, result: Mapping[str, Any]) -> None:
        """A draft, if nobody asked for another making since."""
        Campaign.objects.filter(id=job.subject, job=job).update(
            state=Campaign.State.DRAFT, folder=job.folder, summary=result["summary"], checksum=result["checksum"]
        )

    def give_up(self, job: Job, sentence: str) -> None:
        """Say why there is no list."""
        Campaign.objects.filter(id=job.subject, job=job).update(state=Campaign.State.FAILED, problem=sentence)


class Measure:
    """Measures what a campaign brought, against its control group."""

    def do(self, task: Task) -> Mapping[str, Any]:
        """The lifts with their intervals, and who took up, without cells too small to be told."""
        from datetime import date

        import polars as pl

        from affluence.data.writing import write_csv
        from affluence.decision.outcomes import measure_campaign

        outcomes = Outcomes.objects.select_related("campaign__run__dataset").get(id=task.subject)
        campaign = outcomes.campaign
        control = pl.read_parquet(selectors.folder_of(campaign) / selectors.CONTROL)
        day = date.fromisoformat(campaign.summary["settings"]["day"])
        result = measure_campaign(selectors.people_of(campaign), control, _told(outcomes), day=day)
        write_csv(result.review, task.folder / REVIEW)
        write_csv(result.take_up, task.folder / TAKE_UP)
        return _figures(result)

    def publish(self, job: Job, result: Mapping[str, Any]) -> None:
        """Show the lift."""
        Outcomes.objects.filter(id=job.subject).update(folder=job.folder, lift=dict(result), problem="")

    def give_up(self, job: Job, sentence: str) -> None:
        """Say why there is no lift."""
        Outcomes.objects.filter(id=job.subject).update(problem=sentence)


def _told(outcomes: Outcomes) -> "ToldOutcomes":
    """The outcomes in the uploaded sheet, or what relationship managers said."""
    import polars as pl

    from affluence.data.outcome_files import outcomes_of, read_outcomes

    campaign = outcomes.campaign
    if outcomes.upload:
        sheet = settings.ENVIRONMENT.folder / outcomes.upload / selectors.SHEET
        return read_outcomes(sheet, contract=selectors.contract_of(campaign))
    said = selectors.standing_dispositions(campaign)
    ids = dict(selectors.people_of(campaign, list(said)).select("rank", "customer_id").iter_rows())
    lines = [(ids[rank], one.answer, one.given_at.date().isoformat()) for rank, one in said.items()]
    told = pl.DataFrame(lines, schema=["customer_id", "outcome", "date"], orient="row")
    return outcomes_of(told, name=outcomes.name)


def _figures(result: "CampaignResult") -> Mapping[str, Any]:
    lifts = ("upgrades", "revenue", "opt_outs", "complaints")
    return {
        "contacted": result.contacted,
        "control": result.control,
        "heard_of": result.heard_of,
        **{name: asdict(lift) if (lift := getattr(result, name)) else None for name in lifts},
        "take_up": result.take_up.to_dicts(),
        "warnings": list(result.warnings),
    }
