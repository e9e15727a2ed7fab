"""Rules by which a person can be placed by hand: a few questions with a yes or a no."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from affluence.data.contract import Column, Missing
from affluence.decision.holdings import words_of

_EMPTY_WORDS = {Missing.DOES_NOT_HOLD: ", or none", Missing.NOT_RECORDED: ", or not recorded", Missing.REFUSED: ""}


@dataclass(frozen=True)
class Holds:
    """Whether the person holds the product."""

    product: str
    expression: pl.Expr

    def phrase(self, *, answer: bool) -> str:
        """The answer in a few words."""
        return self.product if answer else f"no {self.product}"

    def sentence(self, *, answer: bool) -> str:
        """The answer in words that leave no case open."""
        return f"{'holds' if answer else 'does not hold'} {self.product}"


@dataclass(frozen=True)
class AtLeast:
    """Whether the person's number is `least` or more; without a number the answer is no."""

    column: Column
    least: float

    @property
    def expression(self) -> pl.Expr:
        """The answer, never missing."""
        return (pl.col(self.column.name) >= self.least).fill_null(False)  # noqa: FBT003  (Polars' signature)

    def phrase(self, *, answer: bool) -> str:
        """The answer in a few words."""
        words = words_of(self.column)
        return f"{words} {number(self.least)} and over" if answer else f"{words} under {number(self.least)}"

    def sentence(self, *, answer: bool) -> str:
        """The answer in words that leave no case open."""
        return self.phrase(answer=answer) + ("" if answer else _EMPTY_WORDS[self.column.missing])


@dataclass(frozen=True)
class Is:
    """Whether the person is of that category; without a category the answer is no."""

    column: Column
    category: str

    @property
    def expression(self) -> pl.Expr:
        """The answer, never missing."""
        return (pl.col(self.column.name) == self.category).fill_null(False)  # noqa: FBT003  (Polars' signature)

    def phrase(self, *, answer: bool) -> str:
        """The answer in a few words."""
        return f"{words_of(self.column)} {'' if answer else 'not '}{self.category}"

    def sentence(self, *, answer: bool) -> str:
        """The answer in words that leave no case open."""
        return self.phrase(answer=answer) + ("" if answer else _EMPTY_WORDS[self.column.missing])


Question = Holds | AtLeast | Is


@dataclass(frozen=True)
class Rule:
    """Questions with the answers that place a person; without any the rule takes everybody."""

    answers: tuple[tuple[Question, bool], ...] = ()

    @property
    def expression(self) -> pl.Expr:
        """Whether the rule takes a person, never missing."""
        taken = [question.expression if answer else ~question.expression for question, answer in self.answers]
        return pl.all_horizontal(taken) if taken else pl.lit(True)  # noqa: FBT003  (Polars' signature)

    @property
    def name(self) -> str:
        """The rule in a few words."""
        return _capital(", ".join(q.phrase(answer=yes) for q, yes in self._telling())) or "Everybody"

    @property
    def text(self) -> str:
        """The rule in one sentence that leaves no case open."""
        return _capital("; ".join(q.sentence(answer=yes) for q, yes in self._telling())) or "Everybody on the list"

    def _telling(self) -> list[tuple[Question, bool]]:
        """The answers without those that another says already, as 50 and over says 20 and over."""
        return [pair for pair in self.answers if not any(_says(other, pair) for other in self.answers if other != pair)]


def number(value: float) -> str:
    """The number as a person writes it: 50,000 or 0.5."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,g}"


def place(customers: pl.DataFrame, names: Sequence[str], rules: Sequence[Rule]) -> pl.Series:
    """The name of the rule that takes each customer; exactly one does."""
    placed = pl.coalesce([pl.when(rule.expression).then(pl.lit(name)) for name, rule in zip(names, rules, strict=True)])
    return customers.with_columns(segment=placed)["segment"]


def _says(one: tuple[Question, bool], other: tuple[Question, bool]) -> bool:
    (tighter, tight_answer), (looser, loose_answer) = one, other
    if not isinstance(looser, AtLeast):
        same = isinstance(tighter, Is) and isinstance(looser, Is) and tighter.column == looser.column
        return same and tight_answer and not loose_answer
    if not isinstance(tighter, AtLeast) or tighter.column != looser.column or tight_answer != loose_answer:
        return False
    return tighter.least > looser.least if tight_answer else tighter.least < looser.least


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
