"""Size and coverage of what is offered for ordered outcomes, by simulation: the trial, the draws, what is counted.

Run as a script it makes the table of docs/methods/ordinal-size.md:

    python -m tests.simulation.ordinal_size --replicates 4000 --write docs/methods/ordinal-size.md
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, logit

from coxa.errors import FitError
from coxa.estimates.mann_whitney import METHODS as LIMITS
from coxa.estimates.mann_whitney import compared, limits
from coxa.estimates.row_mean_scores import quadratic, stratum_sums
from coxa.models.ordinal.likelihood import expected_information, gradient_of, maximise, threshold_rows, thresholds_of
from tests.simulation.written import write_page

ALPHA = 0.05
THRESHOLDS = np.array([-1.5, -0.3, 0.8, 2.0])
"""Between the five categories, at a covariate of zero, in usual care."""

SLOPE = 1.0
"""Log odds ratio of one standard deviation of the covariate."""

Z = float(stats.norm.ppf(1 - ALPHA / 2))
EFFECT = 0.9
"""Log odds ratio of the arm, given the covariate."""


def draw(per_arm: int, effect: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a trial of two arms: the categories, the arm as 0 and 1, and a covariate."""
    arm, covariate = np.repeat([0.0, 1.0], per_arm), rng.normal(size=2 * per_arm)
    latent = effect * arm + SLOPE * covariate + rng.logistic(size=2 * per_arm)
    return np.digitize(latent, THRESHOLDS), arm, covariate


def true_win(effect: float) -> float:
    """Return the probability that a participant of arm b has a higher category than one of arm a, ties by half."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    below = [expit(THRESHOLDS[:, None] - move - SLOPE * nodes) @ weights for move in (0.0, effect)]
    usual, treated = (np.diff(np.r_[0, each, 1]) for each in below)
    return float(treated @ (np.tri(5, k=-1) + np.eye(5) / 2) @ usual)


WINS = ("win probability, Brunner-Munzel", "win probability, DeLong", "win probability, by the adjusted model")
MODELS = ("odds ratio, adjusted", "odds ratio, no covariate")
SCORES = "row mean scores, ranks"
ASSUMED = ("proportional odds of the arm, likelihood ratio", "proportional odds of the arm, score")


@dataclass(frozen=True, slots=True)
class Model:
    """A cumulative logit model of columns x (N, p), the arm the first of them."""

    codes: np.ndarray
    x: np.ndarray
    params: np.ndarray
    covariance: np.ndarray
    loglik: float

    @property
    def k(self) -> int:
        """Number of thresholds."""
        return int(self.codes.max())

    @property
    def odds(self) -> tuple[float, float]:
        """Log odds ratio of the arm, and its standard error."""
        return float(self.params[self.k]), float(np.sqrt(self.covariance[self.k, self.k]))


def model(codes: np.ndarray, x: np.ndarray) -> Model | None:
    """Return the model with proportional odds; None where it is separated."""
    k = int(codes.max())
    found = maximise(thresholds_of(codes, x, np.empty((len(x), 0)), k), codes, k)
    if not found.converged:
        return None
    return Model(codes, x, found.point.theta, np.linalg.inv(found.point.hessian), -found.point.value)


def standardised(fit: Model) -> tuple[float, float]:
    """Return the win probability by the averages over participants in both arms, and its error by the delta method."""
    shares, slopes = [], []
    for arm in (0.0, 1.0):
        put = np.column_stack([np.full(len(fit.x), arm), fit.x[:, 1:]])
        rows = [threshold_rows(np.full(len(put), j), put, np.empty((len(put), 0)), fit.k) for j in range(fit.k)]
        at_most = [expit(each @ fit.params) for each in rows]
        by = [(p * (1 - p)) @ each / len(put) for p, each in zip(at_most, rows, strict=True)]
        shares.append(np.diff(np.r_[0.0, [p.mean() for p in at_most], 1.0]))
        slopes.append(np.diff(np.vstack([np.zeros(len(fit.params)), *by, np.zeros(len(fit.params))]), axis=0))
    wins = np.tri(fit.k + 1, k=-1) + np.eye(fit.k + 1) / 2
    gradient = (wins @ shares[0]) @ slopes[1] + (shares[1] @ wins) @ slopes[0]
    return float(shares[1] @ wins @ shares[0]), float(np.sqrt(gradient @ fit.covariance @ gradient))


def assumed(fit: Model) -> tuple[float, float]:
    """Return p of the likelihood ratio and of the score test of proportional odds of the arm, without covariates."""
    none, k = np.empty((len(fit.x), 0)), fit.k
    wider = thresholds_of(fit.codes, none, fit.x, k)
    ratio = 2 * (-maximise(wider, fit.codes, k).point.value - fit.loglik)
    at = np.r_[fit.params[:k], np.repeat(fit.params[k], k)]
    gradient = gradient_of(wider, at)
    score = gradient @ np.linalg.solve(expected_information(none, fit.x, k, at), gradient)
    return float(stats.chi2.sf(max(ratio, 0), k - 1)), float(stats.chi2.sf(score, k - 1))


def one_trial(
    trial: tuple[np.ndarray, np.ndarray, np.ndarray], effect: float, win: float
) -> dict[str, tuple[bool, bool]] | None:
    """Return of each method whether it rejects, and whether its limits cover; None where a model is separated."""
    outcome, arm, covariate = trial
    codes = np.unique(outcome, return_inverse=True)[1]
    fits = [model(codes, x) for x in (np.column_stack([arm, covariate]), arm[:, None])]
    if fits[0] is None or fits[1] is None:
        return None
    adjusted, plain = fits[0], fits[1]
    found: dict[str, tuple[bool, bool]] = {}
    for name, fit in zip(MODELS, (adjusted, plain), strict=True):
        value, error = fit.odds
        found[name] = bool(abs(value) > Z * error), bool(abs(value - effect) <= Z * error)
    try:
        pairs = compared(outcome.astype(float), arm == 1)
        for name, method in zip(WINS[:2], LIMITS, strict=True):
            row = limits(pairs, method, 1 - ALPHA)
            found[name] = row["p_value"] < ALPHA, row["conf_low"] <= win <= row["conf_high"]
    except FitError:
        return None
    value, error = standardised(adjusted)
    slope = error / (value * (1 - value))
    apart = float(logit(value) - logit(win))
    found[WINS[2]] = bool(abs(logit(value)) > Z * slope), abs(apart) <= Z * slope
    sums = stratum_sums(stats.rankdata(outcome), arm.astype(int), 2)
    found[SCORES] = stats.chi2.sf(quadratic(*sums, ("a", "b"))[0], 1) < ALPHA, False
    return found | {name: (p < ALPHA, False) for name, p in zip(ASSUMED, assumed(plain), strict=True)}


def size_and_coverage(per_arm: int, effect: float, replicates: int, seed: int) -> pd.DataFrame:
    """Return of each method (index) the share of trials that reject and that cover, and how many were separated."""
    rng = np.random.default_rng([seed, per_arm, round(100 * effect)])
    win = true_win(effect)
    trials = [one_trial(draw(per_arm, effect, rng), effect, win) for _ in range(replicates)]
    kept = [found for found in trials if found is not None]
    rows = {name: np.mean([found[name] for found in kept], axis=0) for name in kept[0]}
    table = pd.DataFrame(rows, ["rejected", "covered"]).T
    return table.assign(separated=replicates - len(kept))


PAGE = """# Ordered outcomes in small trials, by simulation

