"""Where the data are and how their columns and codes map to coxa's names."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from coxa.study.parts import Name, OneOrMany, Part
from coxa.study.words import TableName

Code = str | int | float

Verbatim = Annotated[str, StringConstraints(strip_whitespace=False)]
"""Text of which a blank at an end is part."""

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "space": " ", "\\t": "\t"}
"""Words for a delimiter, and what YAML makes of a tab in single quotes."""


def _as_character(given: object) -> object:
    return DELIMITERS.get(given, given) if isinstance(given, str) else given


def _one_character(delimiter: str) -> str:
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
        raise ValueError(
            'the delimiter is not one ASCII character; write for example "," or "\\t", or a word such as tab'
        )
    return delimiter


Delimiter = Annotated[Verbatim, BeforeValidator(_as_character), AfterValidator(_one_character)]


def code_text(code: object) -> str:
    """Return a code as text: 1, 1.0, "1", "1.0" and "1,0" are the same code, as is ü in one or two parts; a day is ISO.

    Examples
    --------
    >>> code_text(1.0), code_text("1,0"), code_text(" high ")
    ('1', '1', 'high')
    """
    if isinstance(code, bool):
        return str(code)
    if isinstance(code, datetime) and code.time() == time():
        return code.date().isoformat()
    if isinstance(code, float) and code.is_integer():
        return str(int(code))
    text = str(code).strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if text.endswith((".0", ",0")) and text[:-2].lstrip("-").isdigit():
        return text[:-2]
    return text


class MissingWhen(Part):
    """A value that other columns of the same row show to be no measurement."""

    column: str = Field(description="Column of the file that holds the false value.")
    equals: Code = Field(description="The false value.")
    when_missing: OneOrMany[str] = Field(description="Columns that are then all empty.")
    because: str = Field(description="Why this is missing, for the report.")


class Span(Part):
    """From a smallest to a largest number or date, both included; one of them may be left out."""

    model_config = ConfigDict(populate_by_name=True)

    low: float | date | None = Field(None, alias="from", description="Smallest number, or first date.")
    high: float | date | None = Field(None, alias="to", description="Largest number, or last date.")

    @model_validator(mode="after")
    def _has_an_end(self) -> Span:
        ends = [end for end in (self.low, self.high) if end is not None]
        if not ends or len({isinstance(end, date) for end in ends}) > 1:
            raise ValueError("a range has numbers or dates; write for example `{from: 0, to: 12}`")
        if len(ends) == 2 and ends[0] > ends[1]:  # type: ignore[operator]
            raise ValueError(f"the range from {ends[0]} to {ends[1]} is empty; write the smaller one first")
        return self

    def in_words(self) -> str:
        """Return the range as it is read: "0 to 12", "from 0", "up to 12"."""
        low, high = (f"{end:g}" if isinstance(end, float) else str(end) for end in (self.low, self.high))
        if self.low is None or self.high is None:
            return f"from {low}" if self.high is None else f"up to {high}"
        return f"{low} to {high}"


class TableSource(Part):
    """One table of the cohort: its file, and coxa's names for the file's columns and codes.

    Outcomes of `assessments` come in three shapes: long (columns `outcome` and `value`), one row per visit
    (`outcomes: {pain: HOOSPAIN}`), or one row per participant (`outcomes: {pain: {baseline: p0, week_12: p12}}`).
    """

    file: Verbatim = Field(description="File name, in the data folder.")
    sheet: Verbatim | int | None = Field(None, description="Sheet of an Excel file; the first if not named.")
    header_row: OneOrMany[int] | None = Field(
        None,
        description="Row of a text or Excel file that names the columns, counted from 1; the first if not named. Of "
        "several rows, such as [3, 4], the names are joined: `Start` above `NPRS` is `Start NPRS`.",
    )
    percent: Literal["shown", "stored"] | None = Field(
        None,
        description="Numbers that an Excel file shows as percentages: `shown` reads 45% as 45, `stored` as 0.45. "
        "Without it such a number is an error.",
    )
    encoding: str | None = Field(None, description="Of a text file; found by coxa if not named.")
    delimiter: Delimiter | None = Field(
        None,
        description="Of a text file: one character, or comma, semicolon, tab, bar or space; found by coxa if not "
        "named.",
    )
    decimal: Literal[".", ","] | None = Field(
        None,
        description="Decimal mark of numbers as text, `.` or `,`; if not named, the numbers of the file have to prove "
        "it.",
    )
    thousands: Literal[".", ",", "'", " "] | None = Field(
        None, description="Thousands mark of numbers as text; none is read if not named."
    )
    date_format: OneOrMany[str] | None = Field(
        None,
        description="Of dates as text, for example `%d/%m/%Y`; ISO if not named. A column with several formats takes a "
        "list; a date that has two readings under it is an error.",
    )
    where: dict[str, OneOrMany[Code] | Span] = Field(
        default_factory=dict,
        description="the file's column: code, [codes] or {from: , to: }. Only rows that have it in every column named "
        'are used; `""` is an empty cell.',
    )
    columns_where: dict[str, dict[str, OneOrMany[Code] | Span]] = Field(
        default_factory=dict,
        description="coxa's column: conditions as under `where`. The column is read only in rows that meet them, as a "
        "REDCap checkbox in the rows of its event: REDCap writes 0 in all others.",
    )
    drop_identical_rows: bool | None = Field(
        None, description="True: of rows that are the same in every column of the file only the first is used."
    )
    columns: dict[str, str] = Field(default_factory=dict, description="coxa's column: the file's column.")
    participant_id_from: tuple[str, ...] = Field(
        (),
        description="Columns of the file that together identify a participant, such as patient and episode; their "
        "codes are joined by a hyphen.",
    )
    constants: dict[str, str | int | float] = Field(
        default_factory=dict, description="coxa's column: a value that holds for every row of the file."
    )
    values: dict[str, dict[Code, Code]] = Field(
        default_factory=dict, description="coxa's column, or an outcome: {the file's code: coxa's word or number}."
    )
    outcomes: dict[Name, str | dict[Name, str]] = Field(
        default_factory=dict, description="outcome: column, or outcome: {visit: column}."
    )
    baselines: dict[Name, str] = Field(
        default_factory=dict, description="outcome: column that repeats the baseline value on every row."
    )
    dates: dict[Name, str] = Field(
        default_factory=dict, description="visit: column with the date of that visit (one row per participant)."
    )
    instrument: str | None = Field(None, description="Instrument of the item columns.")
    items: str | dict[str, str | dict[Name, str]] | None = Field(
        None,
        description="Item columns: a pattern such as `hoos_{item}`, or `hoos_{item}_{visit}` with a column per visit "
        "(its code as under `values: visit`); or item: column, or item: {visit: column}.",
    )
    item_numbers: bool = Field(
        False, description="True: the file numbers the items 1, 2, 3 ... in the order of the instrument."
    )
    forms: Literal["nearest", "nearest_scored"] = Field(
        "nearest",
        description="Which form is used where a visit is found from dates and its window holds several: the nearest to "
        "the planned day, or the nearest that gives a score.",
    )
    missing: tuple[Code, ...] | dict[str, OneOrMany[Code]] = Field(
        (),
        description="Codes that mean missing in every measured column of this table, or coxa's column or outcome: "
        "[codes]. Identifiers, arms, visits and dates take only words, such as NA.",
    )
    missing_when: tuple[MissingWhen, ...] = Field((), description="Values that other columns show to be false.")

    @model_validator(mode="after")
    def _one_shape(self) -> TableSource:
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(f"`decimal` and `thousands` are both `{self.decimal}`; a mark has one meaning")
        kinds = {isinstance(where, dict) for where in self.outcomes.values()}
        if len(kinds) > 1:
            raise ValueError(
                "outcomes are given both as one column and as a column per visit; a file has one row per visit "
                "or one row per participant, not both"
            )
        if isinstance(self.items, str) and "{item}" not in self.items:
            raise ValueError("the pattern of `items` has no `{item}` in it; write for example `hoos_{item}`")
        if isinstance(self.items, dict) and len({isinstance(where, dict) for where in self.items.values()}) > 1:
            raise ValueError("items are given both as one column and as a column per visit; write all of them alike")
        return self

    @model_validator(mode="after")
    def _one_key(self) -> TableSource:
        if len(self.participant_id_from) == 1:
            raise ValueError("`participant_id_from` has one column; write it under `columns: {participant_id: ...}`")
        if self.participant_id_from and "participant_id" in self.columns:
            raise ValueError("`columns: participant_id` and `participant_id_from` are both given; keep one of them")
        return self

    @property
    def visits_in_columns(self) -> bool:
        """Whether the visits of a participant are in columns of one row."""
        if isinstance(self.items, str):
            return "{visit}" in self.items
        places = [*self.outcomes.values(), *(self.items or {}).values()]
        return any(isinstance(where, dict) for where in places)

    @model_validator(mode="after")
    def _header_rows_in_order(self) -> TableSource:
        rows = self.header_row or ()
        if any(row < 1 for row in rows) or sorted(set(rows)) != list(rows):
            raise ValueError("`header_row` is not a row, or rows from the top down; count from 1, for example [3, 4]")
        return self

    def named_columns(self) -> tuple[str, ...]:
        """Return the columns of the file that the plan names one by one."""
        places = [where.values() if isinstance(where, dict) else (where,) for where in self.outcomes.values()]
        items = self.items.values() if isinstance(self.items, dict) else ()
        places += [where.values() if isinstance(where, dict) else (where,) for where in items]
        named = [*self.columns.values(), *self.participant_id_from, *self.baselines.values(), *self.dates.values()]
        named += [*self.where, *(column for conditions in self.columns_where.values() for column in conditions)]
        return tuple(dict.fromkeys([*named, *(column for group in places for column in group)]))


class Correction(Part):
    """A value of the files that is known to be wrong, and its correct value."""

    model_config = ConfigDict(populate_by_name=True)

    table: TableName = Field(description="Table that holds the value.")
    participant_id: Code = Field(description="Identifier as in the file; quote it where it has leading zeros.")
    visit: Name | None = Field(None, description="Visit, where the table has several rows or columns per participant.")
    row: int | None = Field(None, description="Row of the file, where participant and visit do not tell it.")
    field: str | None = Field(None, description="coxa's column that is corrected; this, `outcome` or `item`.")
    outcome: Name | None = Field(None, description="Outcome whose value is corrected.")
    item: str | None = Field(None, description="Item whose answer is corrected.")
    found: Code | date | None = Field(None, alias="from", description="What the file has; nothing else is replaced.")
    to: Code | date | None = Field(description="The right value in coxa's words; null sets it missing.")
    because: str = Field(description="Why, and who says so; it is kept with the findings.")

    @model_validator(mode="after")
    def _one_target(self) -> Correction:
        if sum(name is not None for name in (self.field, self.outcome, self.item)) != 1:
            raise ValueError(
                "the correction does not name exactly one of `field`, `outcome` and `item`; name one of them"
            )
        return self


class ExcludedRow(Part):
    """A row of a file that is not used, in one table or in every table of the file."""

    table: TableName | None = Field(None, description="Table that does not use the row; this or `file`.")
    file: str | None = Field(None, description="File of which no table uses the row.")
    row: int = Field(description="Row as the findings count it: in text and Excel files the header is row 1.")
    because: str = Field(description="Why; it is the reason in the account of what was left out.")

    @model_validator(mode="after")
    def _one_place(self) -> ExcludedRow:
        if (self.table is None) == (self.file is None):
            raise ValueError("the excluded row does not name either its `table` or its `file`; name one of them")
        return self


class DataSource(Part):
    """The files of the study."""

    folder: Verbatim = Field(".", description="Folder of the files, relative to the study file.")
    missing: tuple[Code, ...] = Field(
        (), description="Codes that mean missing in every measured column of every table."
    )
    corrections: tuple[Correction, ...] = Field((), description="Wrong values and their corrections.")
    exclude_rows: tuple[ExcludedRow, ...] = Field((), description="Rows of files that are not used.")
    max_cells: int | None = Field(
        None,
        gt=0,
        description="Most cells that a sheet of a workbook (2 million unless given) or a Parquet, SPSS, Stata or SAS "
        "file (200 million) may have; unpacked, it may take 50 bytes for each. Larger files are refused before they "
        "fill the memory.",
    )
    drop_identical_rows: bool = Field(
        False, description="True: of rows that are the same in every column only the first is used, in every table."
    )
    ignore_unlisted: bool = Field(
        False, description="True: columns and outcomes that the plan does not name are left out without a note."
    )
    tables: dict[TableName, TableSource] = Field(min_length=1, description="The tables that there are, each a file.")

    @model_validator(mode="after")
    def _tables_are_there(self) -> DataSource:
        named = {rule.table for rule in self.corrections} | {rule.table for rule in self.exclude_rows}
        named -= {None, *self.tables}
        if named:
            raise ValueError(
                f"`corrections` and `exclude_rows` name tables without a file: {', '.join(sorted(map(str, named)))}; "
                f"tables: {', '.join(self.tables)}"
            )
        return self
