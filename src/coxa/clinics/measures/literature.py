"""The own mean change beside that of published trials, each with its population, treatment, time and citation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from coxa.clinics.measures.periods import Periods
from coxa.errors import check_known
from coxa.simulate.presets import preset, preset_names
from coxa.study.assumptions.published import Figure, TrialSource
from coxa.study.audit.plan import AuditPlan
from coxa.study.comparative import ComparativeStudy
from coxa.study.outcome import MeasuredOutcome
from coxa.study.scales import outcome_scale, scale_name

COLUMNS = ("preset", "title", "arm", "outcome", "n", "change", "weeks", "source", "own_n", "own_change")

TAG = "read"
"""Figures that were read in the paper itself; others are not shown beside a clinic."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A change of an arm that was read in the paper of a trial and is no figure of its preset.

    A preset begins with one mean at baseline for all arms, and so does not simulate changes from the printed ones.
    """

    outcome: str
    arm: str
    visit: str
    value: float
    n: int


PRINTED = {
    "harris-hayes-2020": (
        Printed("pain_average", "movement_pattern", "week_13", -2.9, 22),
        Printed("pain_average", "standard", "week_13", -2.5, 20),
    ),
}
"""Preset -> changes that were read in its paper."""


def literature_of(plan: AuditPlan, periods: Periods) -> tuple[pd.DataFrame, Mapping[str, str]]:
    """Return published changes on the scales of the plan's outcomes, next to the own one.

    Parameters
    ----------
    plan
        The plan; its `literature` names the trials, all of the presets unless given.
    periods
        Where the own changes are from.

    Returns
    -------
    DataFrame, dict
        One row per arm: the columns of `Audit.literature`. Changes are improvements, and not adjusted: patients,
        treatment and time differ, which is why each is named. And `literature` -> why there is none.

    Raises
    ------
    OptionError
        The plan names a trial that there is not; the nearest name is suggested.
    """
    names = [check_known("preset", name, preset_names()) for name in plan.literature] or list(preset_names())
    rows = [
        row for name in plan.outcomes for trial in names for row in _rows(plan, name, trial, preset(trial), periods)
    ]
    if rows:
        return pd.DataFrame(rows, columns=list(COLUMNS)), {}
    labels = ", ".join(plan.label("outcomes", name) for name in plan.outcomes)
    reason = f"No published trial that coxa knows reports a change of {labels} on the same scale in its paper."
    return pd.DataFrame(columns=list(COLUMNS)), {"literature": reason}


def _rows(
    plan: AuditPlan, name: str, trial: str, study: ComparativeStudy, periods: Periods
) -> Iterator[dict[str, Any]]:
    """Yield a row for each arm of a trial whose change was read."""
    if study.source is None:
        return
    alike = [other for other, outcome in study.outcomes.items() if same_scale(plan.outcomes[name], outcome)]
    n, change = periods.every[f"{name} in model"], periods.every[f"{name} change"]
    sign = 1.0 if plan.scale(name).higher_is_better else -1.0
    for figure in study.source.figures:
        if figure.kind == "change" and figure.tag == TAG and figure.outcome in alike:
            yield {
                "preset": trial,
                "title": study.title,
                "arm": _arm(study, figure),
                "outcome": name,
                "n": float("nan"),
                "change": sign * figure.value,
                "weeks": _weeks(study, figure),
                "source": citation(study.source),
                "own_n": int(n),
                "own_change": float(change / n) if n else float("nan"),
            }
    for each in PRINTED.get(trial, ()):
        if each.outcome in alike:
            yield {
                "preset": trial,
                "title": study.title,
                "arm": study.groups[each.arm],
                "outcome": name,
                "n": float(each.n),
                "change": sign * each.value,
                "weeks": float(study.visits[each.visit].day) / 7,
                "source": citation(study.source),
                "own_n": int(n),
                "own_change": float(change / n) if n else float("nan"),
            }


def same_scale(one: MeasuredOutcome, other: MeasuredOutcome) -> bool:
    """Return whether two outcomes are the same scale of the same instrument, in versions that do not differ.

    Examples
    --------
    >>> pain = MeasuredOutcome(instrument="hoos", scale="pain")
    >>> same_scale(pain, MeasuredOutcome(instrument="hoos", scale="qol")), same_scale(pain, pain)
    (False, True)
    """
    if one.instrument is None or one.instrument != other.instrument or scale_name(one) != scale_name(other):
        return False
    ranges = [(scale.low, scale.high) for scale in (outcome_scale(one), outcome_scale(other))]
    return ranges[0] == ranges[1] and (one.version or other.version) == (other.version or one.version)


def _arm(study: ComparativeStudy, figure: Figure) -> str:
    """Return the treatment of a figure, with its sessions where the plan of the trial has them."""
    if figure.arm is None:
        return "all arms"
    return study.groups[figure.arm]


def _weeks(study: ComparativeStudy, figure: Figure) -> float:
    return float(study.visits[str(figure.visit)].day) / 7


def citation(source: TrialSource) -> str:
    """Return a trial with its paper.

    Examples
    --------
    >>> citation(preset("kjeldsen-2024").source)
    'Kjeldsen 2024; Annals of Internal Medicine 2024;177:573'
    """
    return f"{source.trial}; {source.paper}"
