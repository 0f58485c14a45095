"""Responders three ways, by the model of the outcome, adjusted, and counted, with the gap between them in parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from coxa.arguments import NUMBER, kinds
from coxa.cards import Carded
from coxa.errors import FitError
from coxa.estimates.proportions import fit_proportions
from coxa.estimates.reached import (
    Measure,
    Responder,
    Response,
    baseline_visit,
    own_groups,
    people_of,
)
from coxa.estimates.reference_grid import check_factor
from coxa.estimates.responder_model import model_rows, over_visits, probabilities, visits_asked
from coxa.estimates.standardised import standardised_risks
from coxa.estimates.table import Estimates
from coxa.models.glm.fit import fit_glm
from coxa.models.results.fit import FIT, Fit

PARTS = ("missing", "covariates", "steps", "shape")
"""What the gap between the model's probability and the counted share is made of."""

SAME = 1e-9
"""Values closer than this are one value, as decimal fractions are."""


@dataclass(frozen=True, slots=True, repr=False)
class ResponderComparison(Carded):
    """Responders by the model, adjusted and counted.

    estimates : rows `risk`, `risk_difference` and so on, with `analysis` model, adjusted or counted
    parts     : one row per visit and arm: `model`, `counted`, participants and those `observed`, and what the model's
                probability less the counted share is made of (`missing`, `covariates`, `steps`, `shape`)
    sentences : one for each comparison at each visit

    Examples
    --------
    >>> ResponderComparison(Estimates.of([]), pd.DataFrame(), ("The gap is small.",)).sentences[0]
    'The gap is small.'
    """

    estimates: Estimates
    parts: pd.DataFrame
    sentences: tuple[str, ...]


@kinds(fit=FIT, threshold=NUMBER)
def compare_responders(
    fit: Fit,
    threshold: float,
    *,
    higher_is_better: bool,
    measure: Measure = "change",
    response: Response = "change",
    baseline: str = "baseline",
    over: str = "arm",
    against: str | None = None,
    visits: Sequence[Any] | None = None,
    conf_level: float = 0.95,
) -> ResponderComparison:
    """Estimate responders by the model of the outcome, by logistic regression and by counting, and why they differ.

    Parameters
    ----------
    fit, threshold, higher_is_better, measure, response, baseline, over, against, visits, conf_level
        As in `responder_by_model`.

    Returns
    -------
    ResponderComparison

    Notes
    -----
    Both others are of the participants whose outcome at the visit was observed: the shares themselves, and
    `standardised_risks` of a logistic model with the arm and the covariates of the model. The model's probability less
    the share of an arm is the sum of four differences. *Covariates*: all participants, less those of the arm, given
    what is known of them at other visits. *Missing*: all of the arm, less those observed. *Steps*: reaching the
    threshold itself, less reaching half a step below it, with steps of the smallest distance between two observed
    values. *Shape*: what is left, a distribution that is not normal, and chance.

    Examples
    --------
    >>> from coxa.models import fit_ancova
    >>> values = [1.0, 5, 9, 5, 11, 8, 12, 16, 12, 9]
    >>> d = pd.DataFrame({"participant_id": range(10), "arm": list("aaaaabbbbb"), "change": values})
    >>> found = compare_responders(fit_ancova("change ~ arm", d), 10, higher_is_better=True)
    >>> found.parts[["arm", "model", "counted", "steps"]].round(3).values.tolist()
    [['a', 0.141, 0.2, -0.034], ['b', 0.654, 0.6, -0.051]]
    """
    responder = Responder(float(threshold), bool(higher_is_better), measure, response, baseline)
    check_factor(fit, over)
    asked = visits_asked(fit, visits, baseline_visit(fit))
    found = probabilities(fit, responder, over, asked)
    against = str(fit.design.levels[over][0]) if against is None else str(against)
    tables = [model_rows(fit, responder, found, over, against, asked, "drawn", conf_level).labelled(analysis="model")]
    parts: list[dict[str, Any]] = []
    for visit in asked:
        seen = observed_frame(fit, responder, visit)
        tables += [other.labelled(analysis=name) for name, other in others(fit, seen, over, against, visit, conf_level)]
        means = {str(key[0]): found.means[k] for k, key in enumerate(found.keys) if key[1] == visit}
        parts += parts_at(fit, responder, over, visit, seen, means)
    every = sum(tables, Estimates.of([]))
    table = pd.DataFrame(parts)
    said = tuple(
        gap_sentence(every, table, str(visit), str(level), against)
        for visit in asked
        for level in fit.design.levels[over]
        if str(level) != against
    )
    return ResponderComparison(every, table, said)


