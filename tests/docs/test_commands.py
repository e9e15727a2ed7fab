"""Every command of the papers is run: here, by another test that the paper names, or where a program is that it needs.

A comment before a block says which: `<!-- run by: tests/... tests/... -->` or `<!-- needs: program -->`. Whatever has
none is run here as it stands, paper by paper, in one small project; only how much work is done is made less.
"""

import contextlib
import gzip
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import polars as pl
import pytest
from click.testing import CliRunner

from affluence.cli import main
from affluence.data import reference_bank
from affluence_service.verbs import main as service

ROOT = Path(__file__).resolve().parents[2]
PAPERS = sorted([*ROOT.glob("*.md"), *(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)])
BLOCK = re.compile(
    r"(?:^ *<!-- (run by|needs): (.+?) -->\n+)?^ *```(?:sh|bash|console)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL
)
CUSTOMERS = 1_200
OURS = {"affluence": main, "affluence-service": service}

# The same with less work, or with what a person would have put there.
LESS = (
    (r"^make run\b", "make -o .venv/main run MODE=fast"),
    (r"^make\b(?! -o)", "make -o .venv/dev -o .venv/main"),
    (r"^(affluence run)\b", r"\1 --mode fast"),
    (r"^affluence train\b(?!.*--learner)", "affluence train --learner xgboost"),
    (r"^affluence review apply\b", "affluence review apply --mode fast"),
    (r"^(affluence honesty .*?)(?: --repeats \d+)?$", r"\1 --repeats 1"),
    (r"--minutes \d+|^(affluence tune .*contract customers)$", r"\1 --minutes 0.05 --trials 1"),
    (r"^(kedro run)\b", r"\1 --params=learners=[xgboost]"),
    (r"(--params=learners=\S+) (.*)--params=", r"\2\1,"),
    (r"^affluence compare 4", "affluence compare 2"),
    (r"--contacts 800", "--contacts 100"),
    (r"--n 50", "--n 20"),
    (r"tokens issue analyst", "tokens issue anna"),
    (r"^(mlflow ui .*)$", r"timeout 10 \1 --port 0; test $? -eq 124"),
    (r"7c9e\S+", "$(affluence-service tokens list --of anna | grep -oE '[0-9a-f-]{36}' | head -1)"),
)
# What is done before a command the first time that one begins so, as the words of its paper say or as a bank would.
BEFORE = {
    "affluence check": ["cp corrected.yml conf/local/contract_customers.yml"],
    "affluence explain": ["affluence train --contract customers"],
    "affluence reach": ["affluence train --contract adult"] * 2,
    "affluence review apply": ["python fill_in.py sheet.csv"],
    "affluence campaign make --contract customers --contacts 800 --name spring --day": ["rm -r spring"],
    "affluence campaign outcomes": ["python outcomes.py"],
    "kedro run --pipeline scoring --params": ["kedro run"],
    "affluence-service": ["affluence-service manage migrate"],
    "affluence-service tokens": ["affluence-service people change anna --enable"],
    "sha256sum": ["cp data/08_reporting/pack_affluence-adult_*/* ."],
}


@dataclass(frozen=True)
class Command:
    """A line that a paper tells a person to type, and what the comment before its block says of it."""

    paper: str
    line: str
    how: str
    where: str

    @property
    def typed(self) -> str:
        """The line as every paper means it: the environment's programs are on the path."""
        return re.sub(r"\s+", " ", self.line.replace("\\\n", " ").removeprefix(".venv/bin/")).strip()


def commands() -> Iterator[Command]:
    for paper in PAPERS:
        for how, where, body in BLOCK.findall(paper.read_text()):
            whole = re.sub(r"(^|\s\s+)#.*$", "", body, flags=re.MULTILINE)
            for line in re.split(r"(?<!\\)\n", whole):
                if line.strip():
                    yield Command(str(paper.relative_to(ROOT)), line, how, where)


ALL = list(commands())
HERE = list({command.typed: command for command in ALL if not command.how}.values())


def test_the_papers_have_commands_and_most_are_run_here():
    assert len(ALL) > 60
    assert len(HERE) > 30


def test_who_needs_an_absent_program_is_counted():
    """A new one must be entered here, so that nobody marks a command to be rid of it."""
    needed = Counter(command.where for command in ALL if command.how == "needs")
    assert needed == {"docker": 7, "kedro-viz": 1, "mlflow-server": 1, "oc": 1}


@dataclass(frozen=True)
class Verb:
    """The verb that a line of ours is for, by the words that lead to it, and the options that it takes."""

    words: tuple[str, ...]
    options: frozenset[str]


def verb_of(typed: str) -> Verb:
    """The verb of a line of ours; what Django's `manage` is given after its own first word is Django's to know."""
    program, *rest = shlex.split(typed)
    command, words = OURS[program], []
    while isinstance(command, click.Group) and rest:
        words.append(rest.pop(0))
        command = command.commands[words[-1]]
    if words == ["manage"]:
        return Verb((rest[0],), frozenset(word.partition("=")[0] for word in rest))
    return Verb(tuple(words), frozenset(name for one in command.params for name in one.opts + one.secondary_opts))


@pytest.mark.parametrize("command", [one for one in ALL if one.typed.split()[0] in OURS], ids=lambda one: one.typed)
def test_a_verb_of_ours_is_there_and_takes_what_the_paper_gives_it(command):
    line = re.split(r" [|&;] | && ", command.typed)[0]
    given = {word.partition("=")[0] for word in shlex.split(line) if word.startswith("--")}
    assert given <= verb_of(line).options | {"--help", "--version"}


