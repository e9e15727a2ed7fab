"""What Kibana shows of the service: data views, searches, panels, dashboards and alert rules, as `kibana.ndjson`.

    python deploy/observability/saved_objects.py

Fields stand in the form in which the Collector's Elasticsearch exporter writes documents (mapping mode `otel`), and are
named by `affluence.adapters.telemetry.names` alone: a name that changes there changes here.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affluence.adapters.telemetry.names import Key, Metric

FILE = Path(__file__).with_name("kibana.ndjson")
RULES = Path(__file__).with_name("rules.json")
TRACES, METRICS, LOGS = "affluence-traces", "affluence-metrics", "affluence-logs"
PATTERNS = {TRACES: "traces-*.otel-*", METRICS: "metrics-*.otel-*", LOGS: "logs-*.otel-*"}
SERVICE = "resource.attributes.service.name"
OURS = f"{SERVICE}: affluence-*"
# As which version's form an object is written: without it Kibana takes it for one of its first, and migrates it.
WRITTEN_AS = {"index-pattern": "8.0.0", "search": "8.0.0", "lens": "8.9.0", "dashboard": "8.9.0"}
RECORDS = "___records___"
DAY = ("now-24h", "now")
HALF = 24


def attribute(key: Key) -> str:
    """An attribute's field."""
    return f"attributes.{key}"


def metric(name: Metric) -> str:
    """A metric's field."""
    return f"metrics.{name}"


@dataclass(frozen=True)
class Column:
    """What a panel computes: an operation of Lens on a field."""

    label: str
    operation: str
    field: str = RECORDS
    params: Mapping[str, Any] | None = None
    only: str = ""

    @property
    def bucketed(self) -> bool:
        """Whether it parts documents into groups."""
        return self.operation in {"date_histogram", "terms"}

    def to_lens(self) -> dict[str, Any]:
        """The column as Lens keeps it."""
        told: dict[str, Any] = {
            "label": self.label,
            "customLabel": True,
            "dataType": {"date_histogram": "date", "terms": "string"}.get(self.operation, "number"),
            "operationType": self.operation,
            "sourceField": self.field,
            "isBucketed": self.bucketed,
            "scale": {"date_histogram": "interval", "terms": "ordinal"}.get(self.operation, "ratio"),
            "params": dict(self.params or {}),
        }
        return told | ({"filter": {"query": self.only, "language": "kuery"}} if self.only else {})


TIME = Column("Time", "date_histogram", "@timestamp", {"interval": "auto", "includeEmptyRows": True})


def top(label: str, field: str, by: str, *, size: int = 12) -> Column:
    """The groups of a field, the largest first by the column of that name."""
    order = {"orderBy": {"type": "column", "columnId": by}, "orderDirection": "desc"}
    return Column(label, "terms", field, {"size": size, "otherBucket": False, "missingBucket": False, **order})


def percentile(label: str, field: str, hundredths: int, *, only: str = "") -> Column:
    """A percentile of a field."""
    return Column(label, "percentile", field, {"percentile": hundredths}, only)


