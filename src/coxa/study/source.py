"""Where the data are and how their columns and codes map to coxa's names."""

from __future__ import annotations

from pydantic import Field, model_validator

from coxa.study.parts import Name, OneOrMany, Part
from coxa.study.words import TableName

Code = str | int | float


def code_text(code: object) -> str:
    """Return a code as text, so that 1, 1.0 and "1" are the same code.

    Examples
    --------
    >>> code_text(1.0), code_text("1"), code_text(" high ")
    ('1', '1', 'high')
    """
    if isinstance(code, bool):
        return str(code)
    if isinstance(code, float) and code.is_integer():
        return str(int(code))
    text = str(code).strip()
    if text.endswith(".0") and text[:-2].lstrip("-").isdigit():
        return text[:-2]
    return text


class MissingWhen(Part):
    """A value that is not a measurement, told by other columns of the same row."""

    column: str = Field(description="Column of the file that holds the false value.")
    equals: Code = Field(description="The false value.")
    when_missing: OneOrMany[str] = Field(description="Columns that are then all empty.")
    because: str = Field(description="Why this is missing, for the report.")


class TableSource(Part):
    """One table of the cohort: its file, and coxa's names for the file's columns and codes.

    Outcomes of `assessments` come in three shapes: long (columns `outcome` and `value`), one row per visit
    (`outcomes: {pain: HOOSPAIN}`), or one row per participant (`outcomes: {pain: {baseline: p0, week_12: p12}}`).
    """

    file: str = Field(description="File name, in the data folder.")
    sheet: str | int | None = Field(None, description="Sheet of an Excel file; the first if not named.")
    encoding: str | None = Field(None, description="Of a text file; found by coxa if not named.")
    delimiter: str | None = Field(None, description="Of a text file; found by coxa if not named.")
    decimal: str | None = Field(None, description="`.` or `,`; found by coxa if not named.")
    date_format: str | None = Field(None, description="Of dates as text, for example `%d/%m/%Y`; ISO if not named.")
    columns: dict[str, str] = Field(default_factory=dict, description="coxa's column: the file's column.")
    constants: dict[str, str | int | float] = Field(
        default_factory=dict, description="coxa's column: a value that holds for every row of the file."
    )
    values: dict[str, dict[Code, Code]] = Field(
        default_factory=dict, description="coxa's column: {the file's code: coxa's word}."
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
    items: str | dict[str, str] | None = Field(
        None, description="Item columns: a pattern such as `hoos_{item}`, or item: column."
    )
    missing: tuple[Code, ...] = Field((), description="Codes that mean missing in this table.")
    missing_when: tuple[MissingWhen, ...] = ()

    @model_validator(mode="after")
    def _one_shape(self) -> TableSource:
        kinds = {isinstance(where, dict) for where in self.outcomes.values()}
        if len(kinds) > 1:
            raise ValueError(
                "outcomes are given both as one column and as a column per visit; a file has one row per visit "
                "or one row per participant, not both"
            )
        if isinstance(self.items, str) and "{item}" not in self.items:
            raise ValueError("the pattern of `items` has no `{item}` in it; write for example `hoos_{item}`")
        return self


class DataSource(Part):
    """The files of the study."""

    folder: str = Field(".", description="Folder of the files, relative to the study file.")
    missing: tuple[Code, ...] = Field((), description="Codes that mean missing in every table.")
    ignore_unlisted: bool = Field(
        False, description="True: columns and outcomes that the plan does not name are left out without a note."
    )
    tables: dict[TableName, TableSource] = Field(min_length=1)
