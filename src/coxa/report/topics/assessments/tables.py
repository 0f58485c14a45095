"""Tables of clinical measures: values of both sides by visit, and changes next to the measurement error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from coxa.derive.assessments import SIDE_LABELS, Assessed, beyond_error
from coxa.figures.dots import mean_and_limits
from coxa.study import Study
from coxa.tables.by_arm import ByArm, known_by_arm, share_cell, summarised
from coxa.tables.cells import Cell
from coxa.tables.formats import cell, counted
from coxa.tables.phrases import abbreviations
from coxa.tables.prose import with_n
from coxa.tables.table import Column, Footnote, Row, RowGroup, Table

HOW = {"number": "mean (SD)", "sign": "n (%) positive", "grade": "median [Q1, Q3]"}
"""Kind of a measure -> how its values are described."""
FINE = 5.0
"""Range of usual values below which a measure is written with two decimals."""
DIRECTED, UNDIRECTED = ("Improved", "Worsened"), ("Rose", "Fell")
"""What changes beyond the measurement error are called, where one way is better and where none is."""


def values_table(study: Study, assessed: Sequence[Assessed], sizes: Mapping[str, int]) -> Table:
    """Describe every measure on each side, by visit and arm.

    Parameters
    ----------
    study
        The plan, for labels.
    assessed
        From `coxa.derive.assessments.derive_assessments`.
    sizes
        Arm -> its participants, for the headings.

    Returns
    -------
    Table
        For each measure and visit a row for each side, and for limb symmetry where both were measured; for each arm n,
        and mean (SD), n (%) positive of a sign, or median [quartiles] of a grade.
    """
    arms = tuple(sizes)
    columns = [
        Column(label, spanner=with_n(study.groups[arm], counted(sizes[arm], "participants", study.counted_as, arm)))
        for arm in arms
        for label in ("n", "Value")
    ]
    groups = [RowGroup(_heading(one), tuple(_value_rows(study, one, arms))) for one in assessed]
    symmetry = " Limb symmetry is the affected side as % of the other."
    notes = [
        f"Recorded values of participants by {study.words.arm}, without a model."
        f"{symmetry if any('symmetry' in one.sides for one in assessed) else ''}",
        abbreviations([group.label for group in groups]),
    ]
    title = f"Clinical measures {study.words.by_visit}"
    return Table(
        "clinical-measures", title, "Measure, visit and side", tuple(columns), tuple(groups), _footnotes(notes)
    )


def changes_table(study: Study, assessed: Sequence[Assessed], sizes: Mapping[str, int]) -> Table | None:
    """Describe changes from baseline, and count those beyond the measurement error; None where there is no change.

    Returns
    -------
    Table
        Of the affected side (or the whole person), for each measure that is a number and each visit after baseline:
        the mean change with its SD, and of those with both values how many improved or worsened by more than the
        minimal detectable change, or changed by less, n/N (%).
    """
    arms = tuple(sizes)
    changing = [one for one in assessed if one.measure.kind == "number" and _changes(one).notna().any()]
    if not changing:
        return None
    groups = [RowGroup(_change_heading(one), tuple(_change_rows(study, one, arms))) for one in changing]
    columns = [
        Column(with_n(study.groups[arm], counted(sizes[arm], "participants", study.counted_as, arm))) for arm in arms
    ]
    sources = [f"{one.label}: {_error_words(one)}." for one in changing if one.error]
    lacking = [one.label for one in changing if one.error is None]
    notes = [
        "Of participants with the value at baseline and at the visit.",
    ]
    if sources:
        notes[0] += " MDC, minimal detectable change; SEM, standard error of measurement."
        notes.append(f"Measurement error. {' '.join(sources)}")
    if lacking:
        notes.append(f"No measurement error is given for: {', '.join(lacking)}.")
    notes.append(abbreviations(["SD"]))
    title = f"Changes in clinical measures from baseline{', and the measurement error' if sources else ''}"
    return Table("clinical-changes", title, "Measure and visit", tuple(columns), tuple(groups), _footnotes(notes))


def _footnotes(texts: Sequence[str]) -> tuple[Footnote, ...]:
    return tuple(Footnote(text) for text in texts if text)


def _heading(one: Assessed) -> str:
    unit = f" ({one.measure.unit})" if one.measure.kind == "number" else ""
    return f"{one.label}{unit}, {HOW[one.measure.kind]}"


def _change_heading(one: Assessed) -> str:
    side = SIDE_LABELS[one.judged_side].lower()
    error = f"; MDC {decimal(one, one.error.detectable)}" if one.error else ""
    return f"{one.label}{f', {side}' if side else ''} ({one.measure.unit}{error})"


def _error_words(one: Assessed) -> str:
    """Say where the measurement error comes from, and that the MDC is from the SEM where it is."""
    assert one.error is not None
    if one.error.mdc is not None:
        return one.error.source
    return f"1.96 x \N{SQUARE ROOT}2 x SEM {one.error.sem:g}; {one.error.source}"


def decimals_of(one: Assessed) -> int:
    """Return the decimals of the values of a measure: two where its usual range is narrow."""
    low, high = one.measure.soft or one.measure.hard
    return 2 if high - low <= FINE else 1


def decimal(one: Assessed, value: float) -> str:
    """Return a number with the decimals of the measure."""
    return f"{value:.{decimals_of(one)}f}"


def _visits(study: Study, visits: pd.Series) -> list[str]:
    return sorted(visits.unique(), key=lambda visit: study.visits[visit].day)


def _value_rows(study: Study, one: Assessed, arms: tuple[str, ...]) -> Iterator[Row]:
    """Yield a row for each visit, and below it one for each side; of the whole person the visit's row has the value."""
    for visit in _visits(study, one.values["visit"]):
        here = one.values[one.values["visit"] == visit]
        label = study.label("visits", visit)
        if one.sides == ("whole",):
            yield Row(label, tuple(_cells(one, here, "whole", visit, arms)))
            continue
        yield Row(label, (Cell(""),) * (2 * len(arms)))
        for side in one.sides:
            yield Row(SIDE_LABELS[side], tuple(_cells(one, here[here["side"] == side], side, visit, arms)), level=1)


