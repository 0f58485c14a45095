"""Bootstrap samples that are each imputed a few times: the variance of an estimate over repeated trials.

In each of B samples of participants the imputation model is fitted again and the missing outcomes are imputed D times
from its estimates, without drawing them. Estimates then vary between samples as trials would, and within samples by the
noise of imputation, which is taken off. Under reference-based strategies Rubin's variance is larger than this one.

Source: von Hippel & Bartlett, Statistical Science 2021, 36:400-420 (maximum likelihood multiple imputation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from coxa.cards import Carded
from coxa.errors import FitError, OptionError, check_level
from coxa.estimates.table import Estimates
from coxa.impute.analyse import ArmRows, arm_rows, labels_at, visit_places
from coxa.impute.draws import AT_ONCE, Draws, origin_of, resamples, times_drawn
from coxa.impute.imputations import Imputations, completed, impute_outcomes
from coxa.impute.outcomes import IncompleteOutcomes
from coxa.impute.refits import refits
from coxa.models import Fit
from coxa.models.numerics.one_thread import one_thread
from coxa.models.results.rebuilt import rebuilt


@dataclass(frozen=True, slots=True, repr=False)
class BootstrapPooled(Carded):
    """Pooled estimates of q numbers, each array (q,).

    estimate  : mean over all samples and imputations
    std_error : root of the variance between samples, less the noise of imputation, plus the Monte Carlo error
    df        : Satterthwaite's degrees of freedom of it
    noise     : part of the variance of one estimate within samples

    Examples
    --------
    >>> pooled = pool_bootstrap(np.array([[1.0, 3.0], [5.0, 7.0], [4.0, 4.0]]))
    >>> float(pooled.estimate[0]), round(float(pooled.std_error[0]), 4)
    (4.0, 2.1602)
    """

    estimate: np.ndarray
    std_error: np.ndarray
    df: np.ndarray
    noise: np.ndarray


def pool_bootstrap(estimates: np.ndarray) -> BootstrapPooled:
    """Pool the estimates of B bootstrap samples that were imputed D times each.

    Parameters
    ----------
    estimates : (B, D, q) or (B, D)

    Returns
    -------
    BootstrapPooled

    Raises
    ------
    OptionError
        Fewer than two samples or imputations of each.

    Notes
    -----
    With the mean squares between and within samples, MSB and MSW, the variance is ((B + 1) MSB - B MSW) / (B D). Where
    it is not above zero, the samples are too few and the standard error is not a number.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> between = rng.normal(0, 2, (2000, 1))
    >>> bool(abs(pool_bootstrap(between + rng.normal(0, 1, (2000, 2))).std_error[0] - 2) < 0.1)
    True
    """
    values = np.asarray(estimates, dtype=float)
    if values.ndim not in (2, 3) or min(values.shape[:2]) < 2:
        raise OptionError(
            f"The estimates have the shape {values.shape}. Give 2 or more samples, and 2 or more imputations of each."
        )
    values = values.reshape(*values.shape[:2], -1)
    b, d, _ = values.shape
    means = values.mean(axis=1)
    between = d * means.var(axis=0, ddof=1)
    within = ((values - means[:, None]) ** 2).sum(axis=(0, 1)) / (b * (d - 1))
    variance = ((b + 1) * between - b * within) / (b * d)
    top = ((b + 1) * between - b * within) ** 2
    below = ((b + 1) * between) ** 2 / (b - 1) + b * within**2 / (d - 1)
    usable = variance > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return BootstrapPooled(
            values.mean(axis=(0, 1)),
            np.where(usable, np.sqrt(np.where(usable, variance, 1.0)), np.nan),
            np.where(usable, top / below, np.nan),
            within / (within + (between - within) / d),
        )


def analyse_bootstrap(
    fit: Fit,
    outcomes: IncompleteOutcomes,
    formula: str,
    *,
    samples: int = 200,
    per_sample: int = 2,
    arm: str = "arm",
    visits: list[str] | None = None,
    against: str | None = None,
    seed: int = 1,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate means and differences by ANCOVA in bootstrap samples that are imputed a few times each.

    Parameters
    ----------
    fit : Fit
        The imputation model; it is fitted again in each sample.
    outcomes : IncompleteOutcomes
        What is missing, and the strategy of each participant.
    formula : str
        As of `analyse_ancova`.
    samples, per_sample : int
        Bootstrap samples, drawn within arms, and imputations of each; two are enough.
    arm : str
        Column of the arm.
    visits : list of str, optional
        By default all.
    against : str, optional
        The arm that all others are compared with; by default each is compared with its reference.
    seed : int
    conf_level : float

    Returns
    -------
    Estimates
        The mean of each arm over the covariates of all participants, and the difference of each arm from its reference.

    Raises
    ------
    OptionError
        Fewer than two samples or imputations of each, or a visit is unknown.
    FitError
        More than a tenth of the samples have no optimum of the imputation model.

    Examples
    --------
    >>> from coxa.impute import incomplete_outcomes
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(60), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 60})
    >>> d["arm"] = np.where(who % 2, "a", "b")
    >>> d["change"] = rng.normal(size=60)[who] + rng.normal(size=120)
    >>> d.loc[[1, 3, 81], "change"] = np.nan
    >>> fit = fit_mmrm("change ~ arm * visit", d)
    >>> outcomes = incomplete_outcomes(fit, d, reference="b", strategy="j2r")
    >>> analyse_bootstrap(fit, outcomes, "~ arm", samples=20).frame["term"].tolist()[:3]
    ['marginal_mean', 'marginal_mean', 'difference']
    """
    check_level(conf_level)
    if samples < 2 or per_sample < 2:
        raise OptionError(f"`samples` is {samples} and `per_sample` {per_sample}. Give 2 or more of both.")
    m = len(outcomes.visits)
    empty = Draws(np.empty((0, len(fit.params))), np.empty((0, 1, m, m)), "bootstrap")
    imputed = impute_outcomes(fit, outcomes, empty, arm=arm, seed=seed)
    places, rows_of_arms = visit_places(imputed, visits), arm_rows(imputed, formula, against)
    rng = np.random.default_rng(seed)
    with one_thread():
        values, skipped = sampled(fit, imputed, rows_of_arms, places, samples, per_sample, rng)
    if skipped > samples // 10:
        raise FitError(
            f"{skipped} of {samples} bootstrap samples have no optimum of the imputation model",
            ["Use a smaller formula or a covariance of fewer parameters."],
        )
    pooled = pool_bootstrap(values)
    labels = labels_at(imputed, rows_of_arms.labels("marginal_mean", "difference"), places)
    quantile = stats.t.ppf(0.5 + conf_level / 2, pooled.df)
    statistic = np.where(labels["term"] == "difference", pooled.estimate / pooled.std_error, np.nan)
    rows = labels.assign(
        estimate=pooled.estimate,
        std_error=pooled.std_error,
        df=pooled.df,
        statistic=statistic,
        p_value=2 * stats.t.sf(np.abs(statistic), pooled.df),
        conf_low=pooled.estimate - quantile * pooled.std_error,
        conf_high=pooled.estimate + quantile * pooled.std_error,
        conf_level=conf_level,
        n_participants=len(outcomes.arm),
        n_observations=len(outcomes.arm),
        method=f"ANCOVA at each visit, {len(values)} bootstrap samples imputed {per_sample} times each",
    )
    return Estimates.of([{str(name): value for name, value in row.items()} for row in rows.to_dict("records")])


