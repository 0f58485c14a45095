"""Effects of arms in subgroups from estimating equations, and whether they differ."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from coxa.arguments import kinds
from coxa.errors import OptionError, check_level, check_option, not_allowed
from coxa.estimates.marginal import COMPARED, TERMS, one_row_each
from coxa.estimates.table import RATIOS, Estimates
from coxa.models.design.columns import label_text
from coxa.models.gee.result import GEE_FIT, GEEFit
from coxa.models.glm.families import FAMILIES


@kinds(fit=GEE_FIT)
def marginal_subgroups(
    fit: GEEFit,
    subgroup: str,
    effect: str,
    arm: str = "arm",
    against: str | None = None,
    *,
    compare: Sequence[str] | None = None,
    by: str = "visit",
    per: float = 1.0,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the effect of arms in each subgroup at each visit, how these differ, and test whether they do.

    Parameters
    ----------
    fit : GEEFit
        A model of all subgroups together in which `subgroup` interacts with the arm: ``better ~ arm * visit * sex``.
    subgroup : str
        Factor whose levels are the subgroups.
    effect : str
        What is compared, such as ``risk_difference``: a comparison of `coxa.estimates.marginal_effects`, of means over
        the participants of the subgroup.
    arm, against, by, per, conf_level
        As in `coxa.estimates.marginal_effects`.
    compare : sequence of str, optional
        The arms that are compared; all others unless given.

    Returns
    -------
    Estimates
        ``subgroup_difference``: the effect in each subgroup, `analysis` ``sex=female``.
        ``difference_between_subgroups``: the later level's effect less the earlier's (of a ratio, over the earlier's),
        ``sex=male-female``. ``interaction_test``: F test that all are alike at the visit, ``sex=*``. `std_error` of a
        ratio is that of its logarithm.

    Raises
    ------
    OptionError
        The subgroup is no factor that interacts with the arm, or an option is not allowed.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.models import fit_gee
    >>> d = pd.DataFrame({"participant_id": range(40), "arm": list("ab") * 20, "sex": ["f"] * 20 + ["m"] * 20})
    >>> d["better"] = [0, 1, 1, 1, 0, 0, 1, 0, 0, 1] * 3 + [1, 0] * 5
    >>> e = marginal_subgroups(fit_gee("better ~ arm * sex", d), "sex", "risk_difference")
    >>> e.frame.set_index("analysis")["estimate"].dropna().round(4).to_dict()
    {'sex=f': 0.2, 'sex=m': -0.4, 'sex=m-f': -0.6}
    """
    check_level(conf_level)
    scale = COMPARED[TERMS[fit.family][1][check_option("effect", effect, tuple(TERMS[fit.family][1]))]]
    levels = fit.design.levels
    for name in (arm, subgroup):
        if name not in levels:
            raise OptionError(not_allowed("factor of the model", name, levels))
    if not any({arm, subgroup} <= set(term.split(":")) for term in fit.design.terms):
        raise OptionError(f"The model has no interaction of {arm} and {subgroup}. Fit it with '{arm} * {subgroup}'.")
    arms = [label_text(level) for level in levels[arm]]
    groups = [label_text(level) for level in levels[subgroup]]
    reference = arms[0] if against is None else check_option("against", str(against), arms)
    rows: list[dict[str, Any]] = []
    for visit in levels.get(by, (None,)):
        values, slopes = cells(fit, subgroup, arm, {} if visit is None else {by: visit}, per)
        slopes, values = scale.slope(values)[..., None] * slopes, scale.to(values)
        tested = []
        for name in arms:
            if name == reference or (compare is not None and name not in compare):
                continue
            a, b = arms.index(name), arms.index(reference)
            effects, gradients = values[:, a] - values[:, b], slopes[:, a] - slopes[:, b]
            shared = {"visit": "" if visit is None else label_text(visit), "arm": name, "reference": reference}
            for g, group in enumerate(groups):
                n = counted(fit, {subgroup: [g], arm: [a, b]}, by, visit)
                row = {**shared, **n, "term": "subgroup_difference", "analysis": f"{subgroup}={group}"}
                rows.append({**row, **one(fit, effects[g], gradients[g], effect, conf_level)})
            for g, h in combinations(range(len(groups)), 2):
                label = f"{subgroup}={groups[h]}-{groups[g]}"
                row = {**shared, "term": "difference_between_subgroups", "analysis": label}
                between = effects[h] - effects[g], gradients[h] - gradients[g]
                rows.append({**row, **one(fit, *between, effect, conf_level)})
            tested.append((effects[1:] - effects[0], gradients[1:] - gradients[0]))
        joint = interaction(fit, *map(np.concatenate, zip(*tested, strict=True)))
        rows.append({"visit": "" if visit is None else label_text(visit), "analysis": f"{subgroup}=*", **joint})
    method = f"one model of all levels of {subgroup}, means over the participants of each; {fit.method}"
    known = {"outcome": fit.outcome, "conf_level": conf_level, "method": method, "warning": "; ".join(fit.warnings)}
    return Estimates.of({**known, **row} for row in rows)


