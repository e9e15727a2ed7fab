"""Every name that is told to an operator's telescope: spans, attributes, metrics. Dashboards are built on them.

An attribute that is not here is not sent, so that no customer's value or id can slip out with a library's own.
"""

from enum import StrEnum

# The buckets of how long a request took, in seconds: those of OpenTelemetry's convention for HTTP.
REQUEST_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
JOB_BOUNDS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0)


class SpanName(StrEnum):
    """Kinds of spans; a request is named by its method and route instead, as the convention has it."""

    JOB = "job"
    STAGE = "stage"
    DATABASE = "database"
    NODE = "node"
    PIPELINE = "pipeline"


class Key(StrEnum):
    """Attributes of spans, metrics and log lines. What belongs to a convention keeps its name."""

    METHOD = "http.request.method"
    ROUTE = "http.route"
    STATUS = "http.response.status_code"
    ERROR = "error.type"
    DATABASE = "db.system.name"
    OPERATION = "db.operation.name"
    JOB = "affluence.job.id"
    JOB_KIND = "affluence.job.kind"
    JOB_STATE = "affluence.job.state"
    ATTEMPT = "affluence.job.attempt"
    WAITED = "affluence.job.waited_seconds"
    MODEL = "affluence.model.name"
    MODEL_VERSION = "affluence.model.version"
    CONTRACT = "affluence.contract"
    ROWS = "affluence.rows"
    STAGE = "affluence.stage"
    DONE = "affluence.stage.done"
    TOTAL = "affluence.stage.total"
    NODE = "affluence.node"
    LIGHT = "affluence.stability.light"
    COLUMNS_MOVED = "affluence.stability.columns_moved"
    LOGGER = "log.logger"
    STACK = "error.stack_trace"


class Event(StrEnum):
    """What happens within a span."""

    BATCH = "batch"


class Metric(StrEnum):
    """What is counted, in the unit of `UNITS`."""

    REQUEST_SECONDS = "http.server.request.duration"
    JOBS_ENDED = "affluence.jobs.ended"
    JOB_SECONDS = "affluence.jobs.duration"
    ROWS_SCORED = "affluence.rows.scored"
    JOBS_WAITING = "affluence.jobs.waiting"
    JOBS_RUNNING = "affluence.jobs.running"
    OLDEST_WAITING = "affluence.jobs.oldest_waiting"
    STABILITY = "affluence.stability"


BOUNDS = {Metric.REQUEST_SECONDS: REQUEST_BOUNDS, Metric.JOB_SECONDS: JOB_BOUNDS}
UNITS = {
    Metric.REQUEST_SECONDS: "s",
    Metric.JOBS_ENDED: "{job}",
    Metric.JOB_SECONDS: "s",
    Metric.ROWS_SCORED: "{row}",
    Metric.JOBS_WAITING: "{job}",
    Metric.JOBS_RUNNING: "{job}",
    Metric.OLDEST_WAITING: "s",
    Metric.STABILITY: "1",
}
MEANINGS = {
    Metric.REQUEST_SECONDS: "How long requests took, by method, route and status.",
    Metric.JOBS_ENDED: "Jobs that ended, by kind and how.",
    Metric.JOB_SECONDS: "How long jobs took from their beginning to their end, by kind.",
    Metric.ROWS_SCORED: "Customers scored, by contract.",
    Metric.JOBS_WAITING: "Jobs that wait for a worker; every worker tells the same number.",
    Metric.JOBS_RUNNING: "Jobs in work; every worker tells the same number.",
    Metric.OLDEST_WAITING: "For how long the oldest waiting job has waited.",
    Metric.STABILITY: "How far the last scored table moved, by contract: 0 green, 1 amber, 2 red.",
}
SPANS = {
    SpanName.JOB: "A job that a worker does, under the request that asked for it.",
    SpanName.STAGE: "A stage of a job, such as scoring; each batch that is done is an event of it.",
    SpanName.DATABASE: "A call of the database, by its verb.",
    SpanName.PIPELINE: "A run of Kedro.",
    SpanName.NODE: "A node of that run.",
}
KEYS = {
    Key.METHOD: "The method of a request.",
    Key.ROUTE: "The route as the code writes it, without what stood in its place.",
    Key.STATUS: "The status of the answer.",
    Key.ERROR: "The kind of an error, without its words.",
    Key.DATABASE: "The kind of database.",
    Key.OPERATION: "The verb of a statement, without the statement.",
    Key.JOB: "A job, by the number that the API shows.",
    Key.JOB_KIND: "What a job does: score, train, check a dataset, and so on.",
    Key.JOB_STATE: "How a job ended.",
    Key.ATTEMPT: "How often the job was taken, this time included.",
    Key.WAITED: "Seconds that a job waited until a worker took it.",
    Key.MODEL: "The model that scored or was trained.",
    Key.MODEL_VERSION: "Its version.",
    Key.CONTRACT: "The contract of the table.",
    Key.ROWS: "Rows of the table that was scored or learned from.",
    Key.STAGE: "A stage, as the screens call it.",
    Key.DONE: "Parts of a stage that are done.",
    Key.TOTAL: "Parts of a stage in all.",
    Key.NODE: "A node of Kedro.",
    Key.LIGHT: "How the scored table stands to the training table: green, amber, red.",
    Key.COLUMNS_MOVED: "How many of its columns are amber or red.",
    Key.LOGGER: "Which part of the program wrote a log line.",
    Key.STACK: "Where an error of a log line came from, without its words.",
}
