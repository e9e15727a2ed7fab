"""A campaign as files, and the summary from which they can be made again to the byte."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from affluence.data.writing import checksum, table_bytes
from affluence.decision.campaign import Campaign, CampaignSettings
from affluence.errors import UserError

SUMMARY, PAGE = "summary.json", "campaign.html"

__all__ = ["PAGE", "SUMMARY", "Provenance", "campaign_files", "differences", "provenance_of", "settings_of"]


@dataclass(frozen=True)
class Provenance:
    """What a campaign was made from: the model, the table's hash, the contract's fingerprint, and how it was cut."""

    model_name: str
    model_version: str
    data_hash: str
    contract_fingerprint: str
    cut: Mapping[str, str | float | int | None]
    affluence_version: str


def campaign_files(campaign: Campaign, provenance: Provenance, *, page: str | None = None) -> dict[str, bytes]:
    """The files of a campaign by name, for `data.writing.write_folder`: equal campaigns give equal bytes.

    `list.csv`, `list.xlsx` and `list.parquet` hold those to be contacted and nobody else; `control.parquet` those held
    back, `excluded.parquet` those left out, `summary.json` everything that is needed to make them again. `page`, where
    there is one, stands beside them as `campaign.html`.
    """
    files = {
        "list.csv": table_bytes(campaign.contacts, "csv"),
        "list.xlsx": table_bytes(campaign.contacts, "xlsx"),
        "list.parquet": table_bytes(campaign.contacts, "parquet"),
        "control.parquet": table_bytes(campaign.control, "parquet"),
        "excluded.parquet": table_bytes(campaign.excluded, "parquet"),
    }
    if page is not None:
        files[PAGE] = page.encode()
    summary = _summary(campaign, provenance) | {"files": {name: checksum(content) for name, content in files.items()}}
    return files | {SUMMARY: (json.dumps(summary, indent=2, ensure_ascii=False) + "\n").encode()}


def settings_of(summary: Mapping[str, Any]) -> CampaignSettings:
    """The settings that a summary was made with. Errors: UserError when it is no summary of a campaign."""
    try:
        settings = dict(summary["settings"])
        return CampaignSettings(**settings | {"day": date.fromisoformat(settings["day"])})
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"This is no summary of a campaign ({error}). Give the {SUMMARY} of its folder.") from error


def provenance_of(summary: Mapping[str, Any]) -> Provenance:
    """What a summary's campaign was made from. Errors: UserError when it is no summary of a campaign."""
    try:
        provenance = Provenance(**summary["provenance"])
        return replace(provenance, cut=dict(provenance.cut))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"This is no summary of a campaign ({error}). Give the {SUMMARY} of its folder.") from error


def differences(summary: Mapping[str, Any], remade: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs between a campaign's summary and that of its remake, a sentence each; none when all is equal.

    Inputs (model, data, contract, cut, settings, exclusion lists) come before what follows from them.
    """
    was, now = dict(_flat(summary)), dict(_flat(remade))
    names = [*was, *(name for name in now if name not in was)]
    return tuple(
        f"{name} was {was.get(name, 'absent')} and is {now.get(name, 'absent')}."
        for name in names
        if was.get(name) != now.get(name)
    )


def _summary(campaign: Campaign, provenance: Provenance) -> dict[str, Any]:
    kinds = Counter(kind for kinds in campaign.excluded["kind"] for kind in set(kinds.split("; ")))
    held_back, written = campaign.control.height, campaign.contacts.height
    return {
        "provenance": asdict(provenance),
        "settings": asdict(campaign.settings) | {"day": campaign.settings.day.isoformat()},
        "exclusion_lists": [
            {"kind": listed.kind, "name": listed.name, "sha256": listed.sha256, "lines": listed.entries.height}
            for listed in campaign.lists
        ],
        "campaign": campaign.key,
        "rows": {
            "expected": campaign.asked,
            "excluded": campaign.excluded.height,
            "excluded_by_reason": dict(sorted(kinds.items())),
            "topped_up": campaign.topped_up,
            "held_back": held_back,
            "written": written,
        },
        "power": asdict(campaign.power),
        "warnings": list(campaign.warnings),
    }


def _flat(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(part, Mapping):
        pairs = [(f"{path}.{name}" if path else str(name), value) for name, value in part.items()]
    elif isinstance(part, list):
        pairs = [(f"{path}.{place}", value) for place, value in enumerate(part, start=1)]
    else:
        yield path, part
        return
    for name, value in pairs:
        yield from _flat(value, name)