def sampled(
    fit: Fit,
    imputed: Imputations,
    rows: ArmRows,
    places: list[int],
    samples: int,
    per_sample: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, int]:
    """Return estimates (B, D, k) of the samples whose model has an optimum, and how many have none."""
    outcomes, made = imputed.outcomes, rebuilt(fit)
    in_model = pd.Index(outcomes.participants).get_indexer(pd.Index(pd.unique(fit.sample.participant)))
    column = imputed.columns[3]
    counterfactual = np.array([rows.design.rows_as(column, k) @ rows.back for k in range(len(rows.levels))])
    origin = origin_of(fit, made)
    values: list[np.ndarray] = []
    skipped = 0
    for first in range(0, samples, AT_ONCE):
        drawn = resamples(outcomes.arm, min(AT_ONCE, samples - first), rng)
        fitted = refits(made, times_drawn(drawn, len(outcomes.arm))[:, in_model])
        skipped += int((~fitted.fitted).sum())
        for k in np.flatnonzero(fitted.fitted):
            who = drawn[k]
            beta = np.tile(origin + made.back @ fitted.beta[k], (per_sample, 1))
            covariance = np.tile(fitted.covariance[k], (per_sample, 1, 1, 1))
            sample = members(outcomes, who)
            seen = np.broadcast_to(sample.y, (per_sample, *sample.y.shape))
            y = completed(sample, tuple(sample.alike()), beta, covariance, seen, rng)[:, :, places]
            means = counterfactual[:, who].mean(axis=1)
            contrast = np.vstack([means, [means[a] - means[r] for a, r in rows.pairs]])
            weights = contrast @ np.linalg.pinv(rows.x[who])
            values.append((weights @ y).swapaxes(1, 2).reshape(per_sample, -1))
    return np.array(values), skipped


def members(outcomes: IncompleteOutcomes, who: np.ndarray) -> IncompleteOutcomes:
    """Return the outcomes of some participants, who may come several times."""
    return replace(
        outcomes,
        participants=outcomes.participants[who],
        people=outcomes.people.iloc[who],
        arm=outcomes.arm[who],
        reference=outcomes.reference[who],
        y=outcomes.y[who],
        designs=outcomes.designs[:, who],
        event=outcomes.event[who],
        strategy=outcomes.strategy[who],
        groups=outcomes.groups[:, who],
        kind=outcomes.kind[who],
    )
