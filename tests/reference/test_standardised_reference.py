"""Standardised risks against RobinCar2, SAS and a second engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit

from coxa.estimates import standardised_means, standardised_risks
from coxa.models import fit_glm
from coxa.selftest import rows as selftest
from tests.reference.tolerances import SAS_GE_MACRO, SAS_MARGINS, SECOND_GLM, SIX_DIGITS
from tests.simulation.binary_size import adjusted

HERE = Path(__file__).parent / "binary"
ARMS = ["pbo", "trt1", "trt2"]

MEANS = [
    ("y_b ~ treatment * s1", "binomial", [0.366007, 0.580984, 0.610154], [0.033864, 0.035027, 0.034472]),
    ("y_b ~ treatment + s1", "gaussian", [0.366010, 0.580976, 0.610163], [0.033864, 0.035027, 0.034473]),
    ("y_b ~ treatment * s1 + covar", "binomial", [0.356097, 0.580696, 0.621386], [0.033599, 0.034418, 0.034019]),
    ("y ~ treatment * s1 + covar", "gaussian", [0.200321, 0.763971, 0.971250], [0.067690, 0.075929, 0.076543]),
]
"""RobinCar2 43ba7c16, tests/testthat/_snaps: robin_glm.md (the second is without `family`, so gaussian),
predict_counterfactual.md."""

COVARIANCE = [
    [1.128902e-03, 1.856234e-05, 1.333885e-05],
    [1.856234e-05, 1.184599e-03, 2.178112e-05],
    [1.333885e-05, 2.178112e-05, 1.157268e-03],
]
"""The same, variance.md, vcovG of the third model: alike for `treatment ~ 1`, `~ s1` and `~ pb(s1)`."""

HC3 = [
    [1.106024e-03, 4.523445e-07, -9.709004e-06],
    [4.523445e-07, 1.164889e-03, -7.709031e-07],
    [-9.709004e-06, -7.709031e-07, 1.170214e-03],
]
"""The same, vcovHC of the third model."""

PAIRS = [
    ("pbo", {"estimate": 0.77093, "std_error": 0.10133, "p_value": 2.779e-14}),
    ("trt1", {"estimate": 0.20728, "std_error": 0.10683, "p_value": 0.05235}),
]
"""treatment_effect.md: `trt2` in the linear model."""

CONTRASTS = [
    ("y_b ~ treatment * s1", "binomial", "risk_difference", [0.214978, 0.244147], [0.048633, 0.048244]),
    ("y_b ~ treatment * s1", "binomial", "risk_ratio", [0.462072, 0.511059], [0.110251, 0.108251]),
    ("y_b ~ treatment + s1", "gaussian", "difference", [0.214966, 0.244153], [0.048633, 0.048244]),
]


@pytest.fixture(scope="module")
def robin() -> pd.DataFrame:
    return pd.read_csv(HERE / "robincar2_glm_data.csv")


@pytest.fixture(scope="module")
def trial01() -> pd.DataFrame:
    return selftest.trial01()


@pytest.mark.parametrize(("formula", "family", "means", "errors"), MEANS)
def test_means_of_robincar2(robin: pd.DataFrame, formula: str, family: str, means: list, errors: list) -> None:
    found = standardised_means(fit_glm(formula, robin, family=family), robin, "treatment")  # type: ignore[arg-type]
    assert found.arms == tuple(ARMS)
    assert found.means == pytest.approx(means, abs=SIX_DIGITS)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(errors, abs=SIX_DIGITS)


@pytest.mark.parametrize(("scheme", "strata"), [("simple", ()), ("pb", ["s1"]), ("bc", ["s1"]), ("ps", ["s1"])])
def test_covariance_of_robincar2(robin: pd.DataFrame, scheme: str, strata: list) -> None:
    fit = fit_glm("y_b ~ treatment * s1 + covar", robin)
    found = standardised_means(fit, robin, "treatment", scheme=scheme, strata=strata)  # type: ignore[arg-type]
    assert found.covariance == pytest.approx(np.array(COVARIANCE), rel=SIX_DIGITS)
    assert found.warning == ""


def test_covariance_by_hc3_of_robincar2(robin: pd.DataFrame) -> None:
    found = standardised_means(fit_glm("y_b ~ treatment * s1 + covar", robin), robin, "treatment", variance="hc3")
    spread = np.sqrt(np.outer(np.diag(HC3), np.diag(HC3)))
    assert found.covariance / spread == pytest.approx(np.array(HC3) / spread, abs=SIX_DIGITS)


@pytest.mark.parametrize(("against", "numbers"), PAIRS)
def test_all_pairs_of_robincar2(robin: pd.DataFrame, against: str, numbers: dict) -> None:
    fit = fit_glm("y ~ treatment * s1 + covar", robin, family="gaussian")
    rows = standardised_risks(fit, robin, "treatment", against).only(term="difference", arm="trt2").frame.iloc[0]
    for column, value in numbers.items():
        printed = {"rel": 3e-4} if column == "p_value" else {"abs": 10 * SIX_DIGITS}
        assert rows[column] == pytest.approx(value, **printed)


@pytest.mark.parametrize(("formula", "family", "term", "estimates", "errors"), CONTRASTS)
def test_contrasts_of_robincar2(
    robin: pd.DataFrame, formula: str, family: str, term: str, estimates: list, errors: list
) -> None:
    fit = fit_glm(formula, robin, family=family)  # type: ignore[arg-type]
    rows = standardised_risks(fit, robin, "treatment").only(term=term).frame
    shown = np.log(rows["estimate"]) if term == "risk_ratio" else rows["estimate"]
    assert shown.to_numpy() == pytest.approx(estimates, abs=SIX_DIGITS)
    assert rows["std_error"].to_numpy() == pytest.approx(errors, abs=SIX_DIGITS)


def test_limits_and_p_of_robincar2(robin: pd.DataFrame) -> None:
    """treatment_effect.md, and confint of it."""
    fit = fit_glm("y_b ~ treatment * s1 + covar", robin)
    rows = standardised_risks(fit, robin, "treatment").only(term="risk_difference").frame
    assert rows[["estimate", "conf_low", "conf_high"]].to_numpy() == pytest.approx(
        np.array([[0.22459921, 0.1310866, 0.3181118], [0.26528993, 0.1721248, 0.3584551]]), abs=6e-8
    )
    assert rows["p_value"].to_numpy() == pytest.approx([2.508e-06, 2.391e-08], rel=3e-4)


def test_sas_margins(trial01: pd.DataFrame) -> None:
    """beeca 4b72c14a, inst/extdata/margins_trt_diffs.sas7bdat."""
    fit = fit_glm("aval ~ trtp + bl_cov", trial01)
    row = standardised_risks(fit, trial01, "trtp", variance="ge").only(term="risk_difference").frame.iloc[0]
    assert (row["estimate"], row["std_error"]) == pytest.approx(
        (-0.06836398780294617, 0.060716413398266916), abs=SAS_MARGINS
    )


def test_ge_macro(trial01: pd.DataFrame) -> None:
    """beeca 4b72c14a, inst/extdata: the macro of Ge and others, whose maximum is less sharp than that of %Margins."""
    fit = fit_glm("aval ~ trtp + bl_cov", trial01)
    row = standardised_risks(fit, trial01, "trtp", variance="ge").only(term="risk_difference").frame.iloc[0]
    assert (row["estimate"], row["std_error"]) == pytest.approx(
        (-0.06836377391610096, 0.06071641773987569), abs=SAS_GE_MACRO
    )


def second(rows: pd.DataFrame, family: str) -> tuple[sm.GLM, np.ndarray, np.ndarray]:
    """Return statsmodels' fit, the design, and the outcome of treatment + s1 + covar."""
    codes = pd.Categorical(rows["treatment"]).codes
    x = np.column_stack([np.ones(len(rows)), codes == 1, codes == 2, rows["s1"] == "b", rows["covar"]]).astype(float)
    y = rows[{"binomial": "y_b", "poisson": "visits", "gaussian": "y"}[family]].to_numpy(dtype=float)
    kind = {"binomial": sm.families.Binomial, "poisson": sm.families.Poisson, "gaussian": sm.families.Gaussian}[family]
    return sm.GLM(y, x, family=kind()).fit(tol=1e-14, maxiter=100), x, y