@dataclass(frozen=True)
class Panel:
    """A Lens panel: `kind` is line, bar, table or number; columns by their ids; `width` of 48."""

    id: str
    title: str
    view: str
    kind: str
    columns: Mapping[str, Column]
    query: str = ""
    width: int = HALF
    height: int = 12

    def to_object(self) -> dict[str, Any]:
        """The saved object."""
        layer = {"columnOrder": list(self.columns), "columns": {k: c.to_lens() for k, c in self.columns.items()}}
        attributes = {
            "title": self.title,
            "visualizationType": {"table": "lnsDatatable", "number": "lnsMetric"}.get(self.kind, "lnsXY"),
            "state": {
                "datasourceStates": {"formBased": {"layers": {"layer": layer | {"incompleteColumns": {}}}}},
                "visualization": self._shown(),
                "query": {"query": " and ".join(filter(None, (OURS, self.query))), "language": "kuery"},
                "filters": [],
            },
        }
        named = {"type": "index-pattern", "id": self.view, "name": "indexpattern-datasource-layer-layer"}
        return saved("lens", self.id, attributes, [named])

    def _shown(self) -> dict[str, Any]:
        numbers = [key for key, column in self.columns.items() if not column.bucketed]
        groups = [key for key, column in self.columns.items() if column.bucketed]
        base = {"layerId": "layer", "layerType": "data"}
        if self.kind == "table":
            return base | {"columns": [{"columnId": key} for key in self.columns]}
        if self.kind == "number":
            return base | {"metricAccessor": numbers[0]}
        split = [key for key in groups if self.columns[key] is not TIME]
        series = "bar_stacked" if self.kind == "bar" else "line"
        across = {"xAccessor": "time", "accessors": numbers, "seriesType": series}
        return {
            "preferredSeriesType": series,
            "legend": {"isVisible": True, "position": "bottom"},
            "valueLabels": "hide",
            "fittingFunction": "None",
            "layers": [base | across | ({"splitAccessor": split[0]} if split else {})],
        }


