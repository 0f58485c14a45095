"""Print how far the package is from each reference result: ``python -m tests.reference.deviations``."""

from __future__ import annotations

import sys

import numpy as np

from coxa.estimates import contrasts, marginal_means
from coxa.models import Fit, fit_ancova
from coxa.selftest.rows import VISITS
from tests.reference.cases import KEYS, fitted
from tests.reference.lmm_cases import in_r_order as lmm_in_r_order
from tests.reference.test_models_lmm_reference import INDEPENDENT, SERIAL
from tests.reference.test_models_lmm_reference import fitted as lmm_fitted
from tests.reference.trial import in_r_order, reference, trial


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
    pairs = contrasts(fit, against="pairwise").frame
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
        rows = contrasts(fit_ancova("change ~ baseline + arm + site + sex", trial(), at_visit=visit)).frame
        for name, key in (("estimate", "estimate"), ("std_error", "c_se"), ("conf_low", "lower"), ("p_value", "p")):
            found[name] = max(found.get(name, 0.0), relative(rows[name], r[key]))
    return found


def lmm_deviations(name: str) -> dict[str, float]:
    """Return the largest deviation of one fit with random effects, by what is compared."""
    r, fit = reference("lmm_r")[name], lmm_fitted(name)
    effects = np.abs(lmm_in_r_order(fit.params, name) - r["estimate"]) / np.array(r["se"])
    satterthwaite = r.get("df_satterthwaite", r.get("df_satterthwaite_numeric"))
    found = {
        "log-likelihood": relative(fit.loglik, r["loglik"]),
        "effects / SE": float(effects.max()),
        "SE": relative(lmm_in_r_order(fit.std_error, name), r["se"]),
        "df, Satterthwaite": relative(lmm_in_r_order(fit.df, name), satterthwaite),
    }
    if "df_kr" in r:
        adjusted = lmm_fitted(name, "kenward-roger")
        found["SE, Kenward-Roger"] = relative(lmm_in_r_order(adjusted.std_error, name), r["se_kr"])
        found["df, Kenward-Roger"] = relative(lmm_in_r_order(adjusted.df, name), r["df_kr"])
    return found


def print_largest(of: str, each: list[dict[str, float]]) -> None:
    """Print the largest deviation of several fits, by what is compared."""
    for name in dict.fromkeys(name for found in each for name in found):
        largest = max(found[name] for found in each if name in found)
        sys.stdout.write(f"{of:34} {name:18} {largest:.0e}\n")


if __name__ == "__main__":
    every = {key: mmrm_deviations(key) for key in KEYS}
    for key, found in every.items():
        sys.stdout.write(f"{key:34} {max(found.values()):.0e}\n")
    print_largest(f"all {len(KEYS)} fits", list(every.values()))
    print_largest("ancova", [ancova_deviations()])
    print_largest(f"{len(INDEPENDENT)} fits with random effects", [lmm_deviations(name) for name in INDEPENDENT])
    print_largest(f"{len(SERIAL)} with correlated residuals", [lmm_deviations(name) for name in SERIAL])
