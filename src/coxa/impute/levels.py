"""Levels of an ordered outcome in every imputed data set: proportional odds models of many data sets together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coxa.errors import FitError, OptionError
from coxa.impute.analyse import ArmRows, arm_rows, labels_at, visit_places
from coxa.impute.analysed import Analysed
from coxa.impute.imputations import Imputations
from coxa.models.numerics.one_thread import one_thread

MOST_STEPS = 40
"""Newton steps of a model; without separation it needs five to nine."""

HALVINGS = 30


def analyse_levels(
    imputed: Imputations,
    formula: str,
    *,
    visit: str,
    against: str | None = None,
    higher_is_better: bool = True,
) -> Analysed:
    """Analyse the levels of an ordered outcome in every imputed data set, by a proportional odds model.

    Parameters
    ----------
    imputed : Imputations
        Of `impute_scores` with ``Steps(..., equal=False)``.
    formula : str
        ``~ age + arm``, of columns that the imputation model has.
    visit : str
    against : str, optional
        The arm that all others are compared with; by default each is compared with its reference.
    higher_is_better : bool
        Which of two levels wins.

    Returns
    -------
    Analysed
        For each arm and its reference the odds ratio of a higher level, and the win odds: the probability of the better
        level, equal ones counted by half, over its complement, standardised over the covariates of all participants.
        Both are kept as logarithms.

    Raises
    ------
    OptionError
        The visit is unknown, the arm is not in the formula, or the outcome was not imputed on levels.
    FitError
        The model has no maximum in one of the data sets.

    Notes
    -----
    logit P(Y > j) = x'b - threshold_j, fitted by maximum likelihood in all data sets at once (McCullagh, Journal of the
    Royal Statistical Society B 1980, 42:109-142). Levels that no participant of a data set has are left out of it.
    With an interaction of arm and covariates the odds ratio is that at their means.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.impute import Steps, draw_scores, impute_scores, incomplete_outcomes
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(60), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 60})
    >>> d["arm"] = np.where(who % 2, "a", "b")
    >>> d["change"] = np.clip(np.rint(3 + rng.normal(size=60)[who] + rng.normal(size=120)), 1, 5)
    >>> d.loc[[1, 3, 81], "change"] = np.nan
    >>> fit, levels = fit_mmrm("change ~ arm * visit", d), Steps(1, 5, equal=False)
    >>> outcomes = incomplete_outcomes(fit, d, reference="b", strategy="j2r")
    >>> imputed = impute_scores(fit, outcomes, draw_scores(fit, outcomes, levels, 20), levels)
    >>> analyse_levels(imputed, "~ arm", visit="week_2").labels["term"].tolist()
    ['cumulative_odds_ratio', 'win_odds']
    """
    if imputed.steps is None:
        raise OptionError("The outcome was not imputed on levels. Draw it by `draw_scores` and `impute_scores`.")
    steps, made = imputed.steps, arm_rows(imputed, formula, against)
    place = visit_places(imputed, [visit])[0]
    inner = without_constant(made.x)
    designs = [made.design.rows_as(imputed.columns[3], k) @ made.back @ inner for k in range(len(made.levels))]
    estimates, variances = [], []
    for block in imputed.blocks():
        level = np.rint((block[:, :, place] - steps.low) / steps.step).astype(int)
        if (level == level[:, :1]).all(axis=1).any():
            raise FitError(
                "all participants have the same level in an imputed data set", ["Use another visit or outcome."]
            )
        with one_thread():
            each = [numbers_of(made, inner, designs, own, higher_is_better) for own in alike_levels(level)]
        order = np.argsort(np.concatenate([rows for rows, _, _ in each]))
        estimates.append(np.concatenate([values for _, values, _ in each])[order])
        variances.append(np.concatenate([squares for _, _, squares in each])[order])
    every = made.labels("", "cumulative_odds_ratio", "win_odds")
    labels = labels_at(imputed, every[every["term"].ne("")].reset_index(drop=True), [place])
    return Analysed(
        labels=labels,
        estimates=np.concatenate(estimates),
        variances=np.concatenate(variances),
        df_complete=np.full(len(labels), np.inf),
        n=len(made.x),
        method="proportional odds (cumulative logit) model",
    )


def without_constant(x: np.ndarray) -> np.ndarray:
    """Return (q, q - 1) columns that take an orthonormal design to one without its constant, which thresholds have."""
    constant = x.T @ np.ones(len(x))
    return np.asarray(np.linalg.qr(np.column_stack([constant, np.eye(len(constant))]))[0][:, 1:])


def alike_levels(level: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return data sets (D, n) by which levels they have: their places, and levels counted among those there are."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for k, row in enumerate(level):
        groups.setdefault(tuple(np.unique(row).tolist()), []).append(k)
    return [(np.array(rows), np.searchsorted(np.array(seen), level[rows])) for seen, rows in groups.items()]


def numbers_of(
    made: ArmRows,
    inner: np.ndarray,
    designs: Sequence[np.ndarray],
    own: tuple[np.ndarray, np.ndarray],
    higher_is_better: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places of data sets, log odds ratios and log win odds (D, 2 pairs), and their squared errors."""
    places, level = own
    k = int(level.max()) + 1
    params, covariance = proportional_odds(made.x @ inner, level, k)
    shares, slopes = zip(*(shares_of(x, params, k) for x in designs), strict=True)
    wins = np.tri(k, k=-1) + np.eye(k) / 2
    wins = wins if higher_is_better else wins.T
    values, gradients = [], []
    for row in made.differences:
        gradient = np.concatenate([np.zeros(k - 1), row @ inner])
        values.append(params @ gradient)
        gradients.append(np.broadcast_to(gradient, params.shape))
    for a, r in made.pairs:
        win = np.einsum("dj,jk,dk->d", shares[a], wins, shares[r])
        slope = np.einsum("djp,jk,dk->dp", slopes[a], wins, shares[r], optimize=True)
        slope += np.einsum("dj,jk,dkp->dp", shares[a], wins, slopes[r], optimize=True)
        values.append(np.log(win / (1 - win)))
        gradients.append(slope / (win * (1 - win))[:, None])
    g = np.array(gradients)
    return places, np.stack(values, axis=1), np.einsum("kdi,dij,kdj->dk", g, covariance, g, optimize=True)