def cells(fit: GEEFit, subgroup: str, arm: str, fixed: dict[str, Any], per: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of each subgroup in each arm (G, K), over its participants, and its derivatives (G, K, p)."""
    design = fit.design
    people = one_row_each(fit, [name for name in design.formula.variables if name not in (arm, *fixed)])
    group = people[subgroup].cat.codes.to_numpy()
    means, slopes = [], []
    for level in design.levels[arm]:
        x = design.rows(people.assign(**fixed, **{arm: level}))
        mean = per * fit.means(x)
        slope = per * FAMILIES[fit.family].slope(mean / per)[:, None] * x
        inside = [group == g for g in range(len(design.levels[subgroup]))]
        means.append([mean[rows].mean() for rows in inside])
        slopes.append([slope[rows].mean(axis=0) for rows in inside])
    return np.array(means).T, np.array(slopes).swapaxes(0, 1)


def counted(fit: GEEFit, codes: dict[str, list[int]], by: str, visit: Any) -> dict[str, int]:
    """Return the participants with these levels, and their rows at a visit (None: at all)."""
    frame = fit.design.frame
    chosen = np.logical_and.reduce([frame[name].cat.codes.isin(places).to_numpy() for name, places in codes.items()])
    here = chosen if visit is None else chosen & (frame[by] == visit).to_numpy()
    return {"n_participants": len(set(fit.sample.participant[here])), "n_observations": int(here.sum())}


def one(fit: GEEFit, value: float, gradient: np.ndarray, effect: str, level: float) -> dict[str, float]:
    """Return estimate, error, limits and test of a value; of a ratio the value is its logarithm."""
    error, df = float(np.sqrt(gradient @ fit.inference.covariance @ gradient)), fit.inference.df(gradient)
    half = float(stats.t.ppf((1 + level) / 2, df)) * error
    shown = np.exp if effect in RATIOS else float
    return {
        "estimate": float(shown(value)),
        "std_error": error,
        "df": df if np.isfinite(df) else np.nan,
        "statistic": value / error,
        "p_value": float(2 * stats.t.sf(abs(value) / error, df)),
        "conf_low": float(shown(value - half)),
        "conf_high": float(shown(value + half)),
    }


def interaction(fit: GEEFit, differences: np.ndarray, gradients: np.ndarray) -> dict[str, Any]:
    """Return the F test that all differences between subgroups are zero."""
    q = len(differences)
    covariance = gradients @ fit.inference.covariance @ gradients.T
    f = float(differences @ np.linalg.solve(covariance, differences) / q)
    df = min(fit.inference.df(gradient) for gradient in gradients)
    return {
        "term": "interaction_test",
        "statistic": f,
        "df": df if np.isfinite(df) else np.nan,
        "p_value": float(stats.f.sf(f, q, df) if np.isfinite(df) else stats.chi2.sf(q * f, q)),
        "n_participants": fit.n_participants,
        "n_observations": fit.n_observations,
    }
