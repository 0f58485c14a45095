"""Textbook examples of SAS PROC MIXED, and the three Kenward-Roger answers to one model.

The data are not in the repository; see test_models_trials.py for where they are looked for.

- sas_mixed_textbook/weights_strength.csv: strength training, 57 participants at 7 times, data set 3.2(a) of Littell,
  Milliken, Stroup & Wolfinger, SAS System for Mixed Models (1996), from the R package SASmixed.
- sas_mixed_textbook/orthodont.csv: 27 children at 4 ages (Potthoff & Roy, Biometrika 1964, 51:313-326), from the R
  package nlme; printed results: SAS documentation of PROC MIXED, example "Repeated Measures".
- mmrm_fev/fev_data.csv: the example data of the R package mmrm.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from coxa.models import Fit, fit_lmm, fit_mmrm
from tests.realdata.test_models_trials import DATA, printed

TEXTBOOK = DATA / "sas_mixed_textbook"
FEV = DATA / "mmrm_fev" / "fev_data.csv"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not TEXTBOOK.is_dir(), reason=f"no real trials in {DATA.name} (set COXA_REALDATA)"),
]

R_PRINTED = 5e-7
"""Half a unit of the last digit of what R printed with six decimals."""


# -- strength training -------------------------------------------------------------------------------------------------


def strength(covariance: str) -> Fit:
    data = pd.read_csv(TEXTBOOK / "weights_strength.csv")
    data = data.assign(Time=data["Time"].astype(int))
    formula = "strength ~ Program * Time"
    return fit_mmrm(formula, data, participant="Subj", visit="Time", covariance=covariance, ddf="between-within")


def averaged(fit: Fit, factor: str, *, by_size: bool = False) -> np.ndarray:
    """Return differences of a factor's means; programs averaged alike (SAS type 3), or by their size (type 1)."""
    cells = pd.DataFrame(product(fit.design.levels["Program"], fit.design.levels["Time"]), columns=["Program", "Time"])
    rows, size = fit.design.rows(cells), cells["Program"].map(fit.design.frame["Program"].value_counts())
    weights = size if by_size else size**0
    here = [(cells[factor] == level).to_numpy() for level in fit.design.levels[factor]]
    means = np.array([np.average(rows[cell], axis=0, weights=weights[cell]) for cell in here])
    return means[1:] - means[0]


def test_compound_symmetry_of_strength() -> None:
    """-2 RLL 1420.8; subject variance 9.60, residual 1.197; F 3.07, 7.37 (type 1), 2.99 on 54, 324 and 324 df."""
    fit = strength("CS")
    assert printed(-2 * fit.loglik, 1) == "1420.8"
    covariance = fit.covariance.to_numpy()
    assert (printed(covariance[0, 1], 2), printed(covariance[0, 0] - covariance[0, 1], 3)) == ("9.60", "1.197")
    program, time = fit.joint_test(averaged(fit, "Program")), fit.joint_test(averaged(fit, "Time", by_size=True))
    both = fit.joint_test(np.eye(len(fit.params))[list(fit.design.terms["Program:Time"])])
    assert [printed(tested.statistic, 2) for tested in (program, time, both)] == ["3.07", "7.37", "2.99"]
    assert printed(fit.joint_test(averaged(fit, "Time")).statistic, 2) == "7.43"  # all programs alike
    assert (program.df, program.df_denominator) == (2, 54)
    assert (both.df, both.df_denominator) == (12, 324)


def test_autoregression_of_strength() -> None:
    """Book: -2 RLL 1266.8, rho .9518, variance 10.76."""
    fit = strength("AR(1)")
    assert printed(-2 * fit.loglik, 1) == "1266.8"
    parameters = fit.covariance_parameters
    assert printed(parameters["correlation[neighbouring visits]"], 4) == "0.9518"
    assert printed(parameters["sd"] ** 2, 2) == "10.76"


# -- growth of children ------------------------------------------------------------------------------------------------


def growth(covariance: str) -> Fit:
    data = pd.read_csv(TEXTBOOK / "orthodont.csv")
    data = data.assign(visit=data["age"].astype(int), girl=(data["Sex"] == "Female").astype(float))
    formula = "distance ~ girl + age + girl:age"
    return fit_mmrm(formula, data, participant="Subject", visit="visit", covariance=covariance, reml=False)


def test_unstructured_covariance_of_growth() -> None:
    """SAS: -2 LL 419.5, AIC 447.5; intercept 15.8423, girls 1.5831, age 0.8268, girls by age -0.3504."""
    fit = growth("UN")
    assert printed(-2 * fit.loglik, 3) == "419.477"
    assert printed(fit.criteria["aic"], 1) == "447.5"
    wanted = {"Intercept": "15.8423", "girl": "1.5831", "age": "0.8268", "girl:age": "-0.3504"}
    assert {name: printed(value, 4) for name, value in fit.params.items()} == wanted


def test_compound_symmetry_of_growth() -> None:
    assert printed(-2 * growth("CS").loglik, 1) == "428.6"


# -- one likelihood, three Kenward-Roger answers -----------------------------------------------------------------------


def lung_function(ddf: str) -> Fit:
    data = pd.read_csv(FEV)
    formula = "FEV1 ~ RACE + SEX + ARMCD * AVISIT"
    return fit_mmrm(formula, data, participant="USUBJID", visit="AVISIT", covariance="cs", ddf=ddf)


@pytest.mark.parametrize(("ddf", "std_error"), [("kenward-roger", 1.150772), ("kenward-roger-linear", 1.151778)])
def test_kenward_roger_as_mmrm_prints_it(ddf: str, std_error: float) -> None:
    fit = lung_function(ddf)
    assert fit.std_error["ARMCD[TRT]"] == pytest.approx(std_error, abs=R_PRINTED)
    assert printed(fit.df["ARMCD[TRT]"], 3) == "518.714"


def test_kenward_roger_as_pbkrtest_prints_it() -> None:
    """SE 1.151803 and df 518.543: by the expected information of the variances of intercept and residual."""
    formula = "FEV1 ~ RACE + SEX + ARMCD * AVISIT + (1 | USUBJID)"
    fit = fit_lmm(formula, pd.read_csv(FEV), visit="AVISIT", ddf="kenward-roger")
    assert fit.std_error["ARMCD[TRT]"] == pytest.approx(1.151803, abs=R_PRINTED)
    assert printed(fit.df["ARMCD[TRT]"], 3) == "518.543"