def saved(
    kind: str, name: str, attributes: Mapping[str, Any], references: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    """A saved object as Kibana exports it."""
    return {
        "id": name,
        "type": kind,
        "attributes": dict(attributes),
        "references": list(references),
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": WRITTEN_AS[kind],
        "managed": False,
    }


REQUESTS = f"kind: Server and {attribute(Key.ROUTE)}: *"
JOBS = f"{attribute(Key.JOB_KIND)}: *"
# Elasticsearch keeps a counter as one that only rises, of which Lens makes no sum: what is summed comes from spans.
SCORING = f"{attribute(Key.JOB_KIND)}: score"
SCORED = f"{SCORING} and {attribute(Key.JOB_STATE)}: done"
SECONDS = metric(Metric.REQUEST_SECONDS)
SERVER_ERRORS = f"{attribute(Key.STATUS)} >= 500"

SERVICE_PANELS = (
    Panel(
        "affluence-requests",
        "Requests by status",
        TRACES,
        "bar",
        {"time": TIME, "status": top("Status", attribute(Key.STATUS), "count"), "count": Column("Requests", "count")},
        REQUESTS,
    ),
    Panel(
        "affluence-latency",
        "Seconds of a request",
        METRICS,
        "line",
        {
            "time": TIME,
            "p50": percentile("half within", SECONDS, 50),
            "p95": percentile("95 % within", SECONDS, 95),
            "p99": percentile("99 % within", SECONDS, 99),
        },
    ),
    Panel(
        "affluence-slowest",
        "The slowest routes",
        TRACES,
        "table",
        {
            "route": top("Route", attribute(Key.ROUTE), "p95"),
            "p95": percentile("95 % within (ns)", "duration", 95),
            "count": Column("Requests", "count"),
        },
        REQUESTS,
    ),
    Panel(
        "affluence-slow-traces",
        "The slowest requests",
        TRACES,
        "table",
        {
            "trace": top("Trace", "trace_id", "slowest"),
            "route": top("Route", attribute(Key.ROUTE), "slowest"),
            "slowest": Column("Nanoseconds", "max", "duration"),
        },
        REQUESTS,
    ),
    Panel(
        "affluence-database",
        "Where the database's time goes",
        TRACES,
        "table",
        {
            "verb": top("Verb", attribute(Key.OPERATION), "sum"),
            "sum": Column("Nanoseconds in all", "sum", "duration"),
            "count": Column("Calls", "count"),
        },
        f"{attribute(Key.OPERATION)}: *",
    ),
    Panel(
        "affluence-errors",
        "Requests that failed",
        TRACES,
        "table",
        {
            "route": top("Route", attribute(Key.ROUTE), "count"),
            "kind": top("Error", attribute(Key.ERROR), "count"),
            "count": Column("Requests", "count"),
        },
        f"{REQUESTS} and {SERVER_ERRORS}",
    ),
    Panel(
        "affluence-loudest",
        "Who writes most into the log",
        LOGS,
        "table",
        {"logger": top("Part of the program", attribute(Key.LOGGER), "count"), "count": Column("Lines", "count")},
    ),
)
RUN_PANELS = (
    Panel(
        "affluence-waiting",
        "Jobs that wait",
        METRICS,
        "line",
        {
            "time": TIME,
            "waiting": Column("waiting", "max", metric(Metric.JOBS_WAITING)),
            "running": Column("in work", "max", metric(Metric.JOBS_RUNNING)),
        },
    ),
    Panel(
        "affluence-oldest",
        "Seconds that the oldest has waited",
        METRICS,
        "number",
        {"oldest": Column("seconds", "max", metric(Metric.OLDEST_WAITING))},
        width=12,
    ),
    Panel(
        "affluence-scored",
        "Customers scored",
        TRACES,
        "number",
        {"rows": Column("customers", "sum", attribute(Key.ROWS))},
        SCORED,
        width=12,
    ),
    Panel(
        "affluence-ended",
        "Jobs that ended",
        TRACES,
        "bar",
        {"time": TIME, "state": top("How", attribute(Key.JOB_STATE), "count"), "count": Column("Jobs", "count")},
        JOBS,
    ),
    Panel(
        "affluence-jobs",
        "How long jobs take",
        METRICS,
        "line",
        {
            "time": TIME,
            "kind": top("Kind", attribute(Key.JOB_KIND), "p95"),
            "p95": percentile("95 % within (s)", metric(Metric.JOB_SECONDS), 95),
        },
    ),
    Panel(
        "affluence-stages",
        "Where a job's time goes",
        TRACES,
        "table",
        {
            "stage": top("Stage", attribute(Key.STAGE), "sum"),
            "sum": Column("Nanoseconds in all", "sum", "duration"),
            "count": Column("Times", "count"),
        },
        f"{attribute(Key.STAGE)}: *",
    ),
    Panel(
        "affluence-failed",
        "Jobs that failed",
        TRACES,
        "table",
        {
            "kind": top("Kind", attribute(Key.JOB_KIND), "count"),
            "job": top("Job", attribute(Key.JOB), "count"),
            "trace": top("Trace", "trace_id", "count"),
            "count": Column("Times", "count"),
        },
        f"{JOBS} and {attribute(Key.JOB_STATE)}: failed",
    ),
    Panel(
        "affluence-ended-count",
        "Jobs ended, by kind",
        TRACES,
        "table",
        {
            "kind": top("Kind", attribute(Key.JOB_KIND), "ended"),
            "state": top("How", attribute(Key.JOB_STATE), "ended"),
            "ended": Column("Jobs", "count"),
        },
        JOBS,
    ),
)
MODEL_PANELS = (
    Panel(
        "affluence-light",
        "How far the last table moved (0 green, 1 amber, 2 red)",
        METRICS,
        "line",
        {
            "time": TIME,
            "contract": top("Contract", attribute(Key.CONTRACT), "light"),
            "light": Column("light", "max", metric(Metric.STABILITY)),
        },
    ),
    Panel(
        "affluence-versions",
        "Which version scored",
        TRACES,
        "table",
        {
            "model": top("Model", attribute(Key.MODEL), "rows"),
            "version": top("Version", attribute(Key.MODEL_VERSION), "rows"),
            "rows": Column("Customers", "sum", attribute(Key.ROWS)),
            "count": Column("Runs", "count"),
        },
        SCORING,
    ),
    Panel(
        "affluence-lights",
        "Tables by light",
        TRACES,
        "bar",
        {"time": TIME, "light": top("Light", attribute(Key.LIGHT), "count"), "count": Column("Tables", "count")},
        SCORING,
    ),
    Panel(
        "affluence-moved",
        "Columns that moved, at most",
        TRACES,
        "line",
        {"time": TIME, "moved": Column("columns", "max", attribute(Key.COLUMNS_MOVED))},
        SCORING,
    ),
    Panel(
        "affluence-rows",
        "Customers scored by contract",
        TRACES,
        "bar",
        {
            "time": TIME,
            "contract": top("Contract", attribute(Key.CONTRACT), "rows"),
            "rows": Column("Customers", "sum", attribute(Key.ROWS)),
        },
        SCORED,
    ),
)
DASHBOARDS: Mapping[str, tuple[str, str, Sequence[Panel]]] = {
    "affluence-service": (
        "Affluence: service",
        "Requests, how long they take and where a slow one spends its time.",
        SERVICE_PANELS,
    ),
    "affluence-runs": ("Affluence: runs", "The queue, jobs and their stages, and why one failed.", RUN_PANELS),
    "affluence-models": (
        "Affluence: model health",
        "Which models score, and whether tables still look like those that they learned from.",
        MODEL_PANELS,
    ),
}


def data_view(name: str, pattern: str) -> dict[str, Any]:
    """A data view in which a trace's number leads to all of the trace, and to its log lines."""
    address = "/app/discover#/view/affluence-trace?_a=(query:(language:kuery,query:'trace_id: \"{{value}}\"'))"
    formats = {"trace_id": {"id": "url", "params": {"urlTemplate": address, "labelTemplate": "{{value}}"}}}
    title = name.replace("affluence-", "Affluence: ")
    attributes = {
        "title": pattern,
        "name": title,
        "timeFieldName": "@timestamp",
        "fieldFormatMap": json.dumps(formats),
        "fields": "[]",
        "runtimeFieldMap": "{}",
        "sourceFilters": "[]",
        "allowHidden": False,
    }
    return saved("index-pattern", name, attributes, [])


def search(name: str, title: str, view: str, columns: Sequence[str], query: str) -> dict[str, Any]:
    """A search of Discover, the newest first."""
    reference = "kibanaSavedObjectMeta.searchSourceJSON.index"
    source = {"query": {"query": query, "language": "kuery"}, "filter": [], "indexRefName": reference}
    attributes = {
        "title": title,
        "description": "",
        "columns": list(columns),
        "sort": [["@timestamp", "desc"]],
        "grid": {},
        "hideChart": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source)},
    }
    return saved("search", name, attributes, [{"type": "index-pattern", "id": view, "name": reference}])


