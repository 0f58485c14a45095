"""Clinical measures of everybody at every visit: the affected and the other side, symmetry, and changes."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once
from coxa.derive.sources.clinical_measures import measured_at_visits
from coxa.instruments.measures import Measure, MeasurementError, load_measures
from coxa.study import Study
from coxa.study.outcome_sources.clinical_measures import ClinicalMeasureSource

SIDE_LABELS = {
    "affected": "Affected side",
    "other": "Other side",
    "symmetry": "Limb symmetry (%)",
    "left": "Left side",
    "right": "Right side",
    "whole": "",
}
"""Side, in the order in which sides are shown -> what it is called; a measure of the whole person has no name."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """One clinical measure, in one position where it was measured in several.

    values : participant_id, arm, visit, side (of SIDE_LABELS), value, change (from baseline, of the same side; missing
             at baseline and without it)
    error  : of the plan, else of the dictionary; None where neither has one
    """

    measure: Measure
    position: str
    values: pd.DataFrame
    error: MeasurementError | None

    @property
    def name(self) -> str:
        """The measure with its position, as one word."""
        return f"{self.measure.name}_{self.position}" if self.position else self.measure.name

    @property
    def label(self) -> str:
        """The measure with its position, in words."""
        return f"{self.measure.label}, {self.position.replace('_', ' ')}" if self.position else self.measure.label

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides that have a value, in their order."""
        there = set(self.values["side"])
        return tuple(side for side in SIDE_LABELS if side in there)

    @property
    def judged_side(self) -> str:
        """The side whose change is held against the measurement error: the affected one where it is known."""
        return next((side for side in self.sides if side != "symmetry"), "")


@once
def derive_assessments(cohort: Cohort) -> tuple[Assessed, ...]:
    """Return every clinical measure that was taken, in the order of the dictionary; empty where there is none.

    Parameters
    ----------
    cohort
        Checked tables. Of several trials the one counts that the plan's outcome of the measure names, else their mean.

    Notes
    -----
    Sides are the affected and the other one, by `affected_side` of the participants; where no affected side is known,
    left and right. Symmetry is 100 x affected / other, of measures that cannot be below 0. A measure that was taken in
    several positions is described in each by itself.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> derive_assessments(coxa.read_cohort(trial.study, trial.tables))
    ()
    """
    rows = cohort.table("clinical_measures")
    known = load_measures()
    if rows.empty:
        return ()
    there = rows[rows["value"].notna()]
    found = []
    for name in [name for name in known if (there["measure"] == name).any()]:
        of_measure = there[there["measure"] == name]
        positions = [str(one) for one in of_measure["position"].dropna().unique()] if "position" in there else []
        for position in positions if len(positions) > 1 else [""]:
            values = _values(cohort, known[name], position)
            if len(values):
                found.append(Assessed(known[name], position, values, error_of(cohort.study, name)))
    return tuple(found)


def error_of(study: Study, measure: str) -> MeasurementError | None:
    """Return the measurement error of a measure: that of the plan, else that of the dictionary."""
    planned = study.report.measurement_error.get(measure)
    if planned is not None:
        return MeasurementError(planned.sem, planned.mdc, planned.source)
    return load_measures()[measure].error


def _values(cohort: Cohort, measure: Measure, position: str) -> pd.DataFrame:
    """Return the values of a measure on each side that there is."""
    sides = ("affected", "other") if measure.sided else ("",)
    parts = {side: _on_side(cohort, measure, side, position) for side in sides}
    if measure.sided and measure.kind == "number" and measure.hard[0] >= 0:
        parts["symmetry"] = _on_side(cohort, measure, "symmetry", position)
    if measure.sided and not any(map(len, parts.values())):
        parts = {side: _on_side(cohort, measure, side, position) for side in ("left", "right")}
    named = [part.assign(side=side or "whole") for side, part in parts.items()]
    values = pd.concat(named, ignore_index=True)
    people = participants_by_group(cohort)[["participant_id", "arm"]].dropna().astype(str)
    values = people.merge(values[values["visit"].isin(list(cohort.study.visits))], on="participant_id")
    start = values[values["visit"] == cohort.study.baseline_visit]
    keys = ["participant_id", "side"]
    values = values.merge(start[[*keys, "value"]].rename(columns={"value": "start"}), on=keys, how="left")
    after = values["visit"] != cohort.study.baseline_visit
    values = values.assign(change=(values["value"] - values["start"]).where(after))
    return values[["participant_id", "arm", "visit", "side", "value", "change"]]


def _on_side(cohort: Cohort, measure: Measure, side: str, position: str) -> pd.DataFrame:
    """Return participant, visit and value of those who have one."""
    sources = [getattr(outcome, "source", None) for outcome in cohort.study.outcomes.values()]
    named = [one for one in sources if isinstance(one, ClinicalMeasureSource) and one.measure == measure.name]
    trials = named[0].trials if named else "mean"
    source = ClinicalMeasureSource.model_validate(
        {
            "table": "clinical_measures",
            "measure": measure.name,
            "side": side or None,
            "position": position or None,
            "trials": trials,
        }
    )
    found = measured_at_visits(cohort, source)
    return found.loc[found["value"].notna(), ["participant_id", "visit", "value"]]


def beyond_error(assessed: Assessed) -> pd.DataFrame:
    """Return whether each change of the judged side is beyond the measurement error, and which way.

    Returns
    -------
    DataFrame
        participant_id, arm, visit, change, beyond: 1 where the value rose by more than the minimal detectable change,
        -1 where it fell by more, 0 between. Empty where the measure has no error.

    Examples
    --------
    >>> beyond_error(assessed)  # doctest: +SKIP
    """
    values = assessed.values
    rows = values[(values["side"] == assessed.judged_side) & values["change"].notna()]
    rows = rows[["participant_id", "arm", "visit", "change"]].reset_index(drop=True)
    if assessed.error is None:
        return rows.iloc[:0].assign(beyond=0)
    limit = assessed.error.detectable
    return rows.assign(beyond=(rows["change"] > limit).astype(int) - (rows["change"] < -limit).astype(int))