def participants(fit: Fit) -> np.ndarray:
    """Return the analysed participants (n,) in the order of `own_covariates`."""
    return np.asarray(pd.unique(pd.Series(fit.sample.participant)), dtype=object)


def outcomes(fit: Fit) -> np.ndarray:
    """Return the outcome of each participant at each visit (n, m), NaN where it was not observed."""
    who = pd.factorize(pd.Series(fit.sample.participant))[0]
    when = pd.Index(fit.sample.visits).get_indexer(pd.Index(fit.sample.visit))
    table = np.full((who.max() + 1, len(fit.sample.visits)), np.nan)
    table[who, when] = fit.design.y
    return table


def observed_frame(fit: Fit, responder: Responder, visit: Any) -> pd.DataFrame:
    """Return one row per participant with covariates, the arm and `responder`: 1, 0, or NaN where not observed."""
    people = people_of(fit, responder, {name: None for name in {fit.sample.visit_column} if name})
    total = outcomes(fit)[:, over_visits(fit, responder, visit) != 0] @ nonzero(over_visits(fit, responder, visit))
    reached = np.where(np.isnan(total), np.nan, responder.sign * total >= people.bounds - SAME)
    return people.frame.reset_index(drop=True).assign(responder=reached, participant_id=participants(fit))


def nonzero(weights: np.ndarray) -> np.ndarray:
    """Return the weights that are not zero."""
    return weights[weights != 0]


def others(
    fit: Fit, seen: pd.DataFrame, over: str, against: str, visit: Any, conf_level: float
) -> list[tuple[str, Estimates]]:
    """Return the adjusted and the counted estimates of those observed at a visit; what cannot be had is left out."""
    data = seen.dropna(subset="responder")
    counted = fit_proportions(data, "responder", over, against, conf_level=conf_level)
    given = [name for name in fit.design.formula.variables if name not in (over, fit.sample.visit_column)]
    counted = Estimates(counted.frame.assign(visit=str(visit)))
    try:
        logistic = fit_glm(f"responder ~ {' + '.join([over, *given])}", data)
        adjusted = standardised_risks(logistic, data, over, against, conf_level=conf_level)
    except FitError:
        return [("counted", counted)]
    return [("adjusted", Estimates(adjusted.frame.assign(visit=str(visit)))), ("counted", counted)]


def parts_at(
    fit: Fit, responder: Responder, over: str, visit: Any, seen: pd.DataFrame, means: dict[str, float]
) -> list[dict[str, Any]]:
    """Return for each arm what the model's probability less the counted share is made of."""
    step = smallest_step(outcomes(fit))
    plain = own_probabilities(fit, responder, visit, given=False)
    known, at_half = (own_probabilities(fit, responder, visit, lower=lower) for lower in (0.0, step / 2))
    rows = []
    for arm, mean in means.items():
        mine = (seen[over].astype(str) == arm).to_numpy()
        reached = mine & seen["responder"].notna().to_numpy()
        if not reached.any():
            continue
        share = float(seen.loc[reached, "responder"].mean())
        parts = {
            "missing": known[mine].mean() - known[reached].mean(),
            "covariates": mean - plain[mine].mean(),
            "steps": known[reached].mean() - at_half[reached].mean(),
        }
        rows.append(
            {
                "visit": str(visit),
                "arm": arm,
                "n_participants": int(mine.sum()),
                "observed": int(reached.sum()),
                "model": mean,
                "counted": share,
                **parts,
                "shape": mean - share - sum(parts.values()),
                "step": step,
            }
        )
    return rows