SEARCHES = (
    search(
        "affluence-log",
        "Affluence: log",
        LOGS,
        ["severity_text", attribute(Key.LOGGER), "body.text", "trace_id", SERVICE],
        OURS,
    ),
    search(
        "affluence-trace",
        "Affluence: one trace",
        TRACES,
        ["name", "duration", "kind", "status.code", attribute(Key.ERROR), "trace_id", SERVICE],
        OURS,
    ),
    search(
        "affluence-failures",
        "Affluence: what failed",
        TRACES,
        ["name", attribute(Key.ERROR), attribute(Key.JOB), "trace_id", SERVICE],
        f"{OURS} and status.code: Error",
    ),
)


def dashboard(name: str, title: str, description: str, panels: Sequence[Panel]) -> dict[str, Any]:
    """A dashboard of the last day; panels side by side where they fit."""
    placed, references, across, down, tallest = [], [], 0, 0, 0
    for number, panel in enumerate(panels):
        if across + panel.width > 2 * HALF:
            across, down, tallest = 0, down + tallest, 0
        grid = {"x": across, "y": down, "w": panel.width, "h": panel.height, "i": str(number)}
        placed.append(
            {
                "type": "lens",
                "gridData": grid,
                "panelIndex": str(number),
                "embeddableConfig": {"enhancements": {}},
                "panelRefName": f"panel_{number}",
            }
        )
        references.append({"type": "lens", "id": panel.id, "name": f"{number}:panel_{number}"})
        across, tallest = across + panel.width, max(tallest, panel.height)
    attributes = {
        "title": title,
        "description": description,
        "panelsJSON": json.dumps(placed),
        "timeRestore": True,
        "timeFrom": DAY[0],
        "timeTo": DAY[1],
        "refreshInterval": {"pause": False, "value": 60_000},
        "optionsJSON": json.dumps({"useMargins": True, "syncColors": True, "hidePanelTitles": False}),
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": json.dumps({"query": {"query": "", "language": "kuery"}, "filter": []})
        },
    }
    return saved("dashboard", name, attributes, references)


