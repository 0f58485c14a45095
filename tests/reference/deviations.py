"""Print how far the package is from each reference result: ``python -m tests.reference.deviations``."""

from __future__ import annotations

import sys

import numpy as np

from coxa.estimates import contrasts, marginal_means
from coxa.models import Fit, fit_ancova
from tests.reference.cases import KEYS, fitted
from tests.reference.trial import VISITS, in_r_order, reference, trial


def relative(got: object, wanted: object) -> float:
    """Return the largest relative deviation."""
    return float(np.abs(np.asarray(got, dtype=float) / np.asarray(wanted, dtype=float) - 1).max())


def covariance_deviation(fit: Fit, wanted: object) -> float:
    """Return the largest relative deviation of the covariance over visits, of all groups."""
    if fit.structure == "sp_exp":  # R gives it for two assessments one week apart
        sd, correlation = fit.covariance_parameters
        return relative([sd**2, sd**2 * correlation], np.asarray(wanted)[0])
    stacked = np.concatenate(list(wanted.values())) if isinstance(wanted, dict) else wanted
    return relative(fit.covariance, stacked)


def mmrm_deviations(key: str) -> dict[str, float]:
    """Return the largest deviation of one reference fit, by what is compared."""
    r, fit = reference("mmrm")[key], fitted(key)
    effects = np.abs(in_r_order(fit.params, r["coef"]) - r["estimate"]) / r["se"]
    tested = fit.joint_test(np.eye(len(fit.params))[list(fit.design.terms["arm:visit"])])
    means = marginal_means(fit).frame.set_index(["visit", "arm"])
    means = means.loc[list(zip(r["emmeans"]["visit"], r["emmeans"]["arm"], strict=True))]
    pairs = contrasts(fit, against=None).frame
    return {
        "-2 log-likelihood": relative(fit.loglik, r["logLik"]),
        "effects / SE": float(effects.max()),
        "SE": relative(in_r_order(fit.std_error, r["coef"]), r["se"]),
        "df": relative(in_r_order(fit.df, r["coef"]), r["df"]),
        "covariance": covariance_deviation(fit, r["varcor"]),
        "means: SE": relative(means["std_error"], r["emmeans"]["SE"]),
        "means: df": relative(means["df"], r["emmeans"]["df"]),
        "pairs: SE": relative(pairs["std_error"], r["contrasts"]["SE"]),
        "pairs: df": relative(pairs["df"], r["contrasts"]["df"]),
        "F": relative(tested.statistic, r["interaction_F"]["f_stat"]),
        "F: df": relative(tested.df_denominator, r["interaction_F"]["denom_df"]),
    }


def ancova_deviations() -> dict[str, float]:
    """Return the largest deviation over the four visits."""
    found: dict[str, float] = {}
    for visit in VISITS:
        r = reference("ancova")[f"ancova_{visit}"]
        rows = contrasts(fit_ancova("change ~ baseline + arm + site + sex", trial(), visit=visit)).frame
        for name, key in (("estimate", "estimate"), ("std_error", "c_se"), ("conf_low", "lower"), ("p_value", "p")):
            found[name] = max(found.get(name, 0.0), relative(rows[name], r[key]))
    return found


if __name__ == "__main__":
    largest: dict[str, float] = {}
    for key in KEYS:
        found = mmrm_deviations(key)
        largest = {name: max(value, largest.get(name, 0.0)) for name, value in found.items()}
        sys.stdout.write(f"{key:34} {max(found.values()):.0e}\n")
    for name, value in largest.items():
        sys.stdout.write(f"{f'all {len(KEYS)} fits':34} {name:18} {value:.0e}\n")
    for name, value in ancova_deviations().items():
        sys.stdout.write(f"{'ancova':34} {name:18} {value:.0e}\n")
