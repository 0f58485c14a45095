"""Meta-analysis against metafor and clubSandwich: `meta/meta_r.R` says how its numbers were made."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.meta import (
    count_effects,
    egger_test,
    leave_one_out,
    mantel_haenszel,
    mean_differences,
    peto,
    pool_effects,
    pool_levels,
    standardised_mean_differences,
    trial_influence,
    trim_and_fill,
)
from coxa.meta.heterogeneity import many_q

FOLDER = Path(__file__).parent / "meta"
CLOSE = 1e-8
"""Relative; the optimum is found by the root of a score on both sides."""
STOPPED = 2e-4
"""Of tau² where metafor stopped at a change of 1e-5: the likelihood is flat there."""
METHODS = {"FE": "fixed", "DL": "dersimonian-laird", "REML": "reml", "ML": "ml", "PM": "paule-mandel",
           "SJ": "sidik-jonkman", "EB": "empirical-bayes", "HE": "hedges"}  # fmt: skip
TESTS = {"z": "z", "t": "t", "knha": "hartung-knapp-plain", "adhoc": "hartung-knapp"}


@cache
def reference() -> dict[str, Any]:
    return json.loads((FOLDER / "meta_r.json").read_text(encoding="utf-8"))


@cache
def counts() -> list[list[int]]:
    return [reference()["bcg"][name] for name in ("events", "n", "events_reference", "n_reference")]


def away(ours: Any, theirs: Any) -> float:
    """Return the largest relative distance; below 0.001 it is absolute, of 0.001."""
    a, b = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(b), 1e-3)))


@pytest.mark.parametrize("key", reference()["fits"])
def test_a_fit_is_that_of_metafor(key: str) -> None:
    told, parts = reference()["fits"][key], key.split("_")
    with_latitude = parts[-1] == "ablat"
    if parts[0] in ("OR", "RD"):
        fit = pool_effects(count_effects(*counts(), measure=parts[0].lower()), test="hartung-knapp-plain")
    else:
        latitude = pd.DataFrame({"latitude": reference()["bcg"]["latitude"]}) if with_latitude else None
        fit = pool_effects(
            count_effects(*counts()), method=METHODS[parts[0]], test=TESTS[parts[1]], moderators=latitude,
            prediction="normal" if parts[1] == "z" else "k-1",
        )  # fmt: skip
    ours = {
        "beta": fit.coefficients, "se": fit.std_errors, "pval": fit.p_values, "ci_lb": fit.conf_int[:, 0],
        "ci_ub": fit.conf_int[:, 1], "tau2": fit.tau2, "se_tau2": fit.tau2_std_error, "I2": 100 * fit.i2, "H2": fit.h2,
        "Q": fit.q, "Qp": fit.q_p_value, "R2": 100 * fit.r2, "pi_lb": fit.prediction_interval[0],
        "pi_ub": fit.prediction_interval[1], "tau2_ci": fit.tau2_interval,
    }  # fmt: skip
    if with_latitude:
        ours |= {"QM": fit.moderators_statistic, "QMp": fit.moderators_p_value}
    compared = [name for name in ours if told.get(name) not in (None, [], {})]
    assert len(compared) >= 10
    assert {name: away(ours[name], told[name]) for name in compared if away(ours[name], told[name]) > CLOSE} == {}


def test_the_180_cases_of_small_samples() -> None:
    """At metafor's tau² all numbers are equal; where it stopped early or at a lower peak, ours is the larger one."""
    held = json.loads((FOLDER / "metafor_small_samples.json").read_text(encoding="utf-8"))
    columns, n, lower = held["columns"], 0, set()
    for row in held["cases"]:
        case = dict(zip(columns, row, strict=True))
        data = held["designs"][case["design"]]
        names = {"intercept": [], "one": ["mod1"], "two": ["mod1", "mod2"]}[case["model"]]
        options = {
            "moderators": pd.DataFrame({name: data[name] for name in names}) if names else None,
            "method": METHODS[case["method"]], "test": TESTS[case["test"]],
        }  # fmt: skip
        own = pool_effects(data["y"], data["v"], **options)
        fit = pool_effects(data["y"], data["v"], **options, tau2=case["tau2"])
        limits = fit.conf_int
        ours = (fit.coefficients, fit.std_errors, fit.p_values, limits[:, 0], limits[:, 1])
        theirs = [case[name] for name in ("beta", "se", "pval", "ci_lb", "ci_ub")]
        assert max(away(a, b) for a, b in zip(ours, theirs, strict=True)) < CLOSE, case
        if away(own.tau2, case["tau2"]) > (STOPPED if case["method"] in ("ML", "REML") else CLOSE):
            lower.add((case["design"], case["model"], case["method"]))
        if case["method"] in ("ML", "REML"):
            both = np.array([own.tau2, case["tau2"]])
            q, information, spread = many_q(own.y, own.x, own.v, both)
            deviance = q + spread + (information if case["method"] == "REML" else 0)
            assert deviance[0] <= deviance[1] + 1e-10, case
        n += 1
    assert (n, lower) == (180, {("extreme_k10", "one", "ML")})


