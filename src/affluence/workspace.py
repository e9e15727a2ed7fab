"""Where things stand for the command line: the project's root, contracts by name, the registry, Kedro."""

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from affluence.errors import UserError

if TYPE_CHECKING:
    import polars as pl

    from affluence.adapters.mlflow_registry import Registry
    from affluence.data.contract import Contract
    from affluence.data.doctor import Finding
    from affluence.data.reading import Reading
    from affluence.evaluation.stability import Stability
    from affluence.evaluation.stability_limits import Limits
    from affluence.pu.release import ModelLabel
    from affluence.streaming import Streamed

# The Kedro environment in which the steps that touch every customer are done by Spark.
SPARK = "spark"


@dataclass(frozen=True)
class ReadTable:
    """A table as it was read, and the contract it was read under."""

    contract: "Contract"
    reading: "Reading"


def project_root() -> Path:
    """The nearest folder, from here upward, that is a project of ours: it holds `conf/base` and `pyproject.toml`.

    Errors: UserError when there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "conf" / "base").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    raise UserError(f"{here} is not inside an Affluence project (no conf/base above it). Go to the cloned folder.")


def contract_path(contract: str) -> Path:
    """The contract's file, given its name or its path.

    Errors: ContractError that lists the names there are.
    """
    from affluence.data.contract import find_contract

    path = Path(contract)
    if path.suffix in {".yml", ".yaml"} or path.is_file():
        return path.absolute()
    conf = project_root() / "conf"
    return find_contract(contract, folders=[conf / "base", conf / "local"])


def choose_table(data: str | None, contract: str | None) -> Mapping[str, str]:
    """Kedro's runtime parameters `contract` and `data` for a run on `data` under `contract`, absolute.

    Errors: UserError when a file is given without a contract, or neither a file nor a table of that name is there.
    """
    chosen = {} if contract is None else {"contract": str(contract_path(contract))}
    if data is None:
        return chosen
    if "://" in data or Path(data).exists():
        if contract is None:
            raise UserError(
                f"{data} is a table, and no contract says what stands in it. Draft one with 'affluence init {data}', "
                "then name it with --contract (make: CONTRACT=)."
            )
        return {**chosen, "data": data if "://" in data else str(Path(data).absolute())}
    if "." in data or "/" in data:
        raise UserError(f"There is no file {data}. Give the path of a table, or the name of a contract.")
    return {"contract": str(contract_path(data)), **chosen}


def require_engine(env: str | None) -> None:
    """Errors: UserError when the environment needs Spark and it is not installed."""
    if env == SPARK and find_spec("pyspark") is None:
        raise UserError(
            "PySpark is not installed. 'make run ENGINE=spark' installs it, and a Java where there is none."
        )


def last_table(root: Path) -> str:
    """The name of the table that the last run was about.

    Errors: UserError when nothing was run yet.
    """
    evaluation = root / "data" / "07_model_output" / "evaluation.json"
    if not evaluation.is_file():
        raise UserError("Nothing was run yet, so there is nothing to report. Begin with: affluence run")
    return str(json.loads(evaluation.read_text(encoding="utf-8"))["table"])


def last_version(root: Path) -> str:
    """The version of the model by which the last run scored. Errors: UserError when nothing was run yet."""
    label = root / "data" / "07_model_output" / "model_label.json"
    if not label.is_file():
        raise UserError("Nothing was run yet, so there is nothing to report. Begin with: affluence run")
    return str(json.loads(label.read_text(encoding="utf-8"))["version"])


def today() -> date:
    """The day on which the command was given (UTC)."""
    return datetime.now(UTC).date()


def limits() -> "Limits":
    """When a table has moved too far, as conf/base says and conf/local corrects."""
    from affluence.evaluation.stability_limits import load_limits

    conf = project_root() / "conf"
    return load_limits([conf / "base", conf / "local"])


def table_name(file: Path) -> str:
    """A contract's table name for a file: its stem in lower case, everything else an underscore."""
    stem = file.name.split(".")[0].lower()
    name = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in stem).strip("_")
    return name if name and name[0].isalpha() else f"table_{name}".strip("_")


