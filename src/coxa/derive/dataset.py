"""The data of one estimand: one row per participant and visit, with what was done to each value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from coxa.cards import Card
from coxa.cohort.card import findings_words, left_out_words
from coxa.cohort.disposition import Disposition
from coxa.derive.once import once
from coxa.findings import Findings


@dataclass(frozen=True, slots=True, repr=False)
class AnalysisDataset:
    """The rows that an estimand is estimated from.

    estimand : name in the plan
    frame    : one row per participant of the analysis set and visit after baseline, sorted, with
               participant_id, arm, visit (both categorical, reference and earliest first), study_day, outcome,
               value, baseline, change, percent_change, responder (1, 0 or missing), every covariate of the plan,
               the analysis-set flags, `handled` (what an intercurrent-event strategy did to the value, or
               empty), `carried_forward` (True where the data say that the value is of an earlier visit),
               `source_table`, `source_file`, `source_row`, `source_column` of the value
    response : the column that is analysed
    items    : answers to the items of the outcome's scale, one row per form, where an analysis of the estimand imputes
               items before scores; else None

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> dataset = coxa.derive_dataset(coxa.read_cohort(trial.study, trial.tables), "primary")
    >>> dataset.response, len(dataset.frame), len(dataset.analysed)
    ('change', 120, 115)
    """

    estimand: str
    frame: pd.DataFrame
    response: str
    findings: Findings
    disposition: Disposition
    items: pd.DataFrame | None = field(default=None, repr=False)
    derived: dict[tuple[str, ...], Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was derived from these rows once and is asked for again; it changes no row."""

    def __repr__(self) -> str:
        return dataset_card(self).text()

    def _repr_html_(self) -> str:
        return dataset_card(self).html()

    @property
    @once
    def analysed(self) -> pd.DataFrame:
        """The rows with a response."""
        return self.frame[self.frame[self.response].notna()]


def dataset_card(dataset: AnalysisDataset) -> Card:
    """Return what the rows of an estimand show of themselves: counts by visit and arm, no value."""
    rows, people = dataset.analysed, lambda frame: frame["participant_id"].nunique()
    counts = rows.groupby(["visit", "arm"], observed=True)["participant_id"].nunique().unstack("arm", fill_value=0)
    facts = {
        "Response": dataset.response,
        "Participants": f"{people(rows):,} with a response, {people(dataset.frame):,} in all",
        "Rows": f"{len(rows):,} with a response, {len(dataset.frame):,} in all",
        "Left out": left_out_words(dataset.disposition),
        "Findings": findings_words(dataset.findings),
    }
    lines = zip(counts.index, counts.to_numpy(), strict=True)
    table = [[str(visit), *(f"{int(n):,}" for n in line)] for visit, line in lines]
    head = ["participants at", *map(str, counts.columns)]
    return Card(f"Data of estimand {dataset.estimand}", facts, head, table)