def smallest_step(values: np.ndarray) -> float:
    """Return the smallest distance between two different outcomes.

    Examples
    --------
    >>> smallest_step(np.array([3.0, 1.0, 1.5, np.nan, 3.0]))
    0.5
    """
    gaps = np.diff(np.sort(values[np.isfinite(values)]))
    return float(gaps[gaps > SAME].min())


def own_probabilities(
    fit: Fit, responder: Responder, visit: Any, *, lower: float = 0.0, given: bool = True
) -> np.ndarray:
    """Return each participant's probability (n,) in his or her own arm.

    lower : by how much the bound is lowered
    given : given the outcomes at the other visits, or by the covariates alone
    """
    kept = {name: None for name in {fit.sample.visit_column} if name}
    people = people_of(fit, responder, kept)
    visits = fit.sample.visits
    rows = [fit.design.rows(people.frame.assign(**dict.fromkeys(kept, at))) for at in visits]
    mean = np.column_stack([x @ fit.params.to_numpy() for x in rows])
    left = outcomes(fit) - mean
    weights = over_visits(fit, responder, visit)
    others_seen = np.isfinite(left) & (weights == 0) & given
    m, groups = len(visits), own_groups(fit)
    matrices = fit.covariance.to_numpy().reshape(-1, m, m)
    centre, spread = mean @ weights, np.empty(len(mean))
    for group, *pattern in np.unique(np.column_stack([groups, others_seen]), axis=0):
        on = np.array(pattern, dtype=bool)
        mine = (groups == group) & (others_seen == on).all(axis=1)
        r = matrices[group]
        slope = np.linalg.solve(r[np.ix_(on, on)], r[on] @ weights)
        centre[mine] += left[np.ix_(mine, on)] @ slope
        spread[mine] = weights @ r @ weights - (r[on] @ weights) @ slope
    return np.asarray(ndtr((responder.sign * centre - people.bounds + lower) / np.sqrt(spread)))


def gap_sentence(every: Estimates, parts: pd.DataFrame, visit: str, arm: str, against: str) -> str:
    """Return why the difference between two arms is another by the model than by counting, in points."""
    here = parts.to_dict("records")
    rows: dict[str, dict[Any, Any]] = {row["arm"]: row for row in here if row["visit"] == visit}
    if arm not in rows or against not in rows:
        return ""
    points = {
        name: 100 * float(row.frame["estimate"].iloc[0])
        for name in ("model", "adjusted", "counted")
        if len(row := every.only(analysis=name, visit=visit, arm=arm, reference=against, term="risk_difference"))
    }
    made_of = {name: 100 * (rows[arm][name] - rows[against][name]) for name in PARTS}
    lost = [f"{rows[k]['n_participants'] - rows[k]['observed']} of {rows[k]['n_participants']}" for k in (arm, against)]
    gap = points["model"] - points["counted"]
    adjusted = f", {signed(points['adjusted'])} adjusted" if "adjusted" in points else ""
    at = f" at {visit}" if visit else ""
    return (
        f"{arm} less {against}{at}: {signed(points['model'])} percentage points of responders by the model{adjusted} "
        f"and {signed(points['counted'])} counted; the model's differs from the counted by {signed(gap)}, of which "
        f"{signed(made_of['missing'])} come from missing outcomes ({lost[0]} and {lost[1]}), "
        f"{signed(made_of['covariates'])} from covariates, {signed(made_of['steps'])} from values in steps of "
        f"{rows[arm]['step']:.3g}, and {signed(made_of['shape'])} from a shape that is not normal, or chance."
    )


def signed(points: float) -> str:
    """Return percentage points with their sign and one decimal; rounding to zero has no minus.

    Examples
    --------
    >>> signed(-0.01), signed(-2.34)
    ('+0.0', '-2.3')
    """
    return f"{round(points, 1) + 0.0:+.1f}"
