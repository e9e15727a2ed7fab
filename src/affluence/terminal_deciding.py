"""What a terminal shows of a decision: the cut, the reasons, the segments, a campaign and what came of it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table

from affluence.terminal import print_table, say, show_stability

if TYPE_CHECKING:
    import polars as pl

    from affluence.decision.campaign import Campaign
    from affluence.decision.capacity import Cut
    from affluence.decision.expected_finds import Expected
    from affluence.decision.outcomes import CampaignResult
    from affluence.decision.reasons import Explanation
    from affluence.decision.segments import Segmentation
    from affluence.evaluation.challenge import Challenge
    from affluence.evaluation.comparison import Beside, Finds, ModelComparison, Reviewed
    from affluence.evaluation.fairness import FairReach, GroupReach
    from affluence.evaluation.results import Estimate
    from affluence.pu.release import ModelLabel

SHOWN_COLUMNS = 8
DRAWN_BY = "'affluence review suggest' writes a sheet of people worth checking."


def show_cut(cut: "Cut") -> None:
    """Print everything that is known of a list that long."""
    say(f"Asked for: {cut.asked_for}.")
    found = _expected(cut.finds)
    say(
        f"Contact {cut.contacts:,} of {cut.candidates:,} candidates ({cut.share:.1%}): {found} truly affluent expected."
    )
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for name, value in _lines(cut):
        table.add_row(name, value)
    print_table(table)
    from affluence.decision.capacity import CHECK_BY_HAND

    notes = [*cut.notes, DRAWN_BY] if CHECK_BY_HAND in cut.notes else cut.notes
    for note in notes:
        say(f"- {note}")
    say(f"- {cut.finds.assumption[:1].upper()}{cut.finds.assumption[1:]}.")


def show_explanation(explanation: "Explanation") -> None:
    """Print by what the ranking is explained, how far that follows it, and how often each column is a reason."""
    say(
        f"Explained by {explanation.explainer}, fitted to {explanation.fitted_to:,} scores. Its ranking of the listed "
        f"agrees with the real one at {explanation.agreement:.3f} (Spearman)."
    )
    if not explanation.said:
        say("That is too little, so no reason is said.")
    if explanation.pass_rate is not None:
        say(f"{explanation.pass_rate:.0%} of the reasons tested hold: without the value the score falls.")
    for row in explanation.by_column.sort("passed", descending=True).head(SHOWN_COLUMNS).iter_rows(named=True):
        say(f"  {row['column']}: {row['passed']:,} of {row['tested']:,} hold")


def show_segments(segmentation: "Segmentation") -> None:
    """Print the segments with their rules, and how far they are found again."""
    table = Table(box=None, pad_edge=False)
    table.add_column("segment")
    table.add_column("people", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("rule")
    for part in segmentation.segments:
        table.add_row(part.name, f"{part.people:,}", f"{part.share:.0%}", part.text)
    print_table(table)
    baseline = segmentation.baseline
    say(
        f"Found again in halves of the list: adjusted Rand index {segmentation.agreement.mean:.2f}, lowest "
        f"{segmentation.agreement.lowest:.2f}; {segmentation.explained:.0%} of the differences lie between segments. "
        f"Plain k-means: {baseline.agreement.mean:.2f}, {baseline.agreement.lowest:.2f} and {baseline.explained:.0%}."
    )


def show_reach(reach: "FairReach") -> None:
    """Print whom the list reaches by group, beside everybody."""
    table = Table(box=None, pad_edge=False)
    table.add_column("group")
    for heading in ("candidates", "listed", "share (90 %)", "beside the others (90 %)", "expected affluent reached"):
        table.add_column(heading, justify="right")
    for group in reach.groups:
        table.add_row(f"{group.column}: {group.group}", *_reached(group))
    print_table(table)
    whole = reach.overall
    say(f"Of all candidates {whole.value:.1%} are listed. Groups under 10 candidates are not told.")
    say("* is under four fifths of the others' share (EEOC 1978): a line to look at, and no verdict.")


def show_challenge(challenge: "Challenge", label: "ModelLabel", *, table: str) -> None:
    """Print the comparison, how the table moved, and whether the challenger is proposed."""
    show_comparison(challenge.comparison)
    show_stability(challenge.stability)
    said = "proposed as champion" if challenge.proposed else "not proposed"
    say(f"{label.name} version {label.version} is {said}. {challenge.because}")
    if challenge.proposed:
        say(f"Nothing was promoted. After a look at the page: affluence promote {label.version} --contract {table}")


def show_comparison(comparison: "ModelComparison") -> None:
    """Print how two models differ, and how many would enter and leave the list."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", comparison.champion, comparison.challenger, "difference (90 %)"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for name, beside, decimals in _beside(comparison):
        if beside:
            differ = beside.difference
            shown = f"{differ.value:+.{decimals}f} ({differ.low:+.{decimals}f} to {differ.high:+.{decimals}f})"
            table.add_row(name, f"{beside.champion:.{decimals}f}", f"{beside.challenger:.{decimals}f}", shown)
    print_table(table)
    say(
        f"Of {comparison.contacts:,} on the list {comparison.staying:,} would stay and {comparison.exchanged:,} would "
        "leave for as many who enter."
    )
    say(_of_finds(comparison.finds))
    say(_of_reviewed(comparison.reviewed))
    say(comparison.verdict)


def show_campaign(campaign: "Campaign") -> None:
    """Print who is called, held back and left out, and what the list can prove."""
    say(
        f"{campaign.settings.name} ({campaign.key}): {campaign.contacts.height:,} to contact, "
        f"{campaign.control.height:,} held back as control group, {campaign.excluded.height:,} left out."
    )
    say(campaign.power.sentence())
    for warning in campaign.warnings:
        if warning != campaign.power.sentence():
            say(f"- {warning}")