def proportional_odds(x: np.ndarray, level: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return thresholds and coefficients (D, count - 1 + q) and covariances, of levels (D, n) on one design (n, q).

    Raises
    ------
    FitError
        The likelihood of one of them has no maximum.
    """
    d, k = len(level), count - 1
    shares = np.stack([(level <= j).mean(axis=1) for j in range(k)], axis=1)
    params = np.concatenate([np.log(shares / (1 - shares)), np.zeros((d, x.shape[1]))], axis=1)
    upper, lower = rows_of(x, level, k), rows_of(x, level - 1, k)
    value, gradient, information = at(params, upper, lower, level, k)
    for _ in range(MOST_STEPS):
        step = np.linalg.solve(information, gradient[:, :, None])[..., 0]
        if np.abs(step).max() < 1e-9:
            return params, np.linalg.inv(information)
        scale = np.ones(d)
        for _ in range(HALVINGS):
            found = at(params + scale[:, None] * step, upper, lower, level, k)
            worse = ~(found[0] >= value - 1e-9 * np.abs(value))
            if not worse.any():
                break
            scale = np.where(worse, scale / 2, scale)
        params = params + scale[:, None] * step
        value, gradient, information = found
    raise FitError(
        "the proportional odds model has no finite estimate in an imputed data set",
        ["Use a smaller formula: an arm or a level in which all have the same level has no finite odds."],
    )


def rows_of(x: np.ndarray, level: np.ndarray, k: int) -> np.ndarray:
    """Return the rows (D, n, k + q) of threshold minus linear predictor at levels (D, n); zero beyond thresholds."""
    there = (level >= 0) & (level < k)
    threshold = (level[:, :, None] == np.arange(k)).astype(float)
    return np.concatenate([threshold, -np.where(there[:, :, None], x, 0.0)], axis=2)


def at(
    params: np.ndarray, upper: np.ndarray, lower: np.ndarray, level: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log-likelihood (D,), gradient (D, p) and observed information (D, p, p); -inf where thresholds cross."""
    ends = []
    for rows, open_end, beyond in ((upper, level == k, 1.0), (lower, level == 0, 0.0)):
        share = 1 / (1 + np.exp(-np.clip(np.einsum("dnp,dp->dn", rows, params), -35, 35)))
        density = np.where(open_end, 0.0, share * (1 - share))
        ends.append((np.where(open_end, beyond, share), density, density * (1 - 2 * share)))
    (high, f_high, s_high), (low, f_low, s_low) = ends
    p = high - low
    safe = np.where(p > 0, p, 1.0)
    value = np.where((p > 0).all(axis=1), np.log(safe).sum(axis=1), -np.inf)
    each = (f_high / safe)[:, :, None] * upper - (f_low / safe)[:, :, None] * lower
    curve = (s_high / safe)[:, :, None] * upper
    below = (s_low / safe)[:, :, None] * lower
    information = each.swapaxes(1, 2) @ each - upper.swapaxes(1, 2) @ curve + lower.swapaxes(1, 2) @ below
    return value, each.sum(axis=1), information


def shares_of(x: np.ndarray, params: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of each level (D, count) averaged over rows (n, q), and its slopes (D, count, p)."""
    k = count - 1
    at_most, slopes = np.zeros((len(params), count + 1)), np.zeros((len(params), count + 1, params.shape[1]))
    at_most[:, count] = 1.0
    for j in range(k):
        share = 1 / (1 + np.exp(-(params[:, j, None] - params[:, k:] @ x.T)))
        density = share * (1 - share)
        at_most[:, j + 1] = share.mean(axis=1)
        slopes[:, j + 1, j] = density.mean(axis=1)
        slopes[:, j + 1, k:] = -density @ x / len(x)
    return np.diff(at_most, axis=1), np.diff(slopes, axis=1)
