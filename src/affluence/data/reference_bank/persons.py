"""The person: number, age, postal code, occupation, education, house, income level, number of products."""

import numpy as np
import polars as pl
from scipy.special import ndtr, ndtri

from affluence.data.reference_bank import published
from affluence.data.reference_bank.drawing import Drawing
from affluence.data.reference_bank.holdings import FORCED, Holdings
from affluence.data.reference_bank.published import category_counts, even_spread, shares, shares_of, spread
from affluence.data.reference_bank.shaping import (
    SEGMENTS,
    Codes,
    Flags,
    Floats,
    Positions,
    match_counts,
    normal_scores,
)

AGE_UNKNOWN, AGE_UNKNOWN_ROWS = 122.0, 58
AGE_MISTYPED, AGE_MISTYPED_ROWS = 2.0, 1
POSTAL_CODE_ZEROS, POSTAL_CODE_MISSING = 2_082, 486
POSTAL_CODES = 19_100  # codes in the book: with sizes as uneven as random gaps, 16,046 of them are met
NUMBER_SPACE = 100_000  # customer numbers are drawn from so many, with replacement
LEVELS = {
    "C_EDU": (
        "Below O-Levels",
        "O-Levels",
        "Technical/Vocational Qualifications",
        "A-Levels",
        "Others",
        "Diploma",
        "Professional Qualifications",
        "Degree",
        "Masters",
        "PHD/Doctorate",
    ),
    "C_HSE": (
        "HDB 1-3 ROOM",
        "HDB 4-5 ROOM",
        "HDB EXECUTIVE APARTMENT/ MANSIONETTE",
        "INDUSTRIAL BUILDING",
        "COMMERICAL BUILDING",
        "OFFICE",
        "HOTEL/ SERVICE APARTMENT",
        "SHOPHOUSE",
        "EXECUTIVE CONDOMINIUM",
        "PRIVATE APARTMENT",
        "PRIVATE CONDOMINIUM",
        "TERRACE",
        "SEMI-DETACHED",
        "BUNGALOW",
    ),
    "INCM_TYP": ("1.0", "2.0", "3.0", "4.0", "5.0", "6.0", "7.0", "8.0"),
    "NUM_PRD": ("1", "2", "3", "4", "5", "6", "7", "8", "9"),
}
"""Categories from low to high."""
OCCUPATIONS = {
    "STUDENT": "student",
    "RETIREE": "retiree",
    "HOUSEWIFE": "housewife",
    "BLUE COLLAR": "blue_collar",
    "WHITE COLLAR": "white_collar",
    "OTHERS": "others",
}
"""Occupations chosen in turn, each with its score; who is left is PMEB."""


def draw_persons(drawing: Drawing, positions: Positions, held: Holdings) -> dict[str, pl.Series]:
    """The columns of the person."""
    loan = (held.car | held.home).astype(np.float64)
    recorded = {
        "INCM_TYP": drawing.score("income_recorded", positions) + FORCED * loan,
        "C_EDU": drawing.score("education_recorded", positions),
        "C_HSE": drawing.score("house_recorded", positions),
    }
    level = {"INCM_TYP": "income_level", "C_EDU": "education_level", "C_HSE": "house_level"}
    columns = {
        column: _level(drawing, column, drawing.score(level[column], positions), drawing.pick(score, shares(column)))
        for column, score in recorded.items()
    }
    products = _level(drawing, "NUM_PRD", drawing.score("number_of_products", positions), drawing.everyone())
    return {
        "C_ID": pl.Series(_numbers(drawing, positions)),
        "C_AGE": pl.Series(_ages(drawing, positions)),
        "PC": pl.Series(_postal_codes(drawing), nan_to_null=True),
        "gn_occ": _occupation(drawing, positions),
        "C_EDU": columns["C_EDU"],
        "C_HSE": columns["C_HSE"],
        "INCM_TYP": columns["INCM_TYP"].cast(pl.Float64).cast(pl.Int64),
        "NUM_PRD": products.cast(pl.Int64),
    }


def _level(drawing: Drawing, column: str, score: Floats, among: Flags) -> pl.Series:
    """An ordered category, low scores in the low ones, with the published counts by segment."""
    order = LEVELS[column]
    counts = [[category_counts(column)[value][code] for value in order] for code in range(len(SEGMENTS))]
    return _named(match_counts(score, drawing.segment, counts, among=among), order)


def _named(codes: Codes, names: tuple[str, ...]) -> pl.Series:
    """The names of the codes; null for -1."""
    return (
        pl.Series(names)
        .gather(pl.Series(np.where(codes < 0, 0, codes)))
        .zip_with(pl.Series(codes >= 0), pl.Series([None], dtype=pl.String).new_from_index(0, len(codes)))
    )


def _occupation(drawing: Drawing, positions: Positions) -> pl.Series:
    rows = published.segment_rows()
    counts = category_counts("gn_occ")
    missing = shares_of((rows[0] - sum(n for n, _ in counts.values()), rows[1] - sum(a for _, a in counts.values())))
    left = ~drawing.pick(drawing.score("not_recorded", positions), missing)
    codes = np.where(left, len(OCCUPATIONS), -1)
    for code, (occupation, score) in enumerate(OCCUPATIONS.items()):
        chosen = drawing.pick(drawing.score(score, positions), shares_of(counts[occupation]), among=left)
        codes[chosen] = code
        left = left & ~chosen
    return _named(codes, (*OCCUPATIONS, "PMEB"))


def _ages(drawing: Drawing, positions: Positions) -> Codes:
    """Whole years, with the published impossible ages planted."""
    ages = np.round(drawing.match(positions["age"], spread("C_AGE"), among=drawing.everyone()))
    rows = drawing.stream("planted ages").permutation(drawing.customers)
    unknown, mistyped = drawing.planted(AGE_UNKNOWN_ROWS), drawing.planted(AGE_MISTYPED_ROWS)
    ages[rows[:unknown]] = AGE_UNKNOWN
    ages[rows[unknown:][drawing.segment[rows[unknown:]] == 0][:mistyped]] = AGE_MISTYPED
    return ages.astype(np.int64)


def _numbers(drawing: Drawing, positions: Positions) -> Codes:
    """Customer numbers drawn with replacement: two rows of one number met by chance. Low numbers are older."""
    score = drawing.score("customer_number", positions)
    scale = drawing.customers / published.rows_published()
    uniform = even_spread("C_ID")(score / np.hypot(1, float(published.weights()["customer_number"]["age"])))
    jitter = drawing.stream("C_ID").random(drawing.customers)
    return np.floor((uniform + jitter) * scale).astype(np.int64)


def _postal_codes(drawing: Drawing) -> Floats:
    """Dummy postal codes from a book whose codes are as unevenly used as random gaps make them."""
    generator = drawing.stream("PC")
    rows = drawing.customers
    book = np.sort(generator.random(POSTAL_CODES))
    codes = np.floor(even_spread("PC")(ndtri(book)))
    order = generator.permutation(rows)
    zeros, missing = drawing.planted(POSTAL_CODE_ZEROS), drawing.planted(POSTAL_CODE_MISSING)
    given = rows - zeros - missing
    place = ndtr(normal_scores(np.arange(given, dtype=np.float64), given))
    values = np.full(rows, np.nan)
    values[order[:given]] = codes[np.minimum(np.searchsorted(book, place), POSTAL_CODES - 1)]
    values[order[given : given + zeros]] = 0.0
    return values
