"""Fit one of the trials of benchmarks/lmm.py with one package; print processor time and log-likelihood as JSON.

    python benchmarks/peers_lmm.py <peer> <model> <trial.csv> <repeats> <budget in seconds>

It runs in an environment of its own (COXA_PEERS), and imports nothing of coxa. The first fit is not counted; repeats
end early once the budget is used up.
"""

from __future__ import annotations

import json
import statistics
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from time import perf_counter, process_time

import pandas as pd

LEVELS = {
    "arm": ["usual_care", "exercise"],
    "sex": ["female", "male"],
    "site": ["north", "south", "west"],
}
FIXED = {
    "slopes": "change ~ baseline + arm * week + age + sex + site + baseline:week",
    "therapists": "change ~ baseline + arm * week + age + sex",
}
TEXT = (*LEVELS, "participant_id", "therapist", "clinic")
RANDOM = {
    "slopes": ["(1 + week | participant_id)"],
    "therapists": ["(1 | clinic)", "(1 | therapist)", "(1 | participant_id)"],
}
"""Therapists have names of their own, so that clinic and therapist are the two levels of clinic/therapist."""

Fitted = Callable[[], float]


def whole(model: str) -> str:
    """Return the formula with its random effects."""
    return " + ".join([FIXED[model], *RANDOM[model]])


def glmm(model: str, rows: pd.DataFrame, *, satterthwaite: bool) -> Fitted:
    """Return the fit by glmm."""
    import glmm as package

    return lambda: float(package.fit(rows, whole(model), satterthwaite=satterthwaite).loglik)


def mixedlm(model: str, rows: pd.DataFrame, *, satterthwaite: bool) -> Fitted:
    """Return the fit by mixedlm."""
    import mixedlm as package

    def run() -> float:
        result = package.lmer(whole(model), rows)
        if satterthwaite:
            package.satterthwaite_df(result)
        return float(result.logLik().value)

    return run


def mixedlm_rs(model: str, rows: pd.DataFrame) -> Fitted:
    """Return the fit by mixedlm-rs, which has statsmodels' interface."""
    import mixedlm_rs as package

    assert model == "slopes", "mixedlm-rs has one grouping factor"
    return lambda: float(package.mixedlm(FIXED[model], rows, "participant_id", "~week").fit(reml=True).llf)


def statsmodels(model: str, rows: pd.DataFrame) -> Fitted:
    """Return the fit by statsmodels."""
    import statsmodels.formula.api as package

    assert model == "slopes", "with therapists its blocks are whole clinics"

    def run() -> float:
        made = package.mixedlm(FIXED[model], rows, groups="participant_id", re_formula="~week")
        return float(made.fit(reml=True, method="lbfgs", maxiter=500).llf)

    return run


def lme_python(model: str, rows: pd.DataFrame, *, satterthwaite: bool) -> Fitted:
    """Return the fit by lme-python."""
    import lme_python as package
    import polars

    text = {name: "str" for name in TEXT if name in rows}
    table = polars.DataFrame({name: values.to_list() for name, values in rows.astype(text).items()})
    factors = {name: package.FactorSpec(levels) for name, levels in LEVELS.items() if name in FIXED[model]}

    def run() -> float:
        result = package.lmer(whole(model), table, factors=factors)
        if satterthwaite:
            result.with_satterthwaite(table)
        return float(result.log_likelihood)

    return run


def interlace(model: str, rows: pd.DataFrame) -> Fitted:
    """Return the fit by interlace, which has Satterthwaite's degrees of freedom in every fit."""
    import interlace as package

    return lambda: float(package.fit(FIXED[model], rows, random=RANDOM[model]).llf)


PEERS: dict[str, tuple[str, Callable[[str, pd.DataFrame], Fitted]]] = {
    "glmm, Satterthwaite": ("glmm", lambda model, rows: glmm(model, rows, satterthwaite=True)),
    "glmm (no df)": ("glmm", lambda model, rows: glmm(model, rows, satterthwaite=False)),
    "mixedlm, Satterthwaite": ("mixedlm", lambda model, rows: mixedlm(model, rows, satterthwaite=True)),
    "mixedlm (no df)": ("mixedlm", lambda model, rows: mixedlm(model, rows, satterthwaite=False)),
    "mixedlm-rs (no df)": ("mixedlm-rs", mixedlm_rs),
    "lme-python, Satterthwaite": ("lme-python", lambda model, rows: lme_python(model, rows, satterthwaite=True)),
    "lme-python (no df)": ("lme-python", lambda model, rows: lme_python(model, rows, satterthwaite=False)),
    "interlace-lme, Satterthwaite": ("interlace-lme", interlace),
    "statsmodels MixedLM (no df)": ("statsmodels", statsmodels),
}
"""Name in the table -> distribution, and what prepares a fit."""


def main() -> None:
    """Fit, and print what came of it."""
    peer, model, path, repeats, budget = sys.argv[1:6]
    warnings.simplefilter("ignore")
    rows = pd.read_csv(path)
    for name, levels in LEVELS.items():
        rows[name] = pd.Categorical(rows[name], categories=levels)
    distribution, prepare = PEERS[peer]
    try:
        run = prepare(model, rows)
        times, started = [], perf_counter()
        while len(times) <= int(repeats) and (len(times) < 1 or perf_counter() - started < float(budget)):
            start = process_time()
            loglik = run()
            times.append(process_time() - start)
    except Exception as error:  # whatever a package raises is a line of the table
        print(json.dumps({"failure": f"{type(error).__name__}: {str(error)[:200]}"}))
        return
    seconds = statistics.median(times[1:] or times)
    print(json.dumps({"seconds": seconds, "loglik": loglik, "version": version(distribution)}))


if __name__ == "__main__":
    main()