def words_of(command: Command) -> list[set[str]]:
    """Of each of these at least one stands in the test that runs the command."""
    program, verb, *_ = command.typed.split()
    if program in OURS:
        return [{word} for word in verb_of(command.typed).words]
    recipe = re.search(rf"^{verb}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    modules = re.findall(r"-m (benchmarks\.\w+)|(\w+)\.py", recipe.group(1)) if program == "make" and recipe else []
    return [{verb, *(name for pair in modules for name in pair if name)}]


@pytest.mark.parametrize(
    "command", [one for one in ALL if one.how == "run by"], ids=lambda one: f"{one.paper}: {one.typed}"
)
def test_the_test_that_runs_a_command_is_there_and_speaks_of_it(command):
    texts = [(ROOT / where).read_text() for where in command.where.split()]
    for words in words_of(command):
        spoken = re.compile("|".join(rf"(?<!\w)(?<!\w-){re.escape(word)}(?![\w-])" for word in words))
        assert any(spoken.search(text) for text in texts), f"{command.where}: none runs {command.typed}"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A clone with two small tables, the environment of these tests, and the sheets that a bank would bring."""
    root = tmp_path_factory.mktemp("commands")
    for name in ("pyproject.toml", ".telemetry", "Makefile", "requirements", "deploy"):
        (root / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (root / ".venv").mkdir()
    (root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    shutil.copytree(ROOT / "conf", root / "conf", ignore=shutil.ignore_patterns("local"))
    (root / "conf" / "local").mkdir()
    corrected = (root / "conf/base/contract_reference_bank.yml").read_text()
    corrected = re.sub(r"^(simulated|truth_file):.*\n", "", corrected, flags=re.MULTILINE)
    corrected = corrected.replace("table: reference_bank", "table: customers")
    (root / "corrected.yml").write_text(re.sub(r"^file: .*$", "file: customers.csv", corrected, flags=re.MULTILINE))
    raw = root / "data" / "01_raw"
    raw.mkdir(parents=True)
    bank = reference_bank.simulate(customers=CUSTOMERS, seed=0)
    bank.table.write_parquet(raw / "reference_bank.parquet")
    bank.truth.write_parquet(raw / "reference_bank_truth.parquet")
    bank.table.write_csv(root / "customers.csv")
    reference_bank.simulate(customers=CUSTOMERS, seed=1).table.write_csv(root / "next_month.csv")
    with gzip.open(ROOT / "data/01_raw/adult.csv.gz", "rt") as whole, gzip.open(raw / "adult.csv.gz", "wt") as few:
        few.writelines(line for _, line in zip(range(CUSTOMERS + 1), whole, strict=False))
    some = bank.table.select(pl.col("C_ID").cast(pl.String).alias("customer_id")).head(5)
    for name in ("complaints", "no_consent", "do_not_train"):
        some.write_csv(root / f"{name}.csv")
    (root / "fill_in.py").write_text(
        "import sys, polars as pl\n"
        "sheet = pl.read_csv(sys.argv[1], infer_schema=False)\n"
        "sheet.with_columns(verdict=pl.int_range(pl.len()) % 2).write_csv(sys.argv[1])\n"
    )
    (root / "outcomes.py").write_text(
        "import polars as pl\n"
        "parts = [pl.read_parquet(f'spring/{name}.parquet').select('customer_id') for name in ('list', 'control')]\n"
        "everybody = pl.concat(parts)\n"
        "everybody = everybody.with_columns(outcome=pl.lit('upgraded'), date=pl.lit('2026-03-20'))\n"
        "everybody.head(20).write_csv('outcomes.csv')\n"
    )
    return root


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    status: int
    said: str


def run(line: str, project: Path) -> Ran:
    """The command run in the project: `affluence` by its entry point, in this process, all else by a shell."""
    if line.startswith("affluence "):
        with contextlib.chdir(project):
            ended = CliRunner().invoke(main, shlex.split(line)[1:])
        return Ran(ended.exit_code, ended.output)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AFFLUENCE_", "MLFLOW_"))}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}",
        "AFFLUENCE_FOLDER": str(project / "service"),
        "AFFLUENCE_DEBUG": "1",
    }
    shell = ["bash", "-c", line]
    ended = subprocess.run(
        shell, cwd=project, env=environment, input="X1\n", capture_output=True, text=True, timeout=300, check=False
    )
    return Ran(ended.returncode, ended.stdout[-1_000:] + ended.stderr)


def lessened(line: str) -> str:
    for found, put in LESS:
        line = re.sub(found, put, line)
    return line


@pytest.mark.slow
@pytest.mark.parametrize("command", HERE, ids=lambda command: f"{command.paper}: {command.typed}")
def test_a_command_of_the_papers_runs(command, project):
    typed = command.typed
    for start, first in BEFORE.items():
        done = project / ".done" / start.replace(" ", "_")
        if typed.startswith(start) and not done.exists():
            done.mkdir(parents=True)
            for line in first:
                prepared = run(lessened(line), project)
                assert prepared.status == 0, f"{line}\n{prepared.said[-2_000:]}"
    ran = run(lessened(typed), project)
    # The doctor ends with 1 where a finding waits for a decision, which is no fault of the command.
    expected = {0, 1} if typed.startswith("affluence doctor") else {0}
    assert ran.status in expected, f"{lessened(typed)}\n{ran.said[-2_000:]}"
