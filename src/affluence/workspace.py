"""Where things stand for the command line: the project's root, contracts by name, the registry, Kedro."""

import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
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
    from affluence.evaluation.results import Evaluation
    from affluence.evaluation.stability import Stability
    from affluence.evaluation.stability_limits import Limits
    from affluence.pu.discovery import Discovery
    from affluence.pu.honesty import Honesty
    from affluence.pu.learners.effort import Mode
    from affluence.pu.release import ModelLabel
    from affluence.pu.review import Purpose
    from affluence.pu.tuned import Tuned
    from affluence.pu.tuning import Ground
    from affluence.pu.tuning_record import Tuning
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


@dataclass(frozen=True)
class TrainingOptions:
    """How a training is done; `learners` empty for all of them."""

    learners: tuple[str, ...] = ()
    folds: int = 5
    seed: int = 0
    capacity_share: float = 0.1
    mode: "Mode" = "accurate"
    champion: str | None = None
    tuned: Path | None = None


def train(
    file: Path | None,
    contract: str,
    options: TrainingOptions,
    *,
    reviews: Sequence[Path] = (),
    do_not_train: Path | None = None,
    promote: bool = False,
) -> "tuple[Evaluation, Discovery, ModelLabel]":
    """What was measured, what was learned beside the ranking, and the label of the model, which is registered.

    The tags, the verdicts of `reviews` (of a customer on several the last one's) and nobody of `do_not_train` teach.
    """
    from affluence import steps
    from affluence.data.reading import read_customer_ids
    from affluence.pu.finder_method import method_keys

    accepted = read(file, contract)
    accepted_customers, report = steps.intake(accepted.reading)
    all_customers, used, examination = steps.examine(accepted_customers, accepted.contract)
    barred = read_customer_ids(do_not_train, contract=accepted.contract) if do_not_train else ()
    customers, _, left_out = steps.leave_out(all_customers, barred, seed=options.seed, score_left_out=False)
    features = steps.build_features(customers, used)
    training = steps.train(
        customers,
        features,
        used,
        examination,
        read_sheets(reviews),
        learners=options.learners or method_keys(),
        folds=options.folds,
        seed=options.seed,
        mode=options.mode,
        tuned=read_tuned(options.tuned),
    )
    in_sample_scores = steps.score_in_sample(training, features)
    evaluation = steps.evaluate(
        training, customers, in_sample_scores, capacity_share=options.capacity_share, champion=options.champion
    )
    model, discovery = steps.choose(training, evaluation)
    reach = steps.reach(training, evaluation, customers)
    label = registry().register(steps.release(model, evaluation, report, left_out, reach), promote=promote)
    return evaluation, discovery, label


@dataclass(frozen=True)
class TuningOptions:
    """How a tuning is done; `learners` empty for all that can be tuned, `minutes` in all, `trials` of each learner."""

    learners: tuple[str, ...] = ()
    minutes: float = 10.0
    trials: int | None = None
    folds: int = 5
    seed: int = 0
    capacity_share: float = 0.1


def tune(
    file: Path | None,
    contract: str,
    options: TuningOptions,
    *,
    do_not_train: Path | None = None,
    out: Path | None = None,
) -> "tuple[tuple[Tuning, ...], Path]":
    """What the tuning of each learner gave, and the file that now keeps it: `out`, by default one in `conf/local`.

    Learners that the file holds and that are not tuned now stay in it. The file is written after each learner.
    """
    from affluence import steps
    from affluence.data.reading import read_customer_ids
    from affluence.data.writing import write_text
    from affluence.pu.tuning import require_budget, tunable
    from affluence.pu.tuning_record import tuned_to_yaml

    keys = tunable(options.learners)
    require_budget(options.minutes, options.trials)
    accepted = read(file, contract)
    target = out or project_root() / "conf" / "local" / f"tuned_{accepted.contract.table}.yml"
    before = read_tuned(target if target.exists() else None)
    before.require_table(accepted.contract.table)
    accepted_customers, report = steps.intake(accepted.reading)
    all_customers, used, _ = steps.examine(accepted_customers, accepted.contract)
    barred = read_customer_ids(do_not_train, contract=accepted.contract) if do_not_train else ()
    customers, _, _ = steps.leave_out(all_customers, barred, seed=options.seed, score_left_out=False)
    features = steps.build_features(customers, used)
    ground = steps.lay_ground(
        customers,
        features,
        used,
        folds=options.folds,
        seed=options.seed,
        capacity_share=options.capacity_share,
    )
    tunings: list[Tuning] = []
    for key in keys:
        trial_budget = replace(options, minutes=options.minutes / len(keys))
        judge = partial(steps.judge_anew, customers=customers, features=features, contract=used)
        tunings.append(_tune_one(key, ground, trial_budget, data_hash=report.data_hash, judge=judge))
        write_text(tuned_to_yaml(tunings, before=before), target)
    return tuple(tunings), target


