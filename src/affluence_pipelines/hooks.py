"""What happens around a Kedro run: it tells its progress, and is tracked in MLflow from first node to last."""

import logging
import os
from contextlib import ExitStack, suppress
from importlib.metadata import version
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from affluence import progress
from affluence.adapters import telemetry
from affluence.adapters.mlflow_registry import Registry
from affluence.adapters.telemetry import Key, SpanName
from affluence_pipelines.datasets import RegisteredModelDataset


class RunProgress:
    """Tells when each node begins and when it is done."""

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Let progress be heard."""
        logging.getLogger(progress.LOGGER_NAME).setLevel(logging.INFO)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Tell that the node begins."""
        progress.report(_sentence(node), done=0, total=1)

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Tell that the node is done."""
        progress.report(_sentence(node), done=1, total=1)


class RunTelling:
    """Tells OpenTelemetry of the run and of each node in it, where its variables say so.

    A run that was begun by another program goes on under that one's span, by the variable TRACEPARENT.
    """

    def __init__(self) -> None:
        self._open: dict[str, ExitStack] = {}
        # Kedro may run nodes in threads of their own, which know nothing of the span that is current here.
        self._run: dict[str, str] = {}

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Open the run's span."""
        telemetry.start("affluence-pipeline", version=version("affluence"))
        parent = {"traceparent": os.environ["TRACEPARENT"]} if os.environ.get("TRACEPARENT") else None
        self._begin(SpanName.PIPELINE, f"{SpanName.PIPELINE} of {len(pipeline.nodes)} nodes", {}, parent)
        self._run = telemetry.carried()

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Open the node's span."""
        self._begin(node.name, f"{SpanName.NODE} {node.name}", {Key.NODE: node.name}, self._run)

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Close the node's span."""
        self._end(node.name)

    @hook_impl
    def on_node_error(self, error: Exception, node: Node) -> None:
        """Close the node's span as failed."""
        self._end(node.name, error)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Close the run's span and send what is left."""
        self._end(SpanName.PIPELINE)
        telemetry.stop()

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Close the run's span as failed."""
        self._end(SpanName.PIPELINE, error)
        telemetry.stop()

    def _begin(self, key: str, name: str, told: dict[Key, Any], parent: dict[str, str] | None) -> None:
        self._open[key] = ExitStack()
        self._open[key].enter_context(telemetry.span(name, told, parent=parent))

    def _end(self, key: str, error: Exception | None = None) -> None:
        if key in self._open:
            # The error goes its own way; here it only ends the span.
            with suppress(Exception):
                self._open.pop(key).__exit__(type(error) if error else None, error, None)


class RunTracking:
    """Opens a tracked run before a pipeline that trains, keeps the report with it, and closes it either way."""

    def __init__(self) -> None:
        self._registry: Registry | None = None

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Open a run when the pipeline registers a model: scoring is no experiment."""
        self._registry = None
        models = catalog.get("registered_model")
        if "registered_model" in pipeline.all_outputs() and isinstance(models, RegisteredModelDataset):
            self._registry = models.registry
            self._registry.start_run(catalog.load("contract").table)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Keep the run report with the run."""
        if self._registry is not None and dataset_name == "run_report":
            self._registry.log_text(data, "run_report.html")

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Close the run."""
        self._end(failed=False)

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Close the run as failed, so that a broken run is on record too."""
        self._end(failed=True)

    def _end(self, *, failed: bool) -> None:
        if self._registry is not None:
            self._registry.end_run(failed=failed)


def _sentence(node: Node) -> str:
    return node.name.replace("_", " ").capitalize()
