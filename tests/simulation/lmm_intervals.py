"""How often the intervals of a therapist's standard deviation and intraclass correlation hold the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.errors import NonConvergenceError
from coxa.models import Fit, fit_lmm, icc
from coxa.models.lmm.predictions import random_part_of
from coxa.models.lmm.variance_functions import parameter_functions
from coxa.models.lmm.variances import limits
from coxa.models.numerics.one_thread import one_thread
from coxa.simulate.bootstrap import bootstrap_fit
from tests.simulation.lmm_trials import COMPOUND, between_sd, partially_nested

FORMULA = "outcome ~ baseline + arm * visit + (1 | therapist) + (1 | participant_id)"
SD, ICC = "sd[therapist: Intercept]", "icc[therapist]"
DRAWS = 100
"""Of a bootstrap; the fewest that are allowed, which costs its intervals about a hundredth of their coverage."""


def interval_coverage(therapists: int, share: float, replicates: int, boots: int, seed: int) -> list[dict[str, object]]:
    """Return for each kind of interval and parameter, in percent, how often it holds the truth and how often it fails.

    Keys: `covered` and its Monte Carlo `error`, `below` and `above` (the whole interval is), `without` (an end was not
    found; such an interval covers nothing), `upper` (median upper end over the truth), `fitted`, `failed`.
    """
    lines, failed = [], 0
    sets = 10
    with one_thread():
        for k in range(0, replicates, sets):
            drawn = partially_nested(therapists, share, sets, f"intervals {k}", seed, COMPOUND)
            for j, values in enumerate(drawn.outcomes[: replicates - k]):
                rows = drawn.rows.assign(outcome=np.where(drawn.rows["outcome"].notna(), values, np.nan))
                try:
                    fit = fit_lmm(FORMULA, rows, partially_nested={"therapist": "arm"})
                except NonConvergenceError:
                    failed += 1
                    continue
                lines += intervals_of(fit, k + j, bootstrap=k + j < boots)
    truth = {SD: between_sd(share, COMPOUND[-1, -1]), ICC: share}
    table = pd.DataFrame(lines, columns=["method", "name", "low", "high"])
    table["truth"] = table["name"].map(truth)
    return [
        {"therapists": therapists, "icc": share, "method": method, "name": name, **held(each), "failed": failed}
        for (name, method), each in table.groupby(["name", "method"], sort=False)
    ]


def intervals_of(fit: Fit, seed: int, *, bootstrap: bool) -> list[tuple[str, str, float, float]]:
    """Return method, name and ends of the intervals of one fit."""
    part = random_part_of(fit)
    function = parameter_functions(fit, part)[SD]
    found = []
    for method in ("profile", "wald"):
        low, high = limits(part, function, float(fit.covariance_parameters[SD]), False, method, 0.95)
        share = icc(fit, "therapist", method=method).iloc[0]
        found += [(method, SD, low, high), (method, ICC, share["conf_low"], share["conf_high"])]
    if bootstrap:
        table = bootstrap_fit(fit, replicates=DRAWS, seed=seed).intervals().set_index("name")
        found += [("bootstrap", name, *table.loc[name, ["conf_low", "conf_high"]]) for name in (SD, ICC)]
    return found


def held(table: pd.DataFrame) -> dict[str, float | int]:
    """Return what share of intervals is where, in percent."""
    low, high, truth = table["low"], table["high"], table["truth"]
    covered = float(((low <= truth) & (high >= truth)).mean())
    return {
        "covered": 100 * covered,
        "error": 100 * float(np.sqrt(covered * (1 - covered) / len(table))),
        "below": 100 * float((high < truth).mean()),
        "above": 100 * float((low > truth).mean()),
        "without": 100 * float((low.isna() | high.isna()).mean()),
        "upper": float((high / truth).median()),
        "fitted": len(table),
    }
