"""The papers: what they name exists, what they link to is there, and they keep to the project's words."""

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from affluence.cli import main, review
from affluence.data.contract import Column, Contract, CustomerId, Locale, Policy, Tag

ROOT = Path(__file__).resolve().parents[2]
PAPERS = sorted([*ROOT.glob("*.md"), *(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)])
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, flags=re.MULTILINE))
# Read by make itself, or promised in a target's help and handed on by make in the environment.
VARIABLES = set(re.findall(r"\$\(([A-Z]+)\)|^([A-Z]+) \?=|[(, ]([A-Z_]+)=", MAKEFILE, flags=re.MULTILINE))

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
TARGET_OF_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|^```\{(?:image|include)\} (\S+)$", flags=re.MULTILINE)

each_paper = pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))


def prose(paper: Path) -> str:
    """A paper without its blocks, comments and inline code."""
    return INLINE.sub("", re.sub(r"^```.*?^```$|<!--.*?-->", "", paper.read_text(), flags=re.MULTILINE | re.DOTALL))


def commands(paper: Path) -> list[list[str]]:
    """The words of every command that a paper names, in a shell block or as inline code."""
    text = paper.read_text()
    lines = [line.split("  #")[0] for kind, body in BLOCK.findall(text) if kind == "sh" for line in body.splitlines()]
    lines += INLINE.findall(BLOCK.sub("", text))
    return [line.strip().removeprefix(".venv/bin/").split() for line in lines if line.strip()]


def named(program: str) -> list[tuple[str, list[str]]]:
    """What is asked of `program` in all papers, beside the paper's name."""
    found = [(paper.name, words) for paper in PAPERS for words in commands(paper)]
    without_settings = [
        (paper, [word for word in words if not re.match(r"[A-Z_]+=http", word)]) for paper, words in found
    ]
    return [(paper, words[1:]) for paper, words in without_settings if len(words) > 1 and words[0] == program]


def test_the_papers_that_a_newcomer_looks_for_are_there():
    names = {str(path.relative_to(ROOT)) for path in PAPERS}
    assert {"README.md", "CONTRIBUTING.md", "GLOSSARY.md", "SECURITY.md", "CHANGELOG.md", "docs/index.md"} <= names


def test_every_make_target_that_is_named_exists():
    asked = named("make")
    assert len(asked) > 5
    for paper, words in asked:
        settings = [word for word in words if "=" in word]
        targets = [word for word in words if "=" not in word]
        assert set(targets) <= TARGETS, f"{paper}: make {' '.join(words)}"
        known = {name for pair in VARIABLES for name in pair if name}
        assert {setting.split("=")[0] for setting in settings} <= known, f"{paper}: make {' '.join(words)}"


def test_every_verb_and_option_of_affluence_that_is_named_exists():
    asked = named("affluence")
    assert len(asked) > 5
    for paper, (verb, *words) in asked:
        if verb.startswith("-"):
            continue
        assert verb in main.commands, f"{paper}: affluence {verb}"
        command = main.commands[verb]
        command = command.commands.get(words[0], command) if words and isinstance(command, click.Group) else command
        options = {option for parameter in command.params for option in parameter.opts}
        given = {word.split("=")[0] for word in words if word.startswith("-")}
        assert given <= options, f"{paper}: affluence {verb} {' '.join(words)}"


def test_every_verb_is_named_in_a_page_that_people_write():
    assert {verb for _, (verb, *_) in named("affluence")} >= set(main.commands)


def test_every_pipeline_that_is_named_exists():
    from affluence_pipelines.pipeline_registry import register_pipelines

    known = set(register_pipelines())
    asked = [words[2] for _, words in named("kedro") if words[:2] == ["run", "--pipeline"]]
    assert asked
    assert set(asked) <= known


@each_paper
def test_what_a_paper_links_to_is_there(paper):
    for inline, directive in TARGET_OF_LINK.findall(paper.read_text()):
        target = inline or directive
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (paper.parent / path).resolve() if path else paper
        assert linked.exists(), f"{paper.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), flags=re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{paper.name} links to {target}"


@each_paper
def test_the_files_that_a_paper_names_are_there(paper):
    """Files of ours: what a run makes, what a bank brings and patterns are left out."""
    for word in INLINE.findall(paper.read_text()):
        if re.fullmatch(r"(src|conf/base|docs|tests|benchmarks|data/01_raw)/[\w./-]+", word):
            made = "/generated/" in word or word.startswith("data/01_raw/reference_bank")
            assert made or (ROOT / word).exists(), f"{paper.name}: {word}"


@each_paper
def test_no_picture_comes_from_elsewhere(paper):
    text = paper.read_text()
    assert not re.search(r"!\[[^\]]*\]\(https?:", text)
    assert not re.search(r"<(img|script|link|iframe)\b", text)


def test_pictures_are_small_enough_for_a_page():
    pictures = list((ROOT / "docs" / "pictures").glob("*.png"))
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < 400_000, picture.name


def glossary() -> list[tuple[str, str, str]]:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| ?(.*?) ?\|$", (ROOT / "GLOSSARY.md").read_text(), flags=re.MULTILINE)
    return [row for row in rows if row[0] != "word" and not row[0].startswith("-")]


def test_the_glossary_says_each_word_once():
    terms = [term for term, _, _ in glossary()]
    assert len(terms) > 25
    assert len(terms) == len(set(terms))


def test_the_words_of_the_glossary_are_used():
    papers = " ".join(path.read_text() for path in PAPERS if path.name != "GLOSSARY.md")
    code = " ".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    used = re.sub(r"\s+", " ", (papers + code).lower()).replace("_", " ").replace("-", " ")
    for term, _, _ in glossary():
        for word in re.sub(r"\(.*?\)", "", term).split(", "):
            assert word.strip().lower().replace("-", " ") in used, word


FORBIDDEN = {
    "another word is in the glossary": r"prospects?|blacklist|production model|negatives",
    "it praises": r"powerful|seamless\w*|blazing\w*|cutting.edge|state.of.the.art|easily|simply|world.class|leverag\w+",
    "it is American": r"colors?|labeled|unlabeled|behaviors?|centers?|favorites?|analyz\w+|license[sd]",
    "it names a file that says nothing": r"utils|helpers?\.py|misc",
    "it speaks of how it was made": r"sessions?|chatbots?|language models?|assistants?|prompts?|to-?do|fixme",
}


@each_paper
@pytest.mark.parametrize("reason", FORBIDDEN)
def test_no_paper_uses_a_word_that_we_do_not_use(paper, reason):
    text = prose(paper).replace("Apache License", "")
    found = re.search(rf"\b({FORBIDDEN[reason]})\b", text, flags=re.IGNORECASE)
    assert not found, f"{found.group()}: {reason}"


@each_paper
def test_no_paper_raises_its_voice(paper):
    assert "!" not in re.sub(r"!\[", "[", prose(paper))


@pytest.mark.parametrize("keys", [Contract, CustomerId, Tag, Locale, Policy, Column])
def test_every_key_of_a_contract_is_explained(keys):
    page = (ROOT / "docs/how_to/own_table.md").read_text()
    for key in keys.model_fields:
        assert f"`{key}`" in page, key


def test_every_decision_says_context_decision_and_consequences():
    records = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    assert [record.name[:4] for record in records] == [f"{number:04d}" for number in range(1, len(records) + 1)]
    for record in records:
        headings = re.findall(r"^## (.+)$", record.read_text(), flags=re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], record.name
        assert record.read_text().startswith(f"# {int(record.name[:4])}. ")


def test_what_was_run_is_told_in_the_words_that_the_page_explains():
    page = (ROOT / "docs/reference/what_was_run.md").read_text()
    rows = [row.split(" | ") for row in re.findall(r"^\| (.+?) \|?$", page, flags=re.MULTILINE)][1:]
    assert len(rows) > 12
    for system, how_far, *_ in rows:
        assert re.match(r"run|stand-in|checked|not run", how_far), f"{system}: {how_far}"
    told = " ".join(system for system, *_ in rows)
    for system in (
        *("Jenkins", "OpenShift", "Image", "Compose", "Registry push", "Collector", "MLflow", "PostgreSQL"),
        *("Spark", "Delta", "Object storage", "Elasticsearch", "Kibana"),
    ):
        assert system in told


def test_code_in_the_papers_is_python():
    for paper in PAPERS:
        for kind, body in BLOCK.findall(paper.read_text()):
            if kind == "python":
                compile(body, str(paper), "exec")


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", ["docs/explanation/out_of_fold.md", "docs/explanation/why_classification.md", "docs/reference/api.md"]
)
def test_the_code_that_a_page_shows_runs(page):
    ((_, program), *_) = [block for block in BLOCK.findall((ROOT / page).read_text()) if block[0] == "python"]
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2_000:]
    if "roc_auc" in program:
        out_of_fold, in_sample = (float(figure) for figure in re.findall(r"(0\.\d{3}) \(90%", ran.stdout))
        assert abs(out_of_fold - 0.5) < 0.02
        assert in_sample > 0.9
    if "KMeans" in program:
        *by_clusters, by_finder = (float(share) for share in re.findall(r"first 10 %: (0\.\d+)", ran.stdout))
        assert by_finder > max(by_clusters) - 0.05
        assert max(by_clusters) - min(by_clusters) > 0.05


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("html")
    program = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", str(folder)]
    build = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert build.returncode == 0, build.stderr[-3_000:]
    return folder


@pytest.mark.slow
def test_the_documentation_builds_without_a_warning_and_loads_nothing_from_elsewhere(built):
    loads = re.compile(r"<(?:script|img|iframe|source|embed)\b[^>]*\bsrc=\"(?:https?:)?//|url\(['\"]?(?:https?:)?//")
    styles = re.compile(r"<link\b[^>]*\bhref=\"(?:https?:)?//")
    for page in [*built.rglob("*.html"), *built.rglob("*.css")]:
        text = page.read_text(encoding="utf-8")
        assert not loads.search(text), page.name
        assert not styles.search(text), page.name


@pytest.mark.slow
def test_every_link_between_built_pages_arrives(built):
    for page in built.rglob("*.html"):
        for target in re.findall(r'href="([^"#]*)(?:#[^"]*)?"', page.read_text(encoding="utf-8")):
            if target and not re.match(r"[a-z]+:", target):
                assert (page.parent / target.split("?")[0]).exists(), f"{page.name} -> {target}"


@pytest.mark.slow
def test_every_link_that_leaves_is_on_the_page_of_external_links(built):
    leaving = re.compile(r'href="(https?://[^"#]+)')
    listed = set(leaving.findall((built / "project" / "external_links.html").read_text(encoding="utf-8")))
    makers = ("https://www.sphinx-doc.org/", "https://pradyunsg.me/", "https://github.com/pradyunsg/furo")
    for page in built.rglob("*.html"):
        for address in leaving.findall(page.read_text(encoding="utf-8")):
            assert address in listed or address.startswith(makers), f"{page.name} links to {address}"


@pytest.mark.slow
def test_the_generated_reference_holds_every_verb_key_and_learner(built):
    from affluence.pu.learners import LEARNERS
    from affluence.pu.learners.effort import EFFORTS

    shown = {name: (built / "reference" / f"{name}.html").read_text() for name in ("cli", "contract", "learners")}
    assert all(f"affluence {verb}" in shown["cli"] for verb in main.commands)
    assert all(f"affluence review {verb}" in shown["cli"] for verb in review.commands)
    assert all(f">{key}<" in shown["contract"] for key in (*Contract.model_fields, *Column.model_fields))
    assert all(learner.title in shown["learners"] for learner in LEARNERS.values())
    assert all(f"</code> {mode}" in shown["learners"] for mode in EFFORTS)


@pytest.mark.slow
def test_the_search_of_the_built_pages_finds_the_glossary(built):
    index = (built / "searchindex.js").read_text().removeprefix("Search.setIndex(").removesuffix(")")
    assert "reference/glossary" in json.loads(index)["docnames"]
