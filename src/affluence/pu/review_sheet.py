"""Review sheets: what a relationship manager fills in, and how it finds its way back to the table.

A sheet names customers by row and id. It is shuffled, so that whoever stops halfway has not left out the lower ranks.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence.errors import UserError
from affluence.pu.review import BATCH_STRIDE, Purpose, sample_review

OWN_COLUMNS = ("row", "customer_id", "verdict", "stratum", "weight")


def review_sheet(
    order: NDArray[np.float64],
    customers: pl.DataFrame,
    *,
    n: int,
    purpose: Purpose,
    seed: int,
    columns: Sequence[str],
    earlier: pl.DataFrame | None = None,
    sheets_before: int = 0,
) -> pl.DataFrame:
    """`n` unlabelled customers to be checked by hand: row, customer_id, an empty verdict, `columns`, stratum, weight.

    `order` is each customer's standing in the ranking that the sheet is drawn from, more for a higher one. `earlier`
    holds the customers of the `sheets_before` sheets given out before; they are not drawn again.

    Errors: UserError when fewer than `n` are left.
    """
    everyone = pl.repeat(value=True, n=customers.height, eager=True)
    unlabelled = (customers["tag"] == 0) if "tag" in customers.columns else everyone
    if earlier is not None:
        known = earlier["customer_id"].cast(pl.String)
        unlabelled &= ~customers["customer_id"].cast(pl.String).is_in(known.to_list())
    rows = np.flatnonzero(unlabelled.to_numpy())
    drawn = sample_review(
        order[rows],
        rows,
        n=n,
        purpose=purpose,
        seed=seed + sheets_before,
        first_stratum=BATCH_STRIDE * sheets_before,
    ).sample(fraction=1.0, shuffle=True, seed=seed)
    shown = customers[drawn["row"].to_list()].select("row", "customer_id", *columns)
    return shown.select("row", "customer_id", pl.lit("").alias("verdict"), *columns).with_columns(
        drawn["stratum"], drawn["weight"]
    )


def place_sheet(sheet: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """The sheet by position in `customers`: row (from 0), verdict, and weight and stratum where it has them.

    Customers who are not in the table any more are left out; the answers on the others stay.

    Errors: UserError when a column is missing, or a row now belongs to another customer.
    """
    missing = [name for name in ("row", "customer_id", "verdict") if name not in sheet.columns]
    if missing:
        raise UserError(
            f"The review sheet lacks the column {', '.join(missing)}. Hand back the sheet that affluence review "
            "suggest wrote, with nothing but its verdicts filled in."
        )
    # A spreadsheet may give a row back as 12.0.
    number = pl.col("row").cast(pl.String).str.replace(r"\.0+$", "")
    wanted = sheet.with_columns(number.cast(pl.Int64, strict=False).alias("row"))
    places = customers.select(pl.col("row").cast(pl.Int64), place=pl.int_range(pl.len()), now="customer_id")
    found = wanted.join(places, on="row", how="left", maintain_order="left")
    unreadable = found["row"].null_count()
    if unreadable:
        raise UserError(
            f"In {unreadable} of {sheet.height} lines of the review sheet the row is no number. Hand back the sheet "
            "that affluence review suggest wrote, with nothing but its verdicts filled in."
        )
    another = pl.col("now").ne_missing(pl.col("customer_id").cast(pl.String))
    strangers = found.filter(pl.col("place").is_not_null() & another)
    if strangers.height:
        raise UserError(
            f"In {strangers.height} of {sheet.height} rows of the review sheet another customer stands in the table. "
            "The sheet is that of another table: train on the table it was drawn from."
        )
    kept = [name for name in ("verdict", "weight", "stratum") if name in sheet.columns]
    return found.filter(pl.col("place").is_not_null()).select(pl.col("place").alias("row"), *kept)
