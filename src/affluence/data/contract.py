"""What a table is, said once: each column's header, our name, type, unit, range, meaning of null and use.

A contract is a YAML file, `conf/*/contract_<table>.yml`. A new table is a new contract, not new code. The
table's own headers stand here alone; everything else speaks of a column by our name for it.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from affluence.data.contract_errors import sentences_of
from affluence.data.finding_kinds import FindingKind, RemedyChoice
from affluence.errors import ContractError

RESERVED_NAMES = frozenset(
    {
        *("row", "customer_id", "tag", "rank", "score", "affluent_probability", "labelled_probability", "simulated"),
        "sampling_weight",
        *("rank_low", "rank_high", "hidden_type", "segment", "offer", "opening", "offer_reason"),
        *("reason_1", "reason_2", "reason_3"),
    }
)
"""Names that our own tables use, so no column may be called so."""

Header = Annotated[str, Field(min_length=1)]


class ColumnType(StrEnum):
    """How a cell is read."""

    NUMBER = "number"
    INTEGER = "integer"
    CATEGORY = "category"


class Missing(StrEnum):
    """What an empty cell means: the thing does not exist, it was not recorded, or it may not happen."""

    DOES_NOT_HOLD = "does_not_hold"
    NOT_RECORDED = "not_recorded"
    REFUSED = "refused"


class Use(StrEnum):
    """What a column may serve for: reasons told to the customer, a feature for us alone, or no feature."""

    SPEAKABLE = "speakable"
    INTERNAL = "internal"
    FORBIDDEN = "forbidden"


Action = Literal["refuse", "drop", "set_missing", "unlabelled", "ignore", "keep", "latest", "strongest"]
"""What is done about a violation."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Policy(_Part):
    """What is done about each kind of violation. A missing column or a repeated header is always refused."""

    unreadable_rows: Literal["refuse", "drop"] = "refuse"
    extra_columns: Literal["refuse", "ignore"] = "refuse"
    wrong_type: Literal["refuse", "set_missing"] = "refuse"
    out_of_range: Literal["refuse", "set_missing", "keep"] = "refuse"
    unknown_category: Literal["refuse", "set_missing", "keep"] = "refuse"
    missing_value: Literal["refuse", "drop"] = "refuse"
    unknown_tag: Literal["refuse", "drop", "unlabelled"] = "refuse"
    empty_tag: Literal["refuse", "drop", "unlabelled"] = "refuse"
    empty_customer_id: Literal["refuse", "drop"] = "refuse"
    repeated_customer_id: Literal["refuse", "keep", "latest", "strongest"] = "refuse"


class Locale(_Part):
    """How numbers are written in the table's text cells."""

    name: str = "en_US"
    decimal: Annotated[str, Field(pattern=r"^[.,]$")] = "."
    thousands: Annotated[str, Field(pattern=r"^[.,' ]?$")] = ","

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both '{self.decimal}', wanted two different marks")
        return self


class CustomerId(_Part):
    """Where the customer id stands; `source` null says that the row number is the id.

    `decided_by` is our name of the number that decides which of a customer's rows stands, where the policy for a
    repeated id is latest (a time) or strongest (a worth).
    """

    source: Header | None
    decided_by: str | None = None


