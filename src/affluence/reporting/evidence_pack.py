"""A model's evidence pack: what is claimed of it, each figure beside the hashed file in which it stands.

No figure is written by hand. Each is read from its file while the pack is made, by the place that the pack names, so a
file that is missing or was changed stops the pack.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affluence.data.writing import checksum, write_folder
from affluence.errors import UserError
from affluence.pu.release import ModelLabel
from affluence.reporting import wording
from affluence.reporting.page import environment, plain_styles

INDEX, MANIFEST, SUMS = "index.html", "manifest.json", "SHA256SUMS"
OWN_FILES = frozenset({INDEX, MANIFEST, SUMS})

# What a registered version must have, and what each file says.
WANTED: Mapping[str, str] = {
    "evaluation.json": "How good it is against the tag, out of fold: learners, curve, calibration, importance",
    "discovery.json": "How many are hidden, under which assumption, and what the table cannot tell",
    "intake.json": "The table that it learned from: its hash, and every breach of the contract",
    "contract.json": "What each column means and may be used for, as it stood when the model learned",
    "do_not_train.json": "That nobody on the do-not-train list was learned from",
    "figures.html": "The curves of the evaluation",
    "model_card.html": "The model card",
}
MODEL_STATE = "model/model.json"

# A figure: what it is called, the file, and the place in it as a JSON pointer. {champion} is the place of the learner
# whose ranking becomes the list.
Place = tuple[str, str, str]
PLACES: Sequence[Place] = (
    ("Table", "intake.json", "/file"),
    ("SHA-256 of the table", "intake.json", "/data_hash"),
    ("Rows read", "intake.json", "/rows_read"),
    ("Rows kept", "intake.json", "/rows_kept"),
    ("Customers learned from", "evaluation.json", "/customers"),
    ("Rows tagged affluent", "evaluation.json", "/tagged"),
    ("Folds", "evaluation.json", "/folds"),
    ("Seed", "evaluation.json", "/seed"),
    ("Capacity", "evaluation.json", "/capacity"),
    ("Learner whose ranking becomes the list", "evaluation.json", "/champion"),
    ("ROC AUC of the tag", "evaluation.json", "/learners/{champion}/roc_auc"),
    ("Average precision", "evaluation.json", "/learners/{champion}/average_precision"),
    ("Recall at capacity", "evaluation.json", "/learners/{champion}/recall_at_capacity"),
    ("Precision at capacity, against the tag", "evaluation.json", "/learners/{champion}/precision_at_capacity"),
    ("Log loss", "evaluation.json", "/learners/{champion}/log_loss"),
    ("Expected calibration error", "evaluation.json", "/reliability/expected_error"),
    ("Tolerated calibration error", "evaluation.json", "/reliability/tolerance"),
    ("ROC AUC in sample, for comparison", "evaluation.json", "/in_sample/roc_auc_in_sample"),
    ("Hidden affluent, low end", "discovery.json", "/hidden_count/low"),
    ("Hidden affluent, high end", "discovery.json", "/hidden_count/high"),
    ("Hidden affluent, assumption", "discovery.json", "/hidden_count/assumption"),
    ("Customers checked by hand", "discovery.json", "/reviewed"),
    ("Tag drivers that were used", "discovery.json", "/drivers"),
    ("On the do-not-train list", "do_not_train.json", "/listed"),
    ("Of them learned from", "do_not_train.json", "/listed_and_learned_from"),
)


@dataclass(frozen=True)
class Evidence:
    """What the registry holds of a version: its files by name, and the SHA-256 of each as it was registered."""

    label: ModelLabel
    files: Mapping[str, bytes]
    recorded: Mapping[str, str]


@dataclass(frozen=True)
class Figure:
    """A figure as it is told, with the file and the place in it (a JSON pointer) from which it was read."""

    title: str
    told: str
    assumption: str
    file: str
    pointer: str
    sha256: str


def make_pack(evidence: Evidence, beside: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """The pack's files by name: the index, a manifest, sums for `sha256sum --check`, and the evidence itself.

    `beside` are further files of a validation, such as an honesty proof; they are listed with their hash. The model
    stays in the registry, for its fold map holds a digest of every customer: the pack holds its hashes. The same
    evidence gives the same pack, to the byte.

    Errors: UserError when a file is missing, differs from what was registered, or lacks a figure.
    """
    added = dict(beside or {})
    _require_proven(evidence)
    _require_free_names(added)
    shown = {name: evidence.files[name] for name in WANTED}
    figures = list(_figures(shown))
    model = {name: digest for name, digest in sorted(evidence.recorded.items()) if name.startswith("model/")}
    files = {**shown, **dict(sorted(added.items()))}
    files[MANIFEST] = _manifest(evidence.label, figures, files, model)
    files[INDEX] = _index(evidence.label, figures, files, model, added)
    files[SUMS] = "".join(f"{checksum(files[name])}  {name}\n" for name in sorted(files)).encode()
    return files


def read_beside(paths: Sequence[Path]) -> dict[str, bytes]:
    """Further files by name. Errors: UserError for a name that occurs twice."""
    files = {path.name: path.read_bytes() for path in paths}
    if len(files) < len(paths):
        raise UserError("Two of the files that are to lie beside have one name. Rename one of them.")
    return files


def write_pack(files: Mapping[str, bytes], target: Path) -> None:
    """Write a pack to `target`, which is new: a zip archive if its name ends so, else a folder.

    Equal packs give equal archives. Errors: UserError when something stands there already.
    """
    if target.suffix != ".zip":
        write_folder(files, target)
        return
    if target.exists():
        raise UserError(f"{target.name} is there already. Name a new file, or move that one away.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def _require_proven(evidence: Evidence) -> None:
    """Errors: UserError that names every file that is missing, was registered without a hash, or was changed."""
    wanted = {*WANTED, MODEL_STATE, *evidence.recorded}
    missing = sorted(wanted - evidence.files.keys())
    unproven = sorted((wanted & evidence.files.keys()) - evidence.recorded.keys())
    changed = sorted(
        name for name, digest in evidence.recorded.items() if checksum(evidence.files.get(name, b"")) != digest
    )
    told = {
        "missing in the registry": missing,
        "registered without a hash": unproven,
        "not as it was registered": [name for name in changed if name not in missing],
    }
    if found := [f"{what}: {', '.join(names)}" for what, names in told.items() if names]:
        raise UserError(
            f"There is no pack of {evidence.label.name} version {evidence.label.version}, for its evidence is not "
            f"whole. {'; '.join(found)}. Restore the registry from a back-up, or train again."
        )


def _require_free_names(added: Mapping[str, bytes]) -> None:
    if taken := sorted(added.keys() & (WANTED.keys() | OWN_FILES)):
        raise UserError(f"{', '.join(taken)}: the pack has a file of that name itself. Rename yours.")


def _figures(files: Mapping[str, bytes]) -> Iterator[Figure]:
    read = {name: json.loads(content) for name, content in files.items() if name.endswith(".json")}
    evaluation = read["evaluation.json"]
    chosen = [result["learner"] for result in evaluation["learners"]].index(evaluation["champion"])
    for title, file, place in PLACES:
        pointer = place.format(champion=chosen)
        value = _at(read[file], pointer, file=file)
        assumption = str(value["assumption"]) if isinstance(value, Mapping) else ""
        yield Figure(title, _told(value), assumption, file, pointer, checksum(files[file]))


def _at(document: Any, pointer: str, *, file: str) -> Any:
    """What stands at a JSON pointer. Errors: UserError when nothing does."""
    found = document
    for step in pointer.strip("/").split("/"):
        try:
            found = found[int(step)] if isinstance(found, list) else found[step]
        except (KeyError, IndexError, TypeError) as error:
            raise UserError(f"{file} has no {pointer}, so that figure has no evidence. Train again.") from error
    return found


def _told(value: Any) -> str:
    """A figure in words: an estimate with its interval, a whole number with its thousands, else as it stands."""
    if isinstance(value, Mapping):
        return f"{value['value']:.3f} ({value['level']:.0%}: {value['low']:.3f} to {value['high']:.3f})"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, int):
        return wording.count(value)
    return f"{value:,.3f}" if isinstance(value, float) else str(value)


def _manifest(
    label: ModelLabel, figures: Sequence[Figure], files: Mapping[str, bytes], model: Mapping[str, str]
) -> bytes:
    manifest = {
        "model": label.name,
        "version": label.version,
        "files": {name: checksum(content) for name, content in files.items()},
        "model_files": model,
        "figures": [
            {"title": f.title, "told": f.told, "file": f.file, "pointer": f.pointer, "sha256": f.sha256}
            for f in figures
        ],
    }
    return json.dumps(manifest, indent=1).encode()


def _index(
    label: ModelLabel,
    figures: Sequence[Figure],
    files: Mapping[str, bytes],
    model: Mapping[str, str],
    added: Mapping[str, bytes],
) -> bytes:
    contract = json.loads(files["contract.json"])
    page = (
        environment()
        .get_template("evidence_pack.html.j2")
        .render(
            content={"simulated": contract["simulated"]},
            title=contract["title"],
            label=label,
            figures=figures,
            held=[(name, said, checksum(files[name])) for name, said in WANTED.items()],
            added=[(name, checksum(content)) for name, content in sorted(added.items())],
            model=model,
            manifest=checksum(files[MANIFEST]),
            styles=plain_styles(),
        )
    )
    return page.encode()
