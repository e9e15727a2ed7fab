"""The evidence pack: whole, hashed, read from its files, and refused where the registry is not as it was."""

import hashlib
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from affluence import workspace
from affluence.cli import main
from affluence.errors import UserError
from affluence.reporting.evidence_pack import Evidence, make_pack

MODEL = "affluence-reference_bank"


def call(*arguments: str):
    return CliRunner().invoke(main, ["pack", *arguments])


@pytest.fixture
def packed(bank, tmp_path) -> Path:
    written = call(MODEL, "--out", str(tmp_path / "pack"))
    assert written.exit_code == 0, written.output
    return tmp_path / "pack"


@pytest.fixture
def harm(bank) -> Iterator[Callable[[str, bytes | None], None]]:
    """Takes every file of a name out of the registry, or puts other bytes in its place; undone at the end."""
    before = {}

    def harm_all(name: str, content: bytes | None) -> None:
        for path in (bank / "data/06_models").rglob(name):
            before[path] = path.read_bytes()
            path.unlink() if content is None else path.write_bytes(content)

    yield harm_all
    for path, content in before.items():
        path.write_bytes(content)


def test_every_figure_stands_in_the_file_that_it_links_to(packed):
    manifest = json.loads((packed / "manifest.json").read_text())
    page = (packed / "index.html").read_text()
    assert len(manifest["figures"]) > 20
    for figure in manifest["figures"]:
        content = (packed / figure["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == figure["sha256"] == manifest["files"][figure["file"]]
        found = json.loads(content)
        for step in figure["pointer"].strip("/").split("/"):
            found = found[int(step)] if isinstance(found, list) else found[step]
        value = found["value"] if isinstance(found, dict) else found
        told = f"{value:.3f}" if isinstance(value, float) and value < 1_000 else None
        assert told is None or figure["told"].startswith(told)
        assert f'href="{figure["file"]}"' in page
        assert figure["pointer"] in page


def test_the_pack_is_checked_by_a_program_that_is_everywhere(packed):
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not on this machine")
    assert subprocess.run(check, cwd=packed, capture_output=True, check=False).returncode == 0
    listed = {line.split("  ")[1] for line in (packed / "SHA256SUMS").read_text().splitlines()}
    assert listed == {path.name for path in packed.iterdir()} - {"SHA256SUMS"}
    (packed / "evaluation.json").write_text((packed / "evaluation.json").read_text().replace("0.9", "0.8", 1))
    told = subprocess.run(check, cwd=packed, capture_output=True, text=True, check=False)
    assert told.returncode != 0
    assert "evaluation.json: FAILED" in told.stdout


def test_nobody_is_named_in_a_pack_and_no_digest_of_anybody(packed, bank):
    ids = pl.read_parquet(bank / "data/01_raw/reference_bank.parquet")["C_ID"].cast(pl.String).head(200)
    digests = set(pl.read_parquet(next((bank / "data/06_models").rglob("fold_map.parquet")))["digest"].cast(pl.String))
    for path in packed.iterdir():
        assert not digests & set(re.findall(r"\d{12,}", path.read_text())), path.name
        if path.suffix == ".json":
            assert not any(f'"{one}"' in path.read_text() for one in ids), path.name
    assert not (packed / "fold_map.parquet").exists()
    assert any("fold_map" in name for name in json.loads((packed / "manifest.json").read_text())["model_files"])


def test_a_made_banks_pack_says_so_and_loads_nothing_from_elsewhere(packed):
    page = (packed / "index.html").read_text()
    assert "SIMULATED" in page
    assert not re.search(r"(src|href)=\"https?:", page)


def test_the_same_evidence_gives_the_same_pack_and_one_file_if_wanted(bank, tmp_path):
    for name in ("one.zip", "two.zip"):
        assert call(f"{MODEL}/1", "--out", str(tmp_path / name)).exit_code == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert "index.html" in zipfile.ZipFile(tmp_path / "one.zip").namelist()
    assert "is there already" in call(f"{MODEL}/1", "--out", str(tmp_path / "one.zip")).output


def test_a_model_is_named_by_version_or_alias_and_else_told_in_words(bank, tmp_path):
    assert "version 2" in call(f"{MODEL}@challenger", "--out", str(tmp_path / "second")).output
    assert "no model" in call(f"{MODEL}/99", "--out", str(tmp_path / "none")).output
    assert "names no model" in call("models://what", "--out", str(tmp_path / "none")).output
    assert not (tmp_path / "none").exists()


def test_further_files_lie_beside_and_may_not_take_the_place_of_ours(bank, tmp_path):
    (tmp_path / "honesty.json").write_text("{}")
    (tmp_path / "index.html").write_text("mine")
    beside = call(MODEL, "--with", str(tmp_path / "honesty.json"), "--out", str(tmp_path / "pack"))
    assert beside.exit_code == 0
    assert "honesty.json" in json.loads((tmp_path / "pack/manifest.json").read_text())["files"]
    refused = call(MODEL, "--with", str(tmp_path / "index.html"), "--out", str(tmp_path / "other"))
    assert refused.exit_code == 1
    assert "a file of that name itself" in refused.output


@pytest.mark.parametrize("name", ["evaluation.json", "do_not_train.json", "fold_1"])
def test_no_pack_where_a_file_is_missing(harm, tmp_path, name):
    harm(name, None)
    refused = call(MODEL, "--out", str(tmp_path / "pack"))
    assert refused.exit_code == 1
    assert "missing in the registry" in refused.output
    assert name in refused.output
    assert not (tmp_path / "pack").exists()


@pytest.mark.parametrize("name", ["evaluation.json", "model_card.html", "model.json"])
def test_no_pack_where_a_file_was_tampered_with(harm, tmp_path, name):
    harm(name, b"{}")
    refused = call(MODEL, "--out", str(tmp_path / "pack"))
    assert refused.exit_code == 1
    assert "not as it was registered" in refused.output
    assert name in refused.output
    assert not (tmp_path / "pack").exists()


def test_no_pack_of_a_model_that_was_registered_without_hashes(bank):
    evidence = workspace.registry().evidence(MODEL)
    recorded = {name: digest for name, digest in evidence.recorded.items() if name != "evaluation.json"}
    with pytest.raises(UserError, match=r"registered without a hash: evaluation\.json"):
        make_pack(replace(evidence, recorded=recorded))


def test_no_pack_where_a_file_lacks_a_figure(bank):
    evidence = workspace.registry().evidence(MODEL)
    content = evidence.files["discovery.json"].replace(b'"reviewed"', b'"renamed"')
    digests = {**evidence.recorded, "discovery.json": hashlib.sha256(content).hexdigest()}
    with pytest.raises(UserError, match=r"discovery\.json has no /reviewed"):
        make_pack(Evidence(evidence.label, {**evidence.files, "discovery.json": content}, digests))
