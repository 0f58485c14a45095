"""The baseline table: who was allocated to each arm, described, not tested.

Tests of baseline differences in a randomised trial test a hypothesis that is known to be true, and are left out
(CONSORT 2025, item 25).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.build import people_of_set
from coxa.derive.scores import derive_scores
from coxa.errors import DataError
from coxa.estimates.balance import moments
from coxa.findings import Finding, Findings
from coxa.sentences import join_words, mid_sentence
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.study.plan import EVERYBODY
from coxa.study.words import AnalysisSet
from coxa.tables.cells import Cell, Statistic
from coxa.tables.characteristics import Columns, Described, characteristic_rows
from coxa.tables.formats import cell, counted
from coxa.tables.phrases import abbreviations
from coxa.tables.prose import NB_N, Prose, Text, with_n
from coxa.tables.table import Column, Footnote, RowGroup, Table

TOTAL = EVERYBODY


def baseline_table(cohort: Cohort, *, compared: bool | None = None) -> Table:
    """Describe participants at baseline by arm and overall: all of them, or the set that the plan names.

    Parameters
    ----------
    cohort
        Checked tables; `participants` with arm and covariates, and the outcomes at baseline.
    compared
        Whether standardised differences are shown; unless given, in a cohort, and where the plan asks.

    Returns
    -------
    Table
        Numbers as mean (SD) or median [Q1, Q3], as the plan says; categories as n (%) of those known, with a
        row of missing where there are any. No p-values. Outcomes carry their range and direction. Standardised
        differences have a column for each arm against the reference; with `report: baseline_weight` everything but
        the missing is weighted (`coxa.estimates.balance` has the formulas).

    Raises
    ------
    DataError
        A participant has no weight, or a negative one.

    Examples
    --------
    >>> baseline_table(cohort)  # doctest: +SKIP
    """
    study = cohort.study
    people = baseline_people(cohort, shown_at_baseline(study), _set_shown(study))
    weight = study.report.baseline_weight or ""
    if weight:
        _check_weights(people, weight)
    columns = by_arm(study, people)
    reference, *others = study.groups
    pairs = tuple((arm, reference) for arm in others)
    if compared is None:
        compared = isinstance(study, ComparativeStudy) and study.compares_baseline
    described = Described(columns, _at, weight, pairs if compared else ())
    unmeasured = [name for name in shown_at_baseline(study) if name in study.outcomes and people[name].isna().all()]
    shown = [name for name in shown_at_baseline(study) if name not in unmeasured or not len(people)]
    rows = [row for name in shown for row in characteristic_rows(study, name, described)]
    return Table(
        "baseline",
        "Participants at baseline",
        "Characteristic",
        (*_headings(study, described), *_difference_columns(study, described)),
        (RowGroup("", tuple(rows)),),
        tuple(Footnote(text) for text in _notes(study, described, [row.label for row in rows], unmeasured)),
    )


def shown_at_baseline(study: Study) -> tuple[str, ...]:
    """Return the covariates and outcomes that describe participants, in order."""
    return study.report.baseline_table or (*study.covariates, *study.outcomes)


def _set_shown(study: Study) -> AnalysisSet:
    """Return the analysis set that the plan names for the table; everybody in a study without arms."""
    return study.report.baseline_set if isinstance(study, ComparativeStudy) else "randomised_set"


def baseline_people(cohort: Cohort, shown: tuple[str, ...], population: AnalysisSet = "randomised_set") -> pd.DataFrame:
    """Return the participants of an analysis set with covariates and the outcomes at baseline, one row each."""
    people, _ = people_of_set(cohort, population)
    outcomes = [name for name in shown if name in cohort.study.outcomes]
    return people.merge(_outcomes_at_baseline(cohort, outcomes), on="participant_id", how="left")


def by_arm(study: Study, people: pd.DataFrame) -> Columns:
    """Split rows by arm, the reference first, and all of them last."""
    arms = people["arm"].astype(str)
    return {**{arm: people[arms == arm] for arm in study.groups}, TOTAL: people}


def arm_columns(study: Study, columns: Columns) -> tuple[Column, ...]:
    """Return one column per arm and one for all, with the number of participants in the heading."""
    return tuple(Column(_heading(study, arm, rows)) for arm, rows in columns.items())


def _heading(study: Study, arm: str, rows: pd.DataFrame, effective: float | None = None) -> Prose:
    """Return "Usual care (N = 59)", with weights "Usual care (N = 59, effective N = 41.3)"."""
    more: tuple[Text | Cell, ...] = ()
    if effective is not None:
        weighted = Statistic(analysis="participants", term="effective number, weighted", arm=arm)
        more = (f", effective {NB_N}", cell("number", {"n": effective}, weighted, 1))
    shown = _set_shown(study)
    term = study.counted_as if shown == "randomised_set" else shown
    n = counted(rows["participant_id"].nunique(), "participants", term, arm)
    return with_n(arm_label(study, arm), n, *more)


def arm_label(study: Study, arm: str) -> str:
    """Return the heading of an arm's column, or that of all of them."""
    return "All" if arm == TOTAL else study.groups[arm]