def objects() -> Iterator[dict[str, Any]]:
    """Everything that is loaded into Kibana, what is named before what names it."""
    yield from (data_view(name, pattern) for name, pattern in PATTERNS.items())
    yield from SEARCHES
    for name, (title, description, panels) in DASHBOARDS.items():
        yield from (panel.to_object() for panel in panels)
        yield dashboard(name, title, description, panels)


@dataclass(frozen=True)
class Rule:
    """An alert: so many documents that match within some minutes; `fewer` where it is their lack that alarms."""

    id: str
    name: str
    view: str
    matches: Sequence[Mapping[str, Any]]
    minutes: int = 5
    threshold: int = 0
    fewer: bool = False

    def to_request(self) -> dict[str, Any]:
        """The body by which Kibana's API makes the rule; actions are the bank's own to add."""
        ours = {"prefix": {SERVICE: "affluence-"}}
        return {
            "name": self.name,
            "rule_type_id": ".es-query",
            "consumer": "stackAlerts",
            "schedule": {"interval": "1m"},
            "tags": ["affluence"],
            "actions": [],
            "params": {
                "searchType": "esQuery",
                "index": [PATTERNS[self.view]],
                "timeField": "@timestamp",
                "esQuery": json.dumps({"query": {"bool": {"filter": [ours, *self.matches]}}}),
                "size": 10,
                "thresholdComparator": "<" if self.fewer else ">",
                "threshold": [self.threshold],
                "timeWindowSize": self.minutes,
                "timeWindowUnit": "m",
            },
        }


ALERTS = (
    Rule(
        "affluence-server-errors",
        "Affluence: requests fail",
        TRACES,
        [{"term": {"kind": "Server"}}, {"range": {attribute(Key.STATUS): {"gte": 500}}}],
    ),
    Rule("affluence-job-failed", "Affluence: a job failed", TRACES, [{"term": {attribute(Key.JOB_STATE): "failed"}}]),
    Rule(
        "affluence-queue-waits",
        "Affluence: a job has waited for ten minutes",
        METRICS,
        [{"range": {metric(Metric.OLDEST_WAITING): {"gt": 600}}}],
    ),
    Rule(
        "affluence-table-red",
        "Affluence: a scored table moved away from its model",
        METRICS,
        [{"range": {metric(Metric.STABILITY): {"gte": 2}}}],
    ),
    Rule(
        "affluence-silent",
        "Affluence: no worker tells of itself",
        METRICS,
        [{"exists": {"field": metric(Metric.JOBS_WAITING)}}],
        minutes=10,
        threshold=1,
        fewer=True,
    ),
)


def fields_asked_for() -> Iterator[tuple[str, str]]:
    """Every field that a panel, a search or a rule asks for, with the data view that it asks."""
    panels = [panel for _, _, panels in DASHBOARDS.values() for panel in panels]
    for panel in panels:
        yield from ((panel.view, column.field) for column in panel.columns.values() if column.field != RECORDS)
        yield from ((panel.view, field) for field in _in_query(panel.query))
    for one in SEARCHES:
        yield from ((one["references"][0]["id"], column) for column in one["attributes"]["columns"])
    for rule in ALERTS:
        for match in rule.matches:
            (asked,) = match.values()
            yield rule.view, asked["field"] if "field" in asked else next(iter(asked))


def _in_query(query: str) -> Iterator[str]:
    """The fields of a query: what stands before a colon or a comparison."""
    return (found.group(1) for found in re.finditer(r"([\w.]+)\s*(?::|>=)", query))


def ndjson() -> str:
    """The saved objects, one a line."""
    return "".join(json.dumps(one, sort_keys=True) + "\n" for one in objects())


def rules() -> str:
    """The alert rules by id, as JSON."""
    return json.dumps({rule.id: rule.to_request() for rule in ALERTS}, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(ndjson(), encoding="utf-8")
    RULES.write_text(rules(), encoding="utf-8")