@pytest.mark.parametrize("measure", ["rr", "or", "rd"])
def test_effects_of_counts(measure: str) -> None:
    told, found = reference()["effects"][measure], count_effects(*counts(), measure=measure)
    assert max(away(found.estimate, told["yi"]), away(found.variance, told["vi"])) < CLOSE
    common, together = mantel_haenszel(*counts(), measure=measure), reference()["mantel_haenszel"][measure]
    assert max(away(common.estimate, together["beta"]), away(common.std_error, together["se"])) < CLOSE


@pytest.mark.parametrize("measure", ["rr", "or", "rd"])
def test_zero_cells(measure: str) -> None:
    told = reference()["zero"][measure]
    found = count_effects([0, 3, 0, 20, 5], [20, 20, 30, 20, 20], [3, 5, 0, 20, 0], 20 + np.array([0, 0, 10, 0, 0]),
                          measure=measure)  # fmt: skip
    kept = np.array([True, True, measure == "rd", measure == "rd", True])
    assert np.isnan(found.estimate).tolist() == (~kept).tolist()
    assert away(found.estimate[kept], np.array(told["yi"])[kept]) < CLOSE
    assert away(found.variance[kept], np.array(told["vi"])[kept]) < CLOSE


def test_peto() -> None:
    found, told = peto(*counts()), reference()["peto"]
    assert max(away(found.estimate, told["beta"]), away(found.std_error, told["se"])) < CLOSE


@pytest.mark.parametrize(("key", "effects"), [("SMD", standardised_mean_differences), ("MD", mean_differences)])
def test_effects_of_means(key: str, effects: Any) -> None:
    data = reference()["normand"]
    found = effects(*(data[name] for name in ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")))
    assert max(away(found.estimate, data[key]["yi"]), away(found.variance, data[key]["vi"])) < CLOSE
    fit, told = pool_effects(found, test="hartung-knapp-plain"), data[key]["fit"]
    assert max(away(fit.estimate, told["beta"]), away(fit.tau2, told["tau2"]), away(fit.std_error, told["se"])) < CLOSE


@pytest.mark.parametrize("key", ["reml", "ml", "reml_year", "reml_rho"])
def test_three_levels(key: str) -> None:
    data, told = reference()["schools"], reference()["three_level"][key]
    found = pool_levels(
        data["yi"], data["vi"], list(map(str, data["district"])),
        method="ml" if key == "ml" else "reml", correlation=0.5 if key == "reml_rho" else 0.0,
        moderators=pd.DataFrame({"year": np.array(data["year"]) - 1990}) if key == "reml_year" else None,
    )  # fmt: skip
    assert found.log_likelihood == pytest.approx(told["logLik"], abs=1e-10)
    assert away([found.between, found.within], told["sigma2"]) < 1e-6  # newuoa stops where the likelihood is flat
    assert away(found.coefficients, told["beta"]) < CLOSE
    assert away(found.std_errors, told["se"]) < 1e-7
    assert away(found.robust_errors, told["robust_se"]) < CLOSE
    assert away(found.robust_df, told["robust_df"]) < CLOSE
    assert away(found.p_values, told["robust_p"]) < CLOSE


def test_small_studies() -> None:
    fit, told = pool_effects(count_effects(*counts()), test="z"), reference()
    found = egger_test(fit.y, fit.v)
    line = told["egger"]["lm"]
    assert away([found.statistic, found.p_value, found.limit], [line["t"], line["p"], line["limit"]]) < CLOSE
    assert trim_and_fill(fit).side == told["trimfill"]["side"]
    for side in ("left", "right"):
        filled, there = trim_and_fill(fit, side), told["trimfill"][side]
        assert filled.k0 == there["k0"]
        assert away(filled.pooled.estimate, there["beta"]) < 1e-7  # it pools again with its own tolerance
        assert away(filled.pooled.std_error, there["se"]) < 1e-6


def test_influence() -> None:
    fit, told = pool_effects(count_effects(*counts()), test="z"), reference()
    single = leave_one_out(fit)
    names = {"estimate": "estimate", "std_error": "se", "tau2": "tau2", "q": "Q"}
    assert max(away(single[ours], told["leave1out"][theirs]) for ours, theirs in names.items()) < CLOSE
    found = trial_influence(fit)
    names = {"rstudent": "rstudent", "cooks_distance": "cook", "weight": "hat", "dffits": "dffits"}
    assert max(away(found[ours], told["influence"][theirs]) for ours, theirs in names.items()) < CLOSE
    assert away(found["heterogeneity"], told["baujat"]["x"]) < CLOSE
    assert away(found["influence"], told["baujat"]["y"]) < CLOSE
