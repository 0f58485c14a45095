"""Size and coverage of logistic mixed models in small trials by simulation: the trial, the draws, what is counted.

Run as a script it makes the table of docs/methods/glmm-size.md:

    python -m tests.simulation.glmm_size --replicates 1000 --write docs/methods/glmm-size.md
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from coxa.errors import FitError
from coxa.estimates import population_averaged
from coxa.models import fit_glmm
from coxa.models.glmm.fit import population_mean
from coxa.models.inference.methods import Normal
from coxa.models.numerics.quadrature import normal_rule
from tests.simulation.written import write_page

ALPHA = 0.05
VISITS = 4
SD = 2.0
"""Standard deviation of the random intercept: an ICC of 0.55 on the scale of the log odds."""

SLOPE = 0.5
"""Log odds ratio of one standard deviation of the covariate."""

FORMULA = "y ~ arm + visit + x + (1 | participant_id)"
METHODS = {
    "conditional odds ratio, z": ("normal", "conditional_odds_ratio"),
    "conditional odds ratio, t": ("between-within", "conditional_odds_ratio"),
    "marginal risk difference, z": ("normal", "risk_difference"),
    "marginal risk difference, t": ("between-within", "risk_difference"),
}


def draw(per_arm: int, effect: float, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a trial: a row per participant and visit, a tenth of them missing at random."""
    n = 2 * per_arm
    arm, x = np.arange(n) % 2, rng.normal(size=n)
    start = effect * arm + SLOPE * x + SD * rng.normal(size=n)
    trend = np.linspace(-0.5, 0.5, VISITS)
    y = (rng.random((n, VISITS)) < expit(start[:, None] + trend)) * 1.0
    y[rng.random((n, VISITS)) < 0.1] = np.nan
    who = np.repeat(np.arange(n), VISITS)
    frame = {"participant_id": who, "visit": np.tile(list("abcd"), n), "arm": np.where(arm[who], "b", "a")}
    return pd.DataFrame({**frame, "x": x[who], "y": y.ravel()})


def risk_difference(effect: float) -> float:
    """Return the true difference over random intercepts, covariate and visits."""
    nodes, weights = normal_rule()
    trend = np.linspace(-0.5, 0.5, VISITS)[:, None]
    usual, treated = (population_mean("binomial", arm + trend + SLOPE * nodes, SD) @ weights for arm in (0.0, effect))
    return float((treated - usual).mean())


def one_trial(data: pd.DataFrame, effect: float) -> dict[str, tuple[bool, bool, bool]] | None:
    """Return of each method whether it rejects and covers, and whether the variance was zero; None without a fit."""
    found = {}
    try:
        counted = fit_glmm(FORMULA, data, ddf="between-within")
    except FitError:
        return None
    fits = {"between-within": counted, "normal": replace(counted, inference=Normal(counted.inference.covariance))}
    truth = {"conditional_odds_ratio": np.exp(effect), "risk_difference": risk_difference(effect)}
    tables = {ddf: population_averaged(fit, by=None).frame.set_index("term") for ddf, fit in fits.items()}
    for name, (ddf, term) in METHODS.items():
        row = tables[ddf].loc[term]
        covers = row["conf_low"] <= truth[term] <= row["conf_high"]
        found[name] = (bool(row["p_value"] < ALPHA), bool(covers), fits[ddf].at_zero)
    return found


def size_and_coverage(per_arm: int, effect: float, replicates: int, seed: int) -> pd.DataFrame:
    """Return of each method the shares of trials that reject and that cover, and how many trials had no fit."""
    rng = np.random.default_rng([seed, per_arm, round(100 * effect)])
    trials = [one_trial(draw(per_arm, effect, rng), effect) for _ in range(replicates)]
    kept = [found for found in trials if found is not None]
    rows = [
        {
            "method": name,
            "rejected": float(np.mean([found[name][0] for found in kept])),
            "covered": float(np.mean([found[name][1] for found in kept])),
            "at zero": sum(found[name][2] for found in kept),
            "no fit": replicates - len(kept),
        }
        for name in METHODS
    ]
    return pd.DataFrame(rows).set_index("method")


PAGE = """# Logistic mixed models in small trials, by simulation

{replicates:,} trials of each line, with four visits, a tenth of the values missing, a covariate, and a random intercept
of SD {sd:g}; the model is `{formula}` with 25 nodes. Size: rejected at 5%
where arms are alike. Coverage and power of 95% limits: at a conditional odds ratio of {effect:.2f}, a difference in
risks of {difference:.3f}. *z*: `ddf="normal"`; *t*: `ddf="between-within"`. Standard error of 5% or 95% by chance:
{error:.1%}.

| per arm | method | size | coverage | power | SD at zero | no fit |
|---|---|---|---|---|---|---|
{lines}

    python -m tests.simulation.glmm_size --replicates {replicates} --write docs/methods/glmm-size.md
"""


def page(replicates: int, seed: int = 20261130) -> str:
    """Return the table of the docs."""
    effect, lines = float(logit(0.75) - logit(0.4)), []
    for per_arm in (20, 40, 80):
        alike = size_and_coverage(per_arm, 0.0, replicates, seed)
        other = size_and_coverage(per_arm, effect, replicates, seed)
        lines += [
            f"| {per_arm} | {name} | {alike['rejected'][name]:.1%} | {other['covered'][name]:.1%} | "
            f"{other['rejected'][name]:.1%} | {alike['at zero'][name] + other['at zero'][name]} | "
            f"{alike['no fit'][name] + other['no fit'][name]} |"
            for name in METHODS
        ]
    return PAGE.format(
        replicates=replicates,
        sd=SD,
        formula=FORMULA,
        effect=np.exp(effect),
        difference=risk_difference(effect),
        error=(ALPHA * (1 - ALPHA) / replicates) ** 0.5,
        lines="\n".join(lines),
    )


if __name__ == "__main__":
    write_page(page, 1000)
