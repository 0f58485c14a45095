"""How complete the data are, and who is missing."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from coxa.clinics.audit import Dimensions
from coxa.clinics.measures.groups import YEAR, grouped, recorded
from coxa.clinics.measures.patients import Patients, patients_in, with_patients
from coxa.episodes.episodes import Episodes
from coxa.study.audit.plan import CLINIC, CONDITION, PERIOD, THERAPIST, AuditPlan

REACHED = {
    "eligible": "eligible",
    "asked": "eligible AND asked",
    "intake": "eligible AND asked AND intake",
    "due": "eligible AND asked AND intake AND due",
    "done": "eligible AND asked AND intake AND due AND done",
    "of": "eligible AND due",
    "of_done": "eligible AND due AND done",
    "forms": "done OR late",
    "intakes": "intake",
}
"""Column of `Completeness.counts` -> which episodes are counted in it; each stage among those counted before."""

COUNTED = {name: f"COUNT(*) FILTER (WHERE {rule})" for name, rule in REACHED.items()}
"""The same as SQL."""


def completeness_sets(plan: AuditPlan, there: set[str]) -> list[Dimensions]:
    """Return the groupings in which completeness is counted, of columns that have a value."""
    sets: list[Dimensions] = [(), (CLINIC,), (CLINIC, THERAPIST), (PERIOD,), (CLINIC, YEAR)]
    sets += [(CONDITION,), (CLINIC, CONDITION)]
    sets += [(name,) for name in plan.completeness_by]
    always = {CLINIC, PERIOD, YEAR}
    return [one for one in sets if set(one) <= always | there]


def completeness_counts(episodes: Episodes, patients: Patients | None = None) -> Mapping[Dimensions, pd.DataFrame]:
    """Count the cascade from eligible to an outcome in time, in every grouping that the plan asks for.

    Parameters
    ----------
    episodes
        The episodes.
    patients
        How many there are, where it is known already.

    Returns
    -------
    dict
        Dimensions -> one row per group that has an episode, as in `Completeness.counts`. Of therapists, conditions and
        descriptors only those that some row has; a value that is missing is "not recorded". Levels of a number are its
        `bands`. A period is that of the day of intake.

    Examples
    --------
    >>> from coxa.episodes import episodes_of_frame
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> rows = pd.DataFrame({"clinic": ["A", "A", "B"], "pain_intake": [5.0, None, 7.0]})
    >>> completeness_counts(episodes_of_frame(plan, rows))["clinic",][["clinic", "eligible", "intake"]].values.tolist()
    [['A', 2, 1], ['B', 1, 1]]
    """
    plan = episodes.plan
    there = recorded(episodes, (THERAPIST, CONDITION, *plan.completeness_by))
    tables = grouped(episodes, completeness_sets(plan, there), {**COUNTED, "rows": "COUNT(*)"})
    return with_patients(episodes, tables, patients or patients_in(episodes))


def who_is_missing(
    counts: Mapping[Dimensions, pd.DataFrame], plan: AuditPlan, *, conf_level: float = 0.95
) -> pd.DataFrame:
    """Return how complete the outcomes of each level of each descriptor are, and how far from all patients.

    Parameters
    ----------
    counts
        `Completeness.counts`.
    plan
        The plan of the audit.
    conf_level
        Of Wilson's limits.

    Returns
    -------
    DataFrame
        One row per level: descriptor, level, n (due, of those eligible), done, share, conf_low, conf_high (NaN where
        nothing was due), difference (share less that of all).

    Examples
    --------
    >>> counts = {(): pd.DataFrame({"of": [20], "of_done": [12]})}
    >>> counts["sex",] = pd.DataFrame({"sex": ["f", "m"], "of": [10, 10], "of_done": [8, 4]})
    >>> sex = {"type": "category", "levels": ["f", "m"], "completeness": True}
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}, "descriptors": {"sex": sex}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> who_is_missing(counts, plan)[["level", "share", "conf_low", "difference"]].round(3).values.tolist()
    [['f', 0.8, 0.49, 0.2], ['m', 0.4, 0.168, -0.2]]
    """
    every = counts[()].iloc[0]
    share_of_all = every["of_done"] / every["of"] if every["of"] else float("nan")
    parts = []
    for name in plan.completeness_by:
        if (name,) not in counts:
            continue
        table = counts[name,]
        n, done = table["of"].where(table["of"] > 0), table["of_done"]
        low, high = proportion_confint(done, n, 1 - conf_level, method="wilson")
        part = pd.DataFrame({"descriptor": name, "level": table[name], "n": table["of"], "done": done})
        parts.append(part.assign(share=done / n, conf_low=low, conf_high=high, difference=done / n - share_of_all))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(MISSING))


MISSING = ("descriptor", "level", "n", "done", "share", "conf_low", "conf_high", "difference")