def show_list_changes(moves: "pl.DataFrame") -> None:
    """Print how many enter and leave a list, by what moved them."""
    table = Table(box=None, pad_edge=False)
    for heading in ("moved by", "enter", "leave"):
        table.add_column(heading, justify="left" if heading == "moved by" else "right", no_wrap=True)
    for cause in moves["cause"].unique().sort():
        by_it = moves.filter(cause=cause)["enters"]
        table.add_row(cause, f"{by_it.sum():,}", f"{(~by_it).sum():,}")
    if moves.height:
        print_table(table)
    say(f"{moves['enters'].sum():,} enter and {(~moves['enters']).sum():,} leave.")


def show_outcomes(result: "CampaignResult") -> None:
    """Print what the campaign brought against its control group."""
    say(f"Heard of {result.heard_of:,} of {result.contacted + result.control:,} customers in the campaign.")
    lifts = {
        "Upgrades": (result.upgrades, 100, " points"),
        "Opt-outs": (result.opt_outs, 100, " points"),
        "Complaints": (result.complaints, 100, " points"),
        "Revenue a customer": (result.revenue, 1, ""),
    }
    for name, (lift, scale, unit) in lifts.items():
        say(f"{name}, beyond the control group: {_difference(lift, scale=scale, unit=unit)}")
    say(f"Verdicts learned for the next training: {result.review.height:,}.")
    for warning in result.warnings:
        say(f"- {warning}")


def _beside(comparison: "ModelComparison") -> "Iterator[tuple[str, Beside | None, int]]":
    """Each figure by its name in words, and how many decimals of it are shown."""
    yield "recall of the tagged", comparison.recall_of_tagged, 4
    yield "average precision of the tag", comparison.average_precision, 4
    yield "ROC AUC of the tag", comparison.roc_auc, 4
    yield "expected finds", comparison.finds.beside if comparison.finds else None, 0
    yield "share listed of those found affluent by hand", comparison.reviewed.recall if comparison.reviewed else None, 2


def _of_finds(finds: "Finds | None") -> str:
    if finds is None:
        return (
            "Expected finds cannot be compared: they need chances of both models, and a model that has learned from no "
            "counting review gives none."
        )
    return (
        f"The exchange adds {finds.by_champion:+,.0f} finds by the champion's chances and {finds.by_challenger:+,.0f} "
        "by the challenger's. Each believes its own, so neither says where the truth lies."
    )


def _of_reviewed(reviewed: "Reviewed | None") -> str:
    if reviewed is None:
        return (
            "No verdicts were given (--review), and the tag cannot tell which list holds more of the hidden affluent: "
            "NORMAL means not tagged."
        )
    checked = reviewed.confirmed + reviewed.refuted
    shares = (reviewed.champion_precision, reviewed.challenger_precision)
    champion, challenger = (
        "nobody was checked" if one is None else f"{one.value:.0%} were (90 %: {one.low:.0%} to {one.high:.0%})"
        for one in shares
    )
    return (
        f"Checked by hand: {checked:,} candidates, {reviewed.confirmed:,} of them found affluent. Of the checked on "
        f"the champion's list {champion}, on the challenger's {challenger}."
    )


def _reached(group: "GroupReach") -> tuple[str, ...]:
    if group.share is None:
        return ("too few", "", "", "", "")
    share, ratio = group.share, group.ratio
    mark = " *" if group.below_four_fifths else ""
    beside = "" if ratio is None else f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f}){mark}"
    return (
        f"{group.candidates:,}",
        f"{group.listed:,}",
        f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})",
        beside,
        "unknown" if group.reached is None else f"{group.reached:.1%}",
    )


def _lines(cut: "Cut") -> list[tuple[str, str]]:
    currency = cut.economics.currency
    lines = [
        ("score of the last on the list", f"{cut.score:.3f}"),
        ("lowest chance on the list", "unknown" if cut.lowest_chance is None else f"{cut.lowest_chance:.1%}"),
        ("share affluent of the list", _expected(cut.precision, share=True)),
    ]
    if cut.recall_of_tagged:
        recall = cut.recall_of_tagged
        lines.append(("tagged affluent that high", f"{recall.value:.1%} (90 %: {recall.low:.1%} to {recall.high:.1%})"))
    if cut.weeks is not None:
        lines.append(("weeks of the team", f"{cut.weeks:,.1f}"))
    for name, amount in (("cost", cut.cost), ("value", cut.value), ("net", cut.net)):
        if amount is not None:
            lines.append((name, f"{amount:,.0f} {currency}" if isinstance(amount, float) else _expected(amount)))
    if cut.next_calls:
        more = cut.next_calls
        worth = f", worth {_expected(more.value)} {currency}" if more.value else ""
        lines.append((f"the next {more.contacts} calls", f"{_expected(more.finds)} more{worth}"))
    return lines


def _expected(number: "Expected", *, share: bool = False) -> str:
    pattern = "{:.1%}" if share else "{:,.0f}"
    low, high = pattern.format(number.low), pattern.format(number.high)
    if number.value is None:
        return f"between {low} and {high}"
    return f"{pattern.format(number.value)} (90 %: {low} to {high})"


def _difference(lift: "Estimate | None", *, scale: float, unit: str) -> str:
    if lift is None:
        return "not known, nobody was held back"
    value, low, high = (scale * part for part in (lift.value, lift.low, lift.high))
    return f"{value:+,.1f}{unit} (90 %: {low:+,.1f} to {high:+,.1f})"
