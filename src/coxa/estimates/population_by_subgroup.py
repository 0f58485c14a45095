"""Do arms differ more in one subgroup than in another, in risks or rates over all clusters? From one mixed model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coxa.errors import check_kind, check_level, check_option
from coxa.estimates.over_clusters import RATE_CONTRASTS, Averaged, averaged, described, levels_of
from coxa.estimates.risk_rows import RISK_CONTRASTS
from coxa.estimates.subgroup_rows import alike, check_interaction, effect_row, effects_of_levels
from coxa.estimates.table import Estimates
from coxa.models.design.columns import label_text
from coxa.models.glmm.fit import GLMMFit

CONDITIONAL = "conditional_odds_ratio"


@dataclass(frozen=True, slots=True)
class Part:
    """A linear function of numbers on a scale: its value, gradient (p + 1,) and design row (p,)."""

    value: float
    gradient: np.ndarray
    row: np.ndarray

    def __sub__(self, other: Part) -> Part:
        return Part(self.value - other.value, self.gradient - other.gradient, self.row - other.row)


@dataclass(frozen=True, slots=True)
class OnScale:
    """Numbers of the arms of a subgroup on the scale on which they are compared.

    keys      : combinations of arm and visit
    values    : (M,)
    gradients : (M, p + 1) by the coefficients and the standard deviation
    rows      : (M, p) averaged design rows, for degrees of freedom
    n         : participants of the subgroup
    """

    keys: tuple[tuple[str, ...], ...]
    values: np.ndarray
    gradients: np.ndarray
    rows: np.ndarray
    n: int


def population_subgroups(
    fit: GLMMFit,
    subgroup: str,
    effect: str,
    arm: str = "arm",
    against: str | None = None,
    *,
    compare: Sequence[str] | None = None,
    by: str = "visit",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the effect of arms in each subgroup at each visit, how these differ, and test whether they do.

    Parameters
    ----------
    fit : GLMMFit
        A model of all subgroups together in which `subgroup` interacts with the arm:
        ``better ~ arm * visit * sex + (1 | participant_id)``.
    subgroup : str
        Factor whose levels are the subgroups.
    effect : str
        What is compared, such as ``risk_difference``: a comparison of `coxa.estimates.population_averaged`, over the
        participants of the subgroup.
    arm, against, by, conf_level
        As in `coxa.estimates.population_averaged`.
    compare : sequence of str, optional
        The arms that are compared; all others unless given.

    Returns
    -------
    Estimates
        ``subgroup_difference``: the effect in each subgroup, `analysis` ``sex=female``.
        ``difference_between_subgroups``: the later level's effect less the earlier's (of a ratio, over it),
        ``sex=male-female``. ``interaction_test``: that all are alike at the visit, ``sex=*``. `std_error` of a ratio is
        that of its logarithm.

    Raises
    ------
    OptionError
        The subgroup is no factor that interacts with the arm, or an option is not allowed.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.models import fit_glmm
    >>> who = np.repeat(range(24), 3)
    >>> arm, sex = np.where(who % 2, "b", "a"), np.where(who < 12, "f", "m")
    >>> d = pd.DataFrame({"participant_id": who, "arm": arm, "sex": sex})
    >>> d["better"] = [int(answer) for answer in "000010110001000010111001110111000011" * 2]
    >>> e = population_subgroups(fit_glmm("better ~ arm * sex + (1 | participant_id)", d), "sex", "risk_difference")
    >>> e.frame["analysis"].tolist()
    ['sex=f', 'sex=m', 'sex=m-f', 'sex=*']
    """
    check_kind("fit", fit, GLMMFit, "a fit of coxa.models.fit_glmm")
    check_level(conf_level)
    contrasts = {**RISK_CONTRASTS, CONDITIONAL: CONDITIONAL} if fit.family == "binomial" else RATE_CONTRASTS
    scale = contrasts[check_option("effect", effect, tuple(contrasts))]
    arms = [label_text(level) for level in levels_of(fit, arm)]
    check_interaction(fit.design, arm, subgroup)
    reference = arms[0] if against is None else check_option("against", str(against), arms)
    factors = [arm, *([by] if by in fit.design.levels else [])]
    groups = {
        label_text(level): on_scale(fit, averaged(fit, factors, {subgroup: level}), scale)
        for level in fit.design.levels[subgroup]
    }
    rows: list[dict[str, Any]] = []
    for rest in dict.fromkeys(key[1:] for key in next(iter(groups.values())).keys):
        tested = []
        for name in compare or [other for other in arms if other != reference]:
            found = {group: difference(one, (name, *rest), (reference, *rest)) for group, one in groups.items()}
            shared = {"visit": rest[0] if rest else "", "arm": name, "reference": reference}
            rows += [
                {**shared, **row}
                for row in effects_of_levels(
                    subgroup,
                    list(found),
                    found,
                    lambda part: numbers(fit, part, effect, conf_level),
                    lambda place: {"n_participants": list(groups.values())[place].n},
                )
            ]
            first, *others = found.values()
            tested += [other - first for other in others]
        row = {"visit": rest[0] if rest else "", "analysis": f"{subgroup}=*", "term": "interaction_test"}
        rows.append({**row, **interaction(fit, tested)})
    known = {
        "outcome": fit.outcome,
        "conf_level": conf_level,
        "method": f"one model of all levels of {subgroup}; {described(fit)}",
        "warning": "; ".join(fit.warnings),
    }
    return Estimates.of({**known, **row} for row in rows)


