"""Risks and rates of arms in subgroups, from one generalised linear model, and whether their effects differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import check_kind, check_level, check_option
from coxa.estimates.subgroup_rows import Part, check_interaction, effect_row, effects_of_levels, joint
from coxa.estimates.table import Estimates
from coxa.models.design.columns import label_text
from coxa.models.glm.record import GLMFit

EFFECT_TERMS = (
    "risk_difference",
    "risk_ratio",
    "odds_ratio",
    "rate_ratio",
    "rate_difference",
    "difference",
)


def effects_in_subgroups(
    fit: GLMFit,
    subgroup: str,
    effect: str,
    arm: str = "arm",
    *,
    against: str | None = None,
    compare: Sequence[str] | None = None,
    visit: str = "",
    per: float = 1.0,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the effect of arms in each subgroup, how these differ, and test whether they do.

    Parameters
    ----------
    fit : GLMFit
        A model of all subgroups together in which `subgroup` interacts with the arm: ``better ~ arm * sex``.
    subgroup : str
        Factor whose levels are the subgroups.
    effect : {"risk_difference", "risk_ratio", "odds_ratio", "rate_ratio", "rate_difference", "difference"}
        What is compared: of risks or rates standardised over the participants of the subgroup.
    arm : str
        Column of the arms.
    against : str, optional
        The arm that the others are compared with; unless given the first level.
    compare : sequence of str, optional
        The arms that are compared; all others unless given.
    visit : str
        What is written as the visit.
    per : float
        Units of exposure of a difference in rates.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        ``subgroup_difference``: the effect in each subgroup, `analysis` ``sex=female``.
        ``difference_between_subgroups``: the later level's effect less the earlier's (of a ratio, over the earlier's),
        ``sex=male-female``. ``interaction_test``: Wald's test that all are alike, ``sex=*``. `std_error` of a ratio is
        that of its logarithm.

    Raises
    ------
    OptionError
        The subgroup is no factor that interacts with the arm, or an option is not allowed.

    Notes
    -----
    Errors are by the delta method with the covariance of the fit, covariates taken as given.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.models import fit_glm
    >>> d = pd.DataFrame({"arm": list("aabb") * 5, "sex": ["f"] * 8 + ["m"] * 12, "better": [0, 1, 1, 0, 1] * 4})
    >>> found = effects_in_subgroups(fit_glm("better ~ arm * sex", d), "sex", "risk_difference")
    >>> found.frame.set_index("analysis")["estimate"].dropna().round(4).to_dict()
    {'sex=f': 0.25, 'sex=m': -0.1667, 'sex=m-f': -0.4167}
    """
    check_level(conf_level)
    check_kind("fit", fit, GLMFit, "a fit of coxa.models.fit_glm")
    check_option("effect", effect, EFFECT_TERMS)
    design = fit.design
    check_interaction(design, arm, subgroup)
    arms = [label_text(level) for level in design.levels[arm]]
    groups = [label_text(level) for level in design.levels[subgroup]]
    reference = arms[0] if against is None else check_option("against", str(against), arms)
    values, slopes = cells(fit, subgroup, arm, effect, per)
    covariance, b = fit.covariance.to_numpy(), arms.index(reference)
    rows: list[dict[str, Any]] = []
    tested: list[Part] = []

    def numbers(part: Part) -> dict[str, float]:
        return effect_row(part.value, part.error(covariance), fit.df_of(part.gradient), effect, conf_level)

    for name in arms:
        if name == reference or (compare is not None and name not in compare):
            continue
        pair = [arms.index(name), b]
        effects = {group: Part.of(values[g], slopes[g], pair) for g, group in enumerate(groups)}
        in_pair = design.frame[arm].cat.codes.isin(pair)

        def behind(g: int, in_pair: pd.Series = in_pair) -> dict[str, int]:
            n = int(((design.frame[subgroup].cat.codes == g) & in_pair).sum())
            return {"n_participants": n, "n_observations": n}

        shared = {"arm": name, "reference": reference}
        rows += [{**shared, **row} for row in effects_of_levels(subgroup, groups, effects, numbers, behind)]
        tested += [effects[group] - effects[groups[0]] for group in groups[1:]]
    named = {"term": "interaction_test", "analysis": f"{subgroup}=*"}
    rows.append(
        {**named, **joint(tested, covariance, fit.df_of), "n_participants": fit.nobs, "n_observations": fit.nobs}
    )
    method = f"{fit.family} model of all levels of {subgroup}, standardised within each; delta method"
    known = {"outcome": fit.outcome, "visit": visit, "conf_level": conf_level, "method": method}
    return Estimates.of({**known, "warning": "; ".join(fit.warnings), **row} for row in rows)


def cells(fit: GLMFit, subgroup: str, arm: str, effect: str, per: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the standardised number of each subgroup and arm (G, K) on the scale on which effects are differences.

    With the derivatives in the coefficients, (G, K, p).
    """
    frame, levels = fit.design.frame, fit.design.levels
    groups = frame[subgroup].cat.codes.to_numpy()
    values, slopes = [], []
    for place in range(len(levels[arm])):
        x = fit.design.rows_as(arm, place)
        means, weights = fit.means(x), fit.mean_slopes(x)
        inside = [groups == g for g in range(len(levels[subgroup]))]
        m = np.array([means[here].mean() for here in inside])
        s = np.array([weights[here] @ x[here] / here.sum() for here in inside])
        if effect in ("risk_ratio", "rate_ratio"):
            m, s = np.log(m), s / m[:, None]
        elif effect == "odds_ratio":
            m, s = np.log(m / (1 - m)), s / (m * (1 - m))[:, None]
        elif effect == "rate_difference":
            m, s = per * m, per * s
        values.append(m)
        slopes.append(s)
    return np.stack(values, axis=1), np.stack(slopes, axis=1)