def _cells(one: Assessed, rows: pd.DataFrame, side: str, visit: str, arms: tuple[str, ...]) -> Iterator[Cell]:
    from_here = ByArm("clinical measures", arms)
    for arm, known in known_by_arm(rows, "value", arms).items():
        at = from_here.at(f"{one.name} {side}", arm, visit)
        yield cell("count", {"n": len(known)}, at)
        if one.measure.kind == "sign":
            yield share_cell(
                int((known == 1).sum()), len(known), from_here.at(f"{one.name} {side}=positive", arm, visit)
            )
        else:
            rule = "median_iqr" if one.measure.kind == "grade" else "mean_sd"
            decimals = 0 if one.measure.kind == "grade" else 1 if side == "symmetry" else decimals_of(one)
            yield summarised(rule, known, at, decimals)


def _changes(one: Assessed) -> pd.Series:
    return one.values.loc[one.values["side"] == one.judged_side, "change"]


def _change_rows(study: Study, one: Assessed, arms: tuple[str, ...]) -> Iterator[Row]:
    """Yield for each visit after baseline the mean change, and how many changes are beyond the measurement error."""
    values = one.values[(one.values["side"] == one.judged_side) & one.values["change"].notna()]
    beyond = beyond_error(one)
    from_here = ByArm("clinical changes", arms)
    directed = one.measure.higher_is_better is not None
    first, last = (f"{word} by more than the MDC" for word in (DIRECTED if directed else UNDIRECTED))
    for visit in _visits(study, values["visit"]):
        label, here = study.label("visits", visit), values[values["visit"] == visit]
        cells = [
            summarised("mean_sd", known, from_here.at(f"{one.name} change", arm, visit), decimals_of(one))
            for arm, known in known_by_arm(here, "change", arms).items()
        ]
        yield Row(f"{label}: change, mean (SD)", tuple(cells))
        if one.error is None:
            continue
        of_visit = beyond[beyond["visit"] == visit]
        total = of_visit.groupby("arm").size()
        better = -1 if one.measure.higher_is_better is False else 1
        for word, sign in ((first, better), ("Within the MDC", 0), (last, -better)):
            n = of_visit[of_visit["beyond"] == sign].groupby("arm").size()
            shares = [
                share_cell(
                    float(n.get(arm, 0)),
                    float(total.get(arm, 0)),
                    from_here.at(f"{one.name} {word.lower()}", arm, visit),
                    "count_of_percent",
                )
                for arm in arms
            ]
            yield Row(f"{word}, n/N (%)", tuple(shares), level=1)


def symmetry_means(study: Study, assessed: Sequence[Assessed], arms: Sequence[str]) -> pd.DataFrame:
    """Return the mean limb symmetry of each measure at its first and its last visit, by arm, with t-intervals.

    Returns
    -------
    DataFrame
        measure, label, visit, arm, mean, conf_low, conf_high, n; by day and measure.
    """
    rows = []
    ratios = {place: one.values[one.values["side"] == "symmetry"] for place, one in enumerate(assessed)}
    seen = _visits(study, pd.concat([ratio["visit"] for ratio in ratios.values()])) if ratios else []
    for visit in dict.fromkeys([*seen[:1], *seen[-1:]]):
        for place, ratio in ratios.items():
            one = assessed[place]
            for arm, known in known_by_arm(ratio[ratio["visit"] == visit], "value", arms).items():
                if len(known):
                    rows.append((one.name, one.label, visit, arm, *mean_and_limits(known), len(known)))
    return pd.DataFrame(rows, columns=["measure", "label", "visit", "arm", "mean", "conf_low", "conf_high", "n"])
