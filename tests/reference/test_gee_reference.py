"""Generalised estimating equations against geepack, gee, statsmodels and SAS's numbers on CAMIS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.genmod.cov_struct import Exchangeable, Independence

from coxa.estimates import marginal_effects
from coxa.models import fit_gee
from tests.reference.gee_cases import epil, fitted, in_order_of, respiratory
from tests.reference.tolerances import GEE_ITERATED, SECOND_GLM

HERE = Path(__file__).parent
R = json.loads((HERE / "gee_r.json").read_text(encoding="utf-8"))
SMALL = json.loads((HERE / "gee_small_sample.json").read_text(encoding="utf-8"))
KEYS = [key for key in R if key not in ("meta", "standardised")]


@pytest.mark.parametrize("key", KEYS)
def test_coefficients_errors_correlation_and_scale_are_those_of_r(key: str) -> None:
    """Four working correlations on yes-or-no outcomes, counts, rates and measurements, with and without gaps."""
    wanted, fit = R[key], fitted(key)
    place = in_order_of(fit, wanted["names"])
    error = fit.std_error.to_numpy()[place]
    assert fit.n_observations == wanted["n"]
    assert fit.params.to_numpy()[place] / error == pytest.approx(np.array(wanted["beta"]) / error, abs=GEE_ITERATED)
    assert error == pytest.approx(np.array(wanted["se"]), rel=GEE_ITERATED)
    model = np.sqrt(np.diag(fit.model_covariance))[place]
    assert model == pytest.approx(np.array(wanted["model_se"]), rel=GEE_ITERATED)
    assert fit.scale == pytest.approx(wanted["scale"], rel=GEE_ITERATED)
    if fit.structure != "independence":
        assert fit.alpha.to_numpy() == pytest.approx(np.atleast_1d(wanted["alpha"]), abs=GEE_ITERATED)


def seizures(**options: Any) -> Any:
    rows = epil().assign(p4=np.where(epil()["period"] == 4, "yes", "no"), quarter=np.log(epil()["base"] / 4))
    formula = "y ~ trt * p4 + quarter + log(age)"
    return fit_gee(formula, rows, family="poisson", working="exchangeable", vcov="LZ", **options)


def test_the_estimator_of_alpha_is_named() -> None:
    """geepack prints .40420 on epil, SAS's moments (and statsmodels) give .40071; coefficients follow.

    geepack stopped by default here, at a change of 1e-4.
    """
    geepack, sas = seizures(), seizures(alpha="sas")
    assert geepack.alpha["alpha"] == pytest.approx(0.404197279039771, abs=1e-6)
    assert geepack.params["Intercept"] == pytest.approx(-2.38034177941286, abs=1e-6)
    assert sas.alpha["alpha"] == pytest.approx(0.40071, abs=5e-6)
    assert sas.params["Intercept"] == pytest.approx(-2.379957, abs=5e-7)


@pytest.mark.parametrize("key", ["full_exch", "full_ind", "d24_exch", "d24_ind"])
@pytest.mark.parametrize("vcov", ["LZ", "KC", "MD", "FG"])
def test_sandwiches_of_111_and_24_clusters(key: str, vcov: str) -> None:
    """The formulas of the papers on rows, with matrices of the size of a cluster, evaluated in R."""
    wanted, rows = SMALL[key], respiratory()
    rows = rows if key.startswith("full") else rows[rows["participant_id"].isin(SMALL["meta"]["d24_pid"])]
    fit = fit_gee(wanted["formula"], rows, working=wanted["corstr"], vcov=vcov)  # type: ignore[arg-type]
    assert fit.n_clusters == wanted["n_clusters"]
    assert fit.std_error.to_numpy() == pytest.approx(np.array(wanted[f"se_{vcov}"]), rel=GEE_ITERATED)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("structure", [Independence, Exchangeable])
def test_statsmodels_gives_the_same_where_its_alpha_is_the_same(family: str, structure: Any) -> None:
    """The plain sandwich, and Mancl and DeRouen's under the name of bias_reduced."""
    key = {"binomial": "resp_gaps", "poisson": "epil"}[family]
    working = structure.__name__.lower()
    for vcov, word in (("LZ", "robust"), ("MD", "bias_reduced")):
        fit = fitted(f"gee_{key}_{working}", vcov=vcov)
        kind = {"binomial": sm.families.Binomial(), "poisson": sm.families.Poisson()}[family]
        second = sm.GEE(fit.design.y, fit.design.x, fit.cluster, family=kind, cov_struct=structure()).fit(
            maxiter=500, ctol=1e-11, params_niter=1, cov_type=word
        )
        assert fit.params.to_numpy() == pytest.approx(second.params, rel=SECOND_GLM)
        assert fit.std_error.to_numpy() == pytest.approx(second.bse, rel=1e-8)
        if working == "exchangeable":
            assert fit.alpha["alpha"] == pytest.approx(second.cov_struct.dep_params, abs=1e-9)


CAMIS = {
    "1": (2.25420168067227, 0.890474151026804, 1.03930689593288, 4.8892442040275, 0.0396321886626943),
    "2": (3.7784090909091, 1.52472624540889, 1.71323929234203, 8.33297212016915, 0.000987258486800658),
    "3": (3.1, 1.251675799755, 1.40499611094116, 6.83987658411565, 0.00507678910986414),
    "4": (2.01142857142857, 0.776870060163865, 0.943510492543662, 4.28807621105704, 0.0703871808558494),
}
"""Odds ratio, its error, limits, p: CAMIS's respiratory trial, where SAS PROC GEE, geepack and emmeans agree."""


@pytest.mark.parametrize("working", ["independence", "exchangeable", "ar1", "unstructured"])
def test_odds_ratios_at_each_visit_are_those_of_sas_and_emmeans(working: str) -> None:
    rows = respiratory().assign(visit=respiratory()["visit"].astype(str))
    fit = fit_gee("outcome ~ treat * visit", rows, working=working, vcov="LZ", ddf="normal")
    found = marginal_effects(fit, "treat").only(term="odds_ratio").frame.set_index("visit")
    for visit, (ratio, error, low, high, p) in CAMIS.items():
        row = found.loc[visit]
        assert row["estimate"] == pytest.approx(ratio, rel=1e-10)
        assert row["estimate"] * row["std_error"] == pytest.approx(error, rel=1e-10)
        assert row[["conf_low", "conf_high"]].tolist() == pytest.approx([low, high], rel=1e-10)
        assert row["p_value"] == pytest.approx(p, rel=1e-9)


def test_standardised_risks_and_their_errors_are_those_of_numerical_derivatives_in_r() -> None:
    rows = respiratory().assign(visit=respiratory()["visit"].astype(str))
    fit = fit_gee("outcome ~ treat * visit + baseline + age + center", rows, working="exchangeable", vcov="LZ")
    found = marginal_effects(fit, "treat").frame
    kinds = ["risk_difference", "risk_ratio", "odds_ratio"]
    ordered = pd.concat([found[found["term"] == "risk"], *(found[found["term"] == kind] for kind in kinds)])
    ratios = ordered["term"].isin(["risk_ratio", "odds_ratio"])
    estimates = np.where(ratios, np.log(ordered["estimate"].where(ratios, 1.0)), ordered["estimate"])
    assert estimates == pytest.approx(np.array(R["standardised"]["estimate"]), abs=1e-9)
    assert ordered["std_error"].to_numpy() == pytest.approx(np.array(R["standardised"]["se"]), rel=1e-8)