@pytest.mark.parametrize("family", ["binomial", "poisson", "gaussian"])
def test_a_second_engine_and_both_variances_by_hand(robin: pd.DataFrame, family: str) -> None:
    rows = robin.assign(visits=np.floor(np.exp(robin["y"])).clip(0, 30))
    other, x, y = second(rows, family)
    outcome = {"binomial": "y_b", "poisson": "visits", "gaussian": "y"}[family]
    fit = fit_glm(f"{outcome} ~ treatment + s1 + covar", rows, family=family)  # type: ignore[arg-type]
    assert fit.params.to_numpy() == pytest.approx(other.params, rel=SECOND_GLM)
    assert fit.covariance.to_numpy() == pytest.approx(other.cov_params(), rel=1e-7, abs=1e-12)
    likelihood = other.llf if family != "gaussian" else sm.OLS(y, x).fit().llf
    assert fit.loglik == pytest.approx(likelihood, rel=SECOND_GLM)
    inverse = {"binomial": expit, "poisson": np.exp, "gaussian": lambda e: e}[family]
    slope = {"binomial": lambda e: expit(e) * expit(-e), "poisson": np.exp, "gaussian": np.ones_like}[family]
    predicted, gradient = np.empty((len(y), 3)), np.empty((3, 5))
    for arm in range(3):
        put = x.copy()
        put[:, 1:3] = arm == 1, arm == 2
        predicted[:, arm] = inverse(put @ other.params)
        gradient[arm] = (slope(put @ other.params)[:, None] * put).mean(axis=0)
    ge = standardised_means(fit, rows, "treatment", variance="ge")
    assert ge.means == pytest.approx(predicted.mean(axis=0), rel=SECOND_GLM)
    assert ge.covariance == pytest.approx(gradient @ other.cov_params() @ gradient.T, rel=1e-7, abs=1e-14)
    ye = standardised_means(fit, rows, "treatment")
    codes = pd.Categorical(rows["treatment"]).codes
    influence = predicted - predicted.mean(axis=0)
    for arm in range(3):
        influence[:, arm] += (codes == arm) * (y - predicted[:, arm]) / (codes == arm).mean()
    by_influence = influence.T @ influence / len(y) ** 2
    # the n - 1 of each arm, and cross-products that are zero but for chance
    assert np.sqrt(np.diag(ye.covariance)) == pytest.approx(np.sqrt(np.diag(by_influence)), rel=0.01)


def test_a_bootstrap_has_the_variance_of_ye(robin: pd.DataFrame) -> None:
    rng = np.random.default_rng(20261130)
    rows = robin[robin["treatment"] != "trt2"]
    fit = fit_glm("y_b ~ treatment + covar", rows, participant="id")
    row = standardised_risks(fit, rows, "treatment").only(term="risk_difference").frame.iloc[0]
    y, arm = rows["y_b"].to_numpy(dtype=float), (rows["treatment"] == "trt1").to_numpy(dtype=float)
    covariate, none = rows[["covar"]].to_numpy(), np.zeros(len(rows), dtype=int)
    drawn = []
    for _ in range(1000):
        k = rng.integers(len(rows), size=len(rows))
        found = adjusted(y[k], arm[k], covariate[k], none)
        assert found is not None
        drawn.append(found.means[1] - found.means[0])
    assert np.std(drawn) == pytest.approx(row["std_error"], rel=0.07)
