"""Therapists, clinics and other factors with random effects, and clusters: who should have one, and who should not."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding
from coxa.study.analysis import Analysis
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.words import GROUPINGS, OF_CLUSTERS


def check_clusters(draft: Draft) -> Checked:
    """Check, for each analysis with random effects or a cluster, that its factors are known where they should be.

    An arm in which nobody has the factor is an error: the analysis would take it for one without. A participant who
    should have it and has not is left out of the analysis, and one who should not have it is analysed without; both
    are warnings.
    """
    study = draft.study
    if not isinstance(study, ComparativeStudy):
        return Checked()
    people = draft.table("participants")
    found: dict[Finding, None] = {}
    for name, analysis in study.analyses.items():
        arm = _arm(study.planned(name), people)
        for factor, options in analysis.factors.items():
            having = tuple(options.only_in) or tuple(study.arms)
            inside = arm.isin(having)
            found |= dict.fromkeys(_absent(people, factor, arm, having, analysis.factor_key))
            if factor in GROUPINGS:  # of a covariate it is said already that it is not complete
                found |= dict.fromkeys(_unknown(people, factor, inside & _used(people, factor, arm), name))
            found |= dict.fromkeys(_surplus(people, factor, arm.notna() & ~inside, having))
        if study.design in OF_CLUSTERS and analysis.factors:
            found |= dict.fromkeys(_not_nested(people, arm, name, analysis))
    return Checked(tuple(found))


def _arm(planned: PlannedAnalysis, people: pd.DataFrame) -> pd.Series:
    """Return the arm in which an analysis has each participant: that received in the safety set."""
    if planned.estimand.population == "safety_set":
        return people["arm_received"].fillna(people["arm"])
    return people["arm"]


def _used(people: pd.DataFrame, factor: str, arm: pd.Series) -> pd.Series:
    """Say who is in an arm in which somebody has the factor."""
    return arm.isin(list(arm[people[factor].notna()].unique()))


def _absent(people: pd.DataFrame, factor: str, arm: pd.Series, having: tuple[str, ...], key: str) -> Iterator[Finding]:
    there = set(arm[people[factor].notna()])
    empty = [one for one in having if one not in there and (arm == one).any()]
    if not empty:
        return
    others = [one for one in having if one in there]
    only = f"`only_in: [{', '.join(others)}]`" if others else "`only_in` with the arms that have it"
    if key == "cluster":
        what, instead = "which is the cluster of an analysis", "take `cluster` out of it"
    else:
        what, instead = "of which the plan has a random effect there", f"write {only} in the plan"
    yield Finding(
        "error",
        "participants",
        f"no participant in {', '.join(empty)} has a {factor}, {what}",
        f"Name the file's column under `columns: {{{factor}: ...}}`, or {instead}.",
        field=factor,
    )


def _unknown(people: pd.DataFrame, factor: str, where: pd.Series, analysis: str) -> Iterator[Finding]:
    yield from row_findings(
        people,
        where & people[factor].isna(),
        severity="warning",
        table="participants",
        field=factor,
        rule=f"`{factor}` is unknown, and analysis {analysis} has it in this arm",
        remedy="Complete it at the source. Until then the analysis leaves this participant out.",
    )


def _surplus(people: pd.DataFrame, factor: str, where: pd.Series, having: tuple[str, ...]) -> Iterator[Finding]:
    yield from row_findings(
        people,
        where & people[factor].notna(),
        severity="warning",
        table="participants",
        field=factor,
        rule=f"`{factor}` is not empty: by the plan only {' and '.join(having)} have one",
        remedy="Correct it, or the arm, at the source, or name the arm in `only_in`. Until then it is not used.",
        value=people[factor].astype("object"),
    )


def _not_nested(people: pd.DataFrame, arm: pd.Series, name: str, analysis: Analysis) -> Iterator[Finding]:
    """Yield a warning where no factor of an analysis is one whose levels were allocated as a whole."""
    within = [arm.groupby(people[factor], observed=True).nunique().le(1).all() for factor in analysis.factors]
    if not any(within):
        over = analysis.factor_key == "cluster"
        lacks = "has standard errors over something else than" if over else "has no random effect of"
        yield Finding(
            "warning",
            "participants",
            (f"clusters have participants in several arms, and analysis {name} {lacks} what was randomised"),
            f"Check arm and cluster at the source, or name the column of the randomised cluster under "
            f"`{analysis.factor_key}`.",
            field=next(iter(analysis.factors)),
        )
