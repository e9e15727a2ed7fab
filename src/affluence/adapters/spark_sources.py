"""Tables that stand in a database: read by Spark over JDBC and laid down as Parquet, which every step reads."""

from collections.abc import Mapping
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from affluence.errors import UserError


def copy_from_sql(
    session: SparkSession,
    folder: Path,
    *,
    url: str,
    table: str,
    options: Mapping[str, str],
    credentials: Mapping[str, str],
) -> Path:
    """`folder`, in which the rows of `table` now stand as Parquet, one file a partition; what it held is gone.

    `url` is a JDBC address, `table` a name or a query in brackets. `options` are those of Spark's JDBC source by name
    (`driver`; `partitionColumn` with its bounds, `numPartitions`, `fetchsize`), `credentials` its user and password.
    The database's driver is among `spark.jars`. A table is read once, so that all steps see the same rows.

    Errors: UserError when Spark cannot read it.
    """
    source = session.read.format("jdbc").options(url=url, dbtable=table, **options, **credentials)
    try:
        source.load().write.mode("overwrite").parquet(str(folder))
    except Exception as error:  # Java's own errors come through as well
        kind = error.getCondition() if isinstance(error, PySparkException) else None
        raise UserError(
            f"{table}: Spark cannot read it from the database ({kind or type(error).__name__}). Is the address right, "
            "is the database up, may this user read the table, and is the driver's jar among spark.jars?"
        ) from error
    return folder