def _tune_one(
    key: str, ground: "Ground", options: TuningOptions, *, data_hash: str, judge: "Callable[..., Tuning]"
) -> "Tuning":
    """The tuning of one learner: searched with Optuna, every trial tracked in MLflow, and judged anew."""
    from affluence.adapters.optuna_study import Budget, Study

    models = registry()
    study = Study(key, ground, models.folder / f"tuning_{ground.table}.db")
    parameters = {
        "table": ground.table,
        "data_hash": data_hash,
        "learner": key,
        "folds": ground.fold_count,
        "seed": ground.seed,
        "capacity_share": ground.capacity_share,
        "digest": ground.digest(key),
    }
    with models.tuning(ground.table, study=study.name, parameters=parameters) as tracked:
        trials = study.search(Budget(options.minutes, options.trials), told=lambda trial: tracked.keep([trial]))
        tracked.keep(trials)
        with study.kept_when_stopped():
            tuning = judge(key, ground, trials)
        tracked.conclude(tuning)
    return tuning


def suggest_review(
    file: Path | None,
    contract: str,
    *,
    n: int,
    purpose: "Purpose",
    earlier: Sequence[Path],
    version: str | None,
    seed: int,
    out: Path,
) -> "pl.DataFrame":
    """A sheet of `n` customers worth checking by hand, drawn from a registered model's ranking and written to `out`.

    Errors: UserError when `out` is there already: it may hold somebody's answers.
    """
    from affluence import steps
    from affluence.adapters.mlflow_registry import model_name
    from affluence.data.writing import write_csv

    if out.exists():
        raise UserError(f"{out} is there already and may hold answers. Name another place (--out).")
    accepted = read(file, contract)
    accepted_customers, _ = steps.intake(accepted.reading)
    customers, used, _ = steps.examine(accepted_customers, accepted.contract)
    model = registry().load(model_name(used), version_number=version).model
    sheet = steps.suggest_review(
        model,
        customers,
        n=n,
        purpose=purpose,
        seed=seed,
        earlier=read_sheets(earlier),
        sheets_before=len(earlier),
    )
    write_csv(sheet, out)
    return sheet


def prove_honesty(
    file: Path | None,
    contract: str,
    *,
    share: float,
    repeats: int,
    mode: "Mode",
    seed: int,
    out: Path | None,
) -> "Honesty":
    """Plant and recover on a table, and where `out` names a file every figure there as JSON."""
    from affluence import steps
    from affluence.data.writing import write_text

    accepted = read(file, contract)
    accepted_customers, _ = steps.intake(accepted.reading)
    customers, used, _ = steps.examine(accepted_customers, accepted.contract)
    proof = steps.prove_honesty(
        customers, steps.build_features(customers, used), used, share=share, repeats=repeats, mode=mode, seed=seed
    )
    if out:
        write_text(json.dumps(proof.to_dict(), indent=1), out)
    return proof


def read_sheets(paths: Sequence[Path]) -> "pl.DataFrame | None":
    """Several review sheets as one, of a customer's row the last sheet's line; None without a sheet."""
    import polars as pl

    from affluence.data.reading import read_sheet

    if not paths:
        return None
    together = pl.concat([read_sheet(path) for path in paths], how="diagonal")
    return together.unique("row", keep="last", maintain_order=True) if "row" in together.columns else together


def read_tuned(path: Path | None) -> "Tuned":
    """The tuned settings in a file; none without a file."""
    from affluence.pu.storage import load_tuned
    from affluence.pu.tuned import NOT_TUNED

    return load_tuned(path) if path else NOT_TUNED


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
