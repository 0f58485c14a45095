"""Effects of arms in subgroups from estimating equations, and whether they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from coxa.arguments import kinds
from coxa.errors import check_level, check_option
from coxa.estimates.marginal import COMPARED, TERMS, one_row_each
from coxa.estimates.subgroup_rows import Part, check_interaction, effect_row, effects_of_levels, joint
from coxa.estimates.table import Estimates
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
    check_interaction(fit.design, arm, subgroup)
    arms = [label_text(level) for level in levels[arm]]
    groups = [label_text(level) for level in levels[subgroup]]
    reference = arms[0] if against is None else check_option("against", str(against), arms)
    covariance = fit.inference.covariance

    def numbers(part: Part) -> dict[str, float]:
        return effect_row(part.value, part.error(covariance), fit.inference.df(part.gradient), effect, conf_level)

    rows: list[dict[str, Any]] = []
    for visit in levels.get(by, (None,)):
        values, slopes = cells(fit, subgroup, arm, {} if visit is None else {by: visit}, per)
        slopes, values = scale.slope(values)[..., None] * slopes, scale.to(values)
        here = {"visit": "" if visit is None else label_text(visit)}
        tested: list[Part] = []
        for name in arms:
            if name == reference or (compare is not None and name not in compare):
                continue
            pair = [arms.index(name), arms.index(reference)]
            effects = {group: Part.of(values[g], slopes[g], pair) for g, group in enumerate(groups)}
            shared = {**here, "arm": name, "reference": reference}

            def behind(g: int, pair: list[int] = pair, visit: Any = visit) -> dict[str, int]:
                return counted(fit, {subgroup: [g], arm: pair}, by, visit)

            rows += [{**shared, **row} for row in effects_of_levels(subgroup, groups, effects, numbers, behind)]
            tested += [effects[group] - effects[groups[0]] for group in groups[1:]]
        everyone = {"n_participants": fit.n_participants, "n_observations": fit.n_observations}
        named = {**here, "term": "interaction_test", "analysis": f"{subgroup}=*"}
        rows.append({**named, **joint(tested, covariance, fit.inference.df), **everyone})
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
