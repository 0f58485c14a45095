"""What an estimand makes of a drawn trial: the strategies for intercurrent events, on arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.sets import set_members
from coxa.study.estimand import Estimand

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
ROUNDING = 1e-9


def estimand_values(design: TrialDesign, drawn: DrawnTrial, estimand: str, *, complete: bool = False
                    ) -> tuple[Floats, Floats]:  # fmt: skip
    """Return what an estimand is estimated from.

    Parameters
    ----------
    design, drawn
        The trial.
    estimand
        Name in the plan.
    complete
        True: from the values as if nothing was missing, of everybody randomised.

    Returns
    -------
    response : (n, m) array
        Value, change, percent change or responder status (0, 1) at each visit after the strategies for
        intercurrent events; NaN where missing, and for whoever is not in the estimand's analysis set. The first visit
        is the baseline.
    value : (n, m) array
        The outcome itself after the strategies, in its unit.

    Notes
    -----
    The same rules as `coxa.derive`: the earliest event before a visit that is not handled by treatment policy decides.
    """
    plan: Estimand = design.study.part("estimands", estimand)
    k = design.outcomes.index(plan.endpoint.outcome)
    value = (drawn.complete if complete else drawn.value)[:, k]
    value, ended = values_after_events(design, drawn, plan, k, value)
    response = response_of(design, plan, k, value, ended)
    inside = np.ones(1, dtype=bool) if complete else set_members(design, drawn, plan.population)
    if inside.all():
        return response, value
    return np.where(inside[:, None], response, np.nan), np.where(inside[:, None], value, np.nan)


def response_of(design: TrialDesign, plan: Estimand, k: int, value: Floats, ended: NDArray[np.bool_]) -> Floats:
    """Return (n, m) the endpoint's measure of values; `ended` are those in whom nobody is a responder."""
    baseline = value[:, :1]
    measure = plan.endpoint.measure
    if measure == "value":
        return value
    change = value - baseline
    percent = 100.0 * change / np.where(baseline == 0, np.nan, baseline)
    if measure == "change":
        return change
    if measure == "percent_change":
        return percent
    rule = design.study.outcomes[plan.endpoint.outcome].response
    assert rule is not None
    sign = design.signs[k]
    improvement = sign * {"value": value, "change": change, "percent_change": percent}[rule.measure]
    mark = rule.at_least if rule.measure != "value" else sign * rule.at_least
    status = np.where(np.isnan(improvement), np.nan, improvement >= mark - ROUNDING)
    return np.where(ended, 0.0, status)


def values_after_events(design: TrialDesign, drawn: DrawnTrial, plan: Estimand, k: int, value: Floats
                  ) -> tuple[Floats, NDArray[np.bool_]]:  # fmt: skip
    """Return (n, m) values after the strategies, and where a composite event came before."""
    acting, which, earliest, after = deciding(drawn, plan)
    ended = np.zeros(value.shape, dtype=bool)
    if not acting:
        return value, ended
    scale = design.scales[k]
    found = value.copy()
    for place, name in enumerate(acting):
        how = plan.intercurrent_events[name]
        mine = after & (which == place)[:, None]
        if how.strategy == "hypothetical":
            found[mine] = np.nan
        elif how.strategy == "composite":
            worst = scale.low if scale.higher_is_better else scale.high
            found[mine] = worst if how.value == "worst" or how.value is None else how.value
            ended |= mine
        else:
            found = np.where(mine, _last_before(value, drawn.day, earliest)[:, None], found)
    return found, ended


def deciding(drawn: DrawnTrial, plan: Estimand) -> tuple[list[str], NDArray[np.intp], Floats, NDArray[np.bool_]]:
    """Return the events that act, which of them decides (n,), on what day (n,), and the visits after it (n, m)."""
    acting = sorted(
        name for name, how in plan.intercurrent_events.items()
        if how.strategy != "treatment_policy" and name in drawn.events
    )  # fmt: skip
    n = len(drawn.arm)
    if not acting:
        return [], np.zeros(n, dtype=np.intp), np.full(n, np.inf), np.zeros(drawn.day.shape, dtype=bool)
    when = np.stack([drawn.events[name] for name in acting])
    first = np.where(np.isnan(when), np.inf, when)
    which, earliest = first.argmin(axis=0), first.min(axis=0)
    after = earliest[:, None] < drawn.day
    after[:, 0] = False
    return acting, which, earliest, after


def handled_words(drawn: DrawnTrial, plan: Estimand) -> NDArray[np.object_]:
    """Return (n, m) what was done to each value, as `coxa.derive` says it: "hypothetical: surgery", or nothing."""
    acting, which, _, after = deciding(drawn, plan)
    words = [f"{plan.intercurrent_events[name].strategy}: {name}" for name in acting]
    of_participant = np.array([*words, ""], dtype=object)[which]
    return np.asarray(np.where(after, of_participant[:, None], ""), dtype=object)


def _last_before(value: Floats, day: Floats, event: Floats) -> Floats:
    """Return (n,) the last value observed after baseline by the event's day, the baseline if there is none."""
    last = value[:, 0].copy()
    for visit in range(1, value.shape[1]):
        seen = ~np.isnan(value[:, visit]) & (day[:, visit] <= event)
        last = np.where(seen, value[:, visit], last)
    return last


def category(codes: NDArray[Any], levels: Iterable[str]) -> pd.Categorical:
    """Return a categorical of codes; -1 is missing."""
    import pandas as pd

    return pd.Categorical.from_codes(codes, pd.Index(list(levels), dtype="str"))


def cluster_names(factor: str, count: int) -> list[str]:
    """Return the names of the clusters of a factor.

    Examples
    --------
    >>> cluster_names("therapist_id", 2)
    ['T01', 'T02']
    """
    width = max(len(str(count)), 2)
    return [f"{factor[0].upper()}{number:0{width}d}" for number in range(1, count + 1)]