class Tag(_Part):
    """The bank segment tag: which values say affluent, and which say normal (unlabelled, not negative)."""

    source: Header
    affluent: Annotated[tuple[Header, ...], Field(min_length=1)]
    normal: Annotated[tuple[Header, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _values_differ(self) -> Self:
        if both := set(self.affluent) & set(self.normal):
            raise ValueError(f"{_either(sorted(both))} is both affluent and normal, wanted each value once")
        return self


class Column(_Part):
    """One column. `range` is inclusive, in `unit`, null for no bound; three actions override the policy.

    `product` is what whoever has a value here holds, in a person's words; several columns may speak of one product.
    `spoken` is how a reason names the column; left out, it is the name as words, without a currency at its end.
    `fair_reach` says that the reach of a list is told by the groups in it: true for each category a group, or for a
    number where its bands begin, ascending.
    """

    source: Header
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    type: ColumnType
    unit: str | None = None
    range: tuple[float | None, float | None] | None = None
    categories: tuple[str, ...] | None = None
    missing: Missing
    product: Header | None = None
    fair_reach: bool | tuple[float, ...] = False
    use: Use
    tag_driver: bool = False
    meaning: Header
    spoken: Header | None = None
    wrong_type: Literal["refuse", "set_missing"] | None = None
    out_of_range: Literal["refuse", "set_missing", "keep"] | None = None
    unknown_category: Literal["refuse", "set_missing", "keep"] | None = None

    @model_validator(mode="after")
    def _groups_fit_the_type(self) -> Self:
        bands = self.fair_reach if isinstance(self.fair_reach, tuple) else None
        if bands is not None and (self.type is ColumnType.CATEGORY or list(bands) != sorted(set(bands)) or not bands):
            raise ValueError("fair_reach lists bands that are no ascending numbers, wanted those of a number's column")
        if self.fair_reach is True and self.type is not ColumnType.CATEGORY:
            raise ValueError("fair_reach is true on a number, wanted the numbers at which its bands begin")
        return self

    @model_validator(mode="after")
    def _limits_fit_the_type(self) -> Self:
        if self.type is ColumnType.CATEGORY and self.range is not None:
            raise ValueError("range stands on a category, wanted it on a number or an integer alone")
        if self.type is not ColumnType.CATEGORY and self.categories is not None:
            raise ValueError(f"categories stand on a column of type {self.type}, wanted them on a category alone")
        low, high = self.range or (None, None)
        if low is not None and high is not None and low > high:
            raise ValueError(f"range goes from {low:g} to {high:g}, wanted the lower bound first")
        return self


class Contract(_Part):
    """A whole table. `file` and `truth_file` are relative to the project's root.

    A `simulated` table is made where its file is missing, and everything that comes from it says so. `truth_file` holds
    what nobody knows of a real table: which rows are truly affluent.
    """

    table: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Header
    file: Path | None = None
    simulated: bool = False
    truth_file: Path | None = None
    source_note: str = ""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    locale: Locale = Locale()
    missing_marks: tuple[str, ...] = ("",)
    customer_id: CustomerId
    tag: Tag
    policy: Policy = Policy()
    remedies: Mapping[FindingKind, RemedyChoice | Mapping[str, RemedyChoice]] = {}
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_stand_once(self) -> Self:
        if twice := _repeated(self.headers):
            raise ValueError(f"source {_either(twice)} stands more than once, wanted each header once")
        names = [column.name for column in self.columns]
        if twice := _repeated(names):
            raise ValueError(f"name {_either(twice)} stands more than once, wanted each name once")
        if taken := sorted(RESERVED_NAMES.intersection(names)):
            raise ValueError(f"name {_either(taken)} is kept for our own columns, wanted another")
        return self

    @model_validator(mode="after")
    def _one_row_can_be_decided(self) -> Self:
        rule, decided_by = self.policy.repeated_customer_id, self.customer_id.decided_by
        numbers = [column.name for column in self.columns if column.type is not ColumnType.CATEGORY]
        if rule in {"latest", "strongest"} and decided_by not in numbers:
            raise ValueError(
                f"decided_by is {decided_by or 'empty'}, wanted the number that says which row is the {rule}"
            )
        return self

    @field_validator("remedies", mode="before")
    @classmethod
    def _remedies_are_known(cls, remedies: object) -> object:
        """The remedies as they stand; one sentence for what is wrong in them, where pydantic would say several."""
        for kind, choice in remedies.items() if isinstance(remedies, Mapping) else ():
            if kind not in set(FindingKind):
                raise ValueError(f"'{kind}' is no kind of finding, wanted one that affluence doctor names")
            for word in choice.values() if isinstance(choice, Mapping) else [choice]:
                if word not in get_args(RemedyChoice):
                    raise ValueError(f"'{word}' stands at {kind}, wanted apply or leave")
        return remedies

    @model_validator(mode="after")
    def _remedies_name_columns(self) -> Self:
        names = {column.name for column in self.columns}
        chosen = [name for choice in self.remedies.values() if isinstance(choice, Mapping) for name in choice]
        if unknown := sorted(set(chosen) - names):
            raise ValueError(f"remedies speak of {_either(unknown)}, wanted columns by our names")
        return self

    @property
    def feature_columns(self) -> tuple[Column, ...]:
        """The columns that a learner may see: all but the forbidden ones."""
        return tuple(column for column in self.columns if column.use is not Use.FORBIDDEN)

    @property
    def speakable_columns(self) -> tuple[Column, ...]:
        """The columns that a reason told to the customer may name."""
        return tuple(column for column in self.columns if column.use is Use.SPEAKABLE)

    @property
    def tag_drivers(self) -> tuple[Column, ...]:
        """The columns that the bank's tagging looked at."""
        return tuple(column for column in self.columns if column.tag_driver)

    def column(self, name: str) -> Column:
        """The column of that name of ours. Raises `ContractError` when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        known = ", ".join(column.name for column in self.columns)
        raise ContractError(f"The contract of {self.table} has no column {name}. It has {known}.")

    def action(self, rule: str, *, column: Column | None = None) -> Action:
        """What is done about a breach of `rule` (a field of `Policy`): the column's, else the policy's."""
        action: Action = getattr(column, rule, None) or getattr(self.policy, rule)
        return action

    def under_headers(self, headers: Collection[str], *, known_as: Mapping[str, str]) -> Self:
        """The contract in the words of a table with those `headers`, which calls some columns otherwise.

        `known_as` says which header in a file stands for which of the contract's. It counts where the table has the
        one and not the other.
        """
        called = {ours: theirs for theirs, ours in known_as.items() if theirs in headers and ours not in headers}
        columns = tuple(
            column.model_copy(update={"source": called.get(column.source, column.source)}) for column in self.columns
        )
        tag = self.tag.model_copy(update={"source": called.get(self.tag.source, self.tag.source)})
        source = self.customer_id.source
        customer_id = self.customer_id.model_copy(update={"source": called.get(source, source) if source else None})
        return self.model_copy(update={"columns": columns, "tag": tag, "customer_id": customer_id})

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of the table: the customer id's where it has one, the tag's, and the columns'."""
        first = (self.customer_id.source,) if self.customer_id.source else ()
        return (*first, self.tag.source, *(column.source for column in self.columns))

    def fingerprint(self) -> str:
        """The SHA-256, in hex, of the contract's content, whatever the order or the comments of its file."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()


def load_contract(path: Path) -> Contract:
    """The contract that stands in a YAML file.

    Raises `ContractError`, which names the file, every key that is wrong, what was found and what was wanted.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=SingleKeyLoader)  # noqa: S506
    except OSError as error:
        raise ContractError(f"{path.name}: there is no contract that can be opened ({error.strerror}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{path.name}: this is not YAML. {_place(error)}") from error
    if not isinstance(content, dict):
        raise ContractError(f"{path.name}: no keys were found, wanted table, title, columns and the rest.")
    try:
        return Contract.model_validate(content)
    except ValidationError as error:
        sentences = "\n".join(sentences_of(error.errors(), content=content))
        raise ContractError(f"{path.name} is not a contract yet:\n{sentences}") from error


def find_contract(name: str, *, folders: Sequence[Path]) -> Path:
    """The path of `contract_<name>.yml`; of two folders that hold it, the later one.

    Raises `ContractError`, which lists the names that are there.
    """
    known = {path.stem.removeprefix("contract_"): path for folder in folders for path in folder.glob("contract_*.yml")}
    if name not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise ContractError(f"There is no contract '{name}'. Known contracts: {listed}.")
    return known[name]


class SingleKeyLoader(yaml.SafeLoader):
    """YAML keeps the last of two equal keys and says nothing; in a file that people edit that would hide a rule."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002  (PyYAML's signature)
    ) -> dict[Any, Any]:
        """The mapping. Errors: ConstructorError when a key stands twice."""
        keys = [key.value for key, _ in node.value]
        if twice := _repeated(keys):
            problem = f"the key {_either(twice)} stands twice"
            raise yaml.constructor.ConstructorError(problem=problem, problem_mark=node.start_mark)
        return super().construct_mapping(node, deep=deep)


def _place(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"Line {error.problem_mark.line + 1}: {error.problem}."
    return "Save it as UTF-8 text."


def _repeated(words: Iterable[str]) -> list[str]:
    return [word for word, count in Counter(words).items() if count > 1]


def _either(words: Sequence[str]) -> str:
    quoted = [f"'{word}'" for word in words]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