{replicates:,} trials of each line, two arms, five categories with proportional odds, and a covariate whose standard
deviation is an odds ratio of {slope:.2f}. Size: rejected at 5% where arms are alike. Power and coverage of 95% limits:
at a conditional odds ratio of {effect:.2f} (win probability {win:.3f}). The odds ratio without the covariate is another
one, nearer to 1, so that its coverage is not counted. In the lines of tests of proportional odds, these hold. Trials in
which a model is separated are counted and left out. Standard error of 5% or 95% by chance: {error:.1%}.

| per arm | method | size | coverage | power | separated |
|---|---|---|---|---|---|
{lines}

    python -m tests.simulation.ordinal_size --replicates {replicates} --write docs/methods/ordinal-size.md
"""


def page(replicates: int, seed: int = 20261130) -> str:
    """Return the table of the docs."""
    lines = []
    for per_arm in (20, 40, 80):
        alike = size_and_coverage(per_arm, 0.0, replicates, seed)
        other = size_and_coverage(per_arm, EFFECT, replicates, seed)
        for name in alike.index:
            covered = f"{other['covered'][name]:.1%}" if name in (MODELS[0], *WINS) else ""
            power = "" if name in ASSUMED else f"{other['rejected'][name]:.1%}"
            apart = int(alike["separated"][name] + other["separated"][name])
            lines.append(f"| {per_arm} | {name} | {alike['rejected'][name]:.1%} | {covered} | {power} | {apart} |")
    return PAGE.format(
        replicates=replicates,
        slope=np.exp(SLOPE),
        effect=np.exp(EFFECT),
        win=true_win(EFFECT),
        error=(ALPHA * (1 - ALPHA) / replicates) ** 0.5,
        lines="\n".join(lines),
    )


if __name__ == "__main__":
    write_page(page, 4000)