def _headings(study: Study, described: Described) -> Iterator[Column]:
    """Yield the columns of arms; with weights their effective N stands beside N."""
    for arm, rows in described.columns.items():
        weights = described.weights(arm)
        effective = None if weights is None else moments(np.zeros(len(weights)), weights).effective_n
        yield Column(_heading(study, arm, rows, effective))


def _difference_columns(study: Study, described: Described) -> Iterator[Column]:
    """Yield the columns of standardised differences, one per pair."""
    for arm, _ in described.compared:
        if len(described.compared) == 1:
            yield Column("Standardised difference")
        else:
            yield Column(study.groups[arm], spanner="Standardised difference")


def _notes(study: Study, described: Described, labels: list[str], unmeasured: list[str]) -> Iterator[str]:
    words = study.words
    shown = _set_shown(study)
    whom = words.membership if shown == "randomised_set" else f"Described are {words.sets[shown]}"
    yield f"{whom}. {abbreviations(labels)}".rstrip()
    yield f"Percentages are of participants with a known value. {words.baseline}".rstrip()
    if unmeasured:
        named = join_words([mid_sentence(study.label("outcomes", name)) for name in unmeasured])
        yield f"Not measured at {mid_sentence(study.label('visits', study.baseline_visit))}: {named}."
    if described.weight:
        label = mid_sentence(study.label("covariates", described.weight))
        yield (
            f"Participants are weighted by {label}, missing values are counted without weights. Effective N is the "
            "squared sum of the weights over the sum of their squares."
        )
    if described.compared:
        yield (
            f"Standardised difference: against {next(iter(study.groups.values()))}. Of numbers, the difference "
            "of means over the root of the mean of the two variances; of categories, the Mahalanobis "
            "distance of the two distributions (Yang and Dalton 2012), which has no sign."
        )


def _check_weights(people: pd.DataFrame, weight: str) -> None:
    """Raise DataError for participants whose weight is missing or negative."""
    found = people[weight] if weight in people else pd.Series(float("nan"), index=people.index)
    wrong = people[~(pd.to_numeric(found) >= 0)]
    if wrong.empty:
        return
    remedy = "Give every participant a weight of 0 or more, or take `baseline_weight` out of the plan."
    raise DataError(
        f"the baseline table cannot be weighted by {weight}",
        Findings.of(
            Finding(
                "error",
                "participants",
                "the weight is not a number of 0 or more",
                remedy,
                row=row.get("source_row"),
                participant_id=row["participant_id"],
                field=weight,
                value=str(row.get(weight)),
            )
            for row in wrong.to_dict("records")
        ),
    )


def _outcomes_at_baseline(cohort: Cohort, outcomes: list[str]) -> pd.DataFrame:
    """Return one row per participant and one column per outcome, scores from items included."""
    assessments, _ = derive_scores(cohort)
    empty = pd.DataFrame(columns=["participant_id", *outcomes])
    if assessments.empty or not outcomes:
        return empty
    mine = assessments[
        (assessments["visit"].astype(str) == cohort.study.baseline_visit) & assessments["outcome"].isin(outcomes)
    ]
    wide = mine.pivot(index="participant_id", columns="outcome", values="value")
    return wide.reindex(columns=outcomes).reset_index()


def _at(term: str, arm: str) -> Statistic:
    return Statistic(analysis="baseline", term=term, visit="baseline", arm=arm)