def on_scale(fit: GLMMFit, found: Averaged, scale: str) -> OnScale:
    """Return the numbers of the arms on the scale on which they are compared, with their derivatives."""
    means = found.means
    if scale == CONDITIONAL:
        zero = np.zeros((len(means), 1))
        values, gradients = found.rows @ fit.params.to_numpy(), np.hstack([found.rows, zero])
    elif scale == "difference":
        values, gradients = means, found.gradients
    elif scale == "log_ratio":
        values, gradients = np.log(means), found.gradients / means[:, None]
    else:
        values, gradients = np.log(means / (1 - means)), found.gradients / (means * (1 - means))[:, None]
    keys = tuple(tuple(map(label_text, key)) for key in found.keys)
    return OnScale(keys, values, gradients, found.rows, int(found.n[0]))


def difference(one: OnScale, key: tuple[str, ...], other: tuple[str, ...]) -> Part:
    """Return one combination less another."""
    a, b = (one.keys.index(each) for each in (key, other))
    parts = [Part(float(one.values[k]), one.gradients[k], one.rows[k]) for k in (a, b)]
    return parts[0] - parts[1]


def numbers(fit: GLMMFit, part: Part, effect: str, conf_level: float) -> dict[str, float]:
    """Return estimate, error, limits and test of a value; of a ratio the value is its logarithm."""
    error = float(np.sqrt(part.gradient @ covariance(fit, part.gradient) @ part.gradient))
    return effect_row(part.value, error, fit.inference.df(part.row), effect, conf_level)


def interaction(fit: GLMMFit, tested: Sequence[Part]) -> dict[str, float]:
    """Return the F test, or chi-squared over its rows, that all parts are zero."""
    values, gradients = np.array([part.value for part in tested]), np.array([part.gradient for part in tested])
    df = fit.inference.df(np.abs([part.row for part in tested]).max(axis=0))
    return alike(values, gradients @ covariance(fit, gradients) @ gradients.T, df)


def covariance(fit: GLMMFit, gradients: np.ndarray) -> np.ndarray:
    """Return the covariance (p + 1, p + 1) of the coefficients and the standard deviation."""
    size = gradients.shape[-1]
    return np.asarray(fit.joint.to_numpy()[:size, :size])
