"""The notebooks: kept without outputs, made of calls of the package alone, and run from the first cell to the last."""

import ast
import json
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
PROMISED = ("main_notebook", "analysis", "honesty", "spark")
ALLOWED = {"affluence", "datetime", "mlflow", "numpy", "os", "plotly", "polars", "pyspark", "sys"}

each_notebook = pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[dict]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


def program(path: Path) -> ast.Module:
    return ast.parse("\n".join("".join(cell["source"]) for cell in cells(path, "code")))


def test_the_notebooks_that_are_promised_are_there():
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} >= set(PROMISED)


@each_notebook
def test_no_output_and_no_count_is_kept(path):
    for cell in cells(path, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@each_notebook
def test_a_notebook_defines_nothing(path):
    defined = [
        node for node in ast.walk(program(path)) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda)
    ]
    assert defined == []


@each_notebook
def test_only_what_is_public_is_used(path):
    for node in ast.walk(program(path)):
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_"), node.attr
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [str(node.module)]
            assert {module.split(".")[0] for module in modules} <= ALLOWED
            assert not any(name.startswith("_") for alias in node.names for name in alias.name.split("."))


@each_notebook
def test_every_heap_of_code_is_introduced_in_words(path):
    kinds = [cell["cell_type"] for cell in json.loads(path.read_text())["cells"]]
    assert kinds[0] == "markdown"
    assert "code code code" not in " ".join(kinds)


@each_notebook
def test_each_notebook_has_its_page(path):
    assert f"from-code}} notebook {path.stem}" in (ROOT / "docs" / "notebooks" / f"{path.stem}.md").read_text()
    assert f"({path.stem}.md)" in (ROOT / "docs" / "notebooks" / "index.md").read_text()


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project of its own, so that what the notebooks make stands nowhere else."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "conf", root / "conf", ignore=shutil.ignore_patterns("local"))
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copytree(NOTEBOOKS, root / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return root


def run(project: Path, name: str) -> str:
    """What the notebook prints and shows, as text; a cell that fails raises."""
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    path = project / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


@pytest.fixture(scope="module")
def model_made(project) -> str:
    return run(project, "main_notebook")


@pytest.mark.slow
def test_the_first_notebook_goes_from_a_table_to_a_champion(model_made):
    assert "5,000 rows read, 5,000 kept" in model_made
    assert "SIMULATED" in model_made
    assert "version 1, champion" in model_made


@pytest.fixture(scope="module")
def campaign_made(project, model_made) -> str:
    return run(project, "analysis")


@pytest.mark.slow
def test_the_second_goes_from_the_champion_to_a_campaign(campaign_made, project):
    shown = campaign_made
    assert "version 1, champion" in shown
    assert "500 of" in shown
    assert {"list.csv", "control.parquet", "campaign.html"} <= {
        path.name for path in (project / "data/notebooks/spring").iterdir()
    }
    ours, everybody = (float(share) for share in re.findall(r"┆ (0\.\d+) +│", shown)[:2])
    assert ours > 2 * everybody


@pytest.mark.slow
def test_the_third_shows_that_coins_are_found_in_sample_alone(project):
    shown = run(project, "honesty")
    tag, remembered, coin, coin_remembered = (
        float(figure) for figure in re.findall(r"(?:out of fold|in sample): +(\d\.\d{3})", shown)
    )
    assert remembered > tag > 0.8
    assert abs(coin - 0.5) < 0.05
    assert coin_remembered > 0.9


@pytest.mark.slow
def test_spark_gives_the_same_scores_in_parts(campaign_made, project):
    pytest.importorskip("pyspark", reason="pyspark is not installed (make .venv/spark)")
    if shutil.which("java") is None:
        pytest.skip("Java is not on this machine")
    assert "5,000 customers scored in four parts; 0 scores differ" in run(project, "spark")
