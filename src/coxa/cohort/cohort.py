"""A cohort: checked tables, where they came from, what was wrong, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import pandas as pd

from coxa.arguments import Kind
from coxa.cards import counted
from coxa.cohort.card import cohort_card
from coxa.cohort.disposition import Disposition
from coxa.errors import DataError
from coxa.findings import Findings
from coxa.study import Study


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read.

    name    : file name, without its folder
    format  : csv, excel, parquet, spss, stata, sas
    sha256  : hash of its bytes
    n_rows  : data rows in it
    details : what was found out about it (encoding, delimiter, decimal mark, sheet)
    """

    name: str
    format: str
    sha256: str
    n_rows: int
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ClinicRows:
    """Patients of a clinic, whose case mix the result of a trial is carried to.

    frame    : one row per patient with the covariates of `transport:`
    without  : patients without one of these covariates, who are left out
    findings : what was found in their file
    """

    frame: pd.DataFrame = field(repr=False)
    without: int
    findings: Findings
    sources: tuple[SourceFile, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Cohort:
    """The data of a study under coxa's names.

    tables : table name -> frame with the columns of the data dictionary, and `source_file`, `source_row` and,
             for values that stood side by side in a row, `source_column`. `participants` has one row per
             participant with every covariate of the plan; `assessments` one row per participant, visit and
             outcome, only where there is a value.
    clinic : the patients of `transport:`; None where the plan has none, or their file is not at hand

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> cohort = coxa.read_cohort(trial.study, trial.tables)
    >>> cohort
    Cohort of moa-2013: Manual therapy, exercise therapy, both or neither for osteoarthritis of the hip or knee
      Participants  40
      Groups        Usual care 10, Manual therapy 10, Exercise therapy 10, Manual and exercise therapy 10
      Tables        participants: 40 rows
                    assessments: 155 rows
                    treatment_sessions: 270 rows
      Sources       participants, assessments, treatment_sessions
      Findings      none
      Left out      nothing
    >>> cohort.table("participants")["arm"].value_counts().unique().tolist()
    [10]
    """

    study: Study
    tables: Mapping[str, pd.DataFrame]
    findings: Findings
    disposition: Disposition
    sources: tuple[SourceFile, ...]
    clinic: ClinicRows | None = None
    derived: dict[tuple[str, ...], Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was derived from these tables once and is asked for again, such as scores; it changes no table."""

    def __repr__(self) -> str:
        return cohort_card(self).text()

    def _repr_html_(self) -> str:
        return cohort_card(self).html()

    def require_clean(self) -> Cohort:
        """Return the cohort if it has no errors.

        Raises
        ------
        DataError
            With every error; warnings and notes do not stop anything.
        """
        errors = self.findings.errors
        if errors:
            raise DataError(f"the data of {self.study.study} have {counted(len(errors), 'error')}", errors)
        return self

    def table(self, name: str) -> pd.DataFrame:
        """Return a table; an empty frame where the study does not have it."""
        return self.tables.get(name, pd.DataFrame())


@runtime_checkable
class StudyTables(Protocol):
    """A plan with its tables in memory, not yet checked, such as a simulated trial."""

    @property
    def study(self) -> Study:
        """The plan; its `data:` says how the columns of the tables map to coxa's."""

    @property
    def tables(self) -> Mapping[str, Any]:
        """Table name -> frame of pandas, polars or pyarrow."""

    @property
    def data(self) -> Mapping[str, Any]:
        """The tables, and other files of the plan by their names: what `coxa.read_cohort` takes."""


COHORT = Kind((Cohort,), "a checked cohort (`Cohort`)", "Read it first: `coxa.read_cohort(study)`.")