def read(file: Path | None, contract: str) -> ReadTable:
    """The table in `file`, or the contract's own file, under the contract; it may lack the tag.

    Errors: UserError when no file is given and the contract names none.
    """
    from affluence.data.contract import load_contract
    from affluence.data.reading import read_table

    loaded = load_contract(contract_path(contract))
    return ReadTable(loaded, read_table(_file_of(file, loaded), contract=loaded, tag_required=False))


def score_file(
    file: Path | None, contract: str, *, version: str | None, out: Path, listed: int, rows_of_part: int | None
) -> "tuple[Streamed, Stability | None, ModelLabel]":
    """A table of any length scored and ranked into the folder `out`, part by part, by a version of its model.

    The second is how far the table moved; None for a model that kept no counts of its training table.

    Errors: UserError as `read`, and when there is no such model; TableRefused for a table that its contract refuses.
    """
    from affluence.adapters.mlflow_registry import model_name
    from affluence.data.contract import load_contract
    from affluence.data.parts import ROWS_OF_PART, open_in_parts
    from affluence.evaluation.stability import compare_sketches
    from affluence.streaming import score_in_parts

    loaded, moved_too_far = load_contract(contract_path(contract)), limits()
    path = _file_of(file, loaded)
    released = registry().load(model_name(loaded), version_number=version)
    with open_in_parts(path, contract=loaded, rows_of_part=rows_of_part or ROWS_OF_PART) as table:
        streamed = score_in_parts(released.model, table, out, work=out / ".parts", listed=listed)
    learned, scored = released.model.sketch, streamed.sketch
    stability = compare_sketches(learned, scored, moved_too_far) if learned and scored else None
    return streamed, stability, released.label


def _file_of(file: Path | None, loaded: "Contract") -> Path:
    if file is None and loaded.file is None:
        raise UserError(f"The contract of {loaded.table} names no file. Name the table's file.")
    return file or project_root() / str(loaded.file)


def write_doctor_page(
    out: Path, *, file: Path, table: "pl.DataFrame", contract: "Contract | None", findings: "Sequence[Finding]"
) -> None:
    """Write the doctor's page on `table` to `out`, with what the remedies that the contract applies make of it."""
    from importlib.metadata import version

    from affluence.data.doctor import subject_of, to_apply, treat
    from affluence.data.writing import write_text
    from affluence.reporting.doctor_page import DoctorContent, render_doctor_page

    subject = subject_of(table, contract=contract)
    content = DoctorContent(
        title=contract.title if contract else file.name,
        file=file.name,
        rows=table.height,
        columns=table.width,
        contract=contract.table if contract else None,
        customer_id=subject.customer_id,
        tag=subject.tag_column,
        findings=tuple(findings),
        treatment=treat(table, findings=to_apply(findings), contract=contract) if contract else None,
        made_at=f"{datetime.now(UTC):%-d %B %Y, %H:%M} UTC",
        affluence_version=version("affluence"),
        simulated=contract.simulated if contract else False,
    )
    write_text(render_doctor_page(content), out)


def registry() -> "Registry":
    """The registry of this project."""
    from affluence.adapters.mlflow_registry import Registry

    return Registry(folder=project_root() / "data" / "06_models")


def run_kedro(root: Path, *, pipeline: str, env: str | None, parameters: Mapping[str, object]) -> None:
    """Run a pipeline of the Kedro project at `root`, by its path.

    Errors: UserError when there is no such pipeline; whatever a node raises.
    """
    os.environ.setdefault("KEDRO_LOGGING_CONFIG", str(root / "conf" / "base" / "logging.yml"))
    from kedro.framework.project import pipelines
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    warnings.filterwarnings("ignore", category=UserWarning, module="kedro")
    bootstrap_project(root)
    if pipeline not in pipelines:
        raise UserError(f"There is no pipeline '{pipeline}'. Choose among {', '.join(sorted(pipelines))}.")
    session: KedroSession = KedroSession.create(project_path=root, env=env, runtime_params=dict(parameters))
    with session:
        session.run(pipeline_names=[pipeline])
