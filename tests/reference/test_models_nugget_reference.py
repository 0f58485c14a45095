"""Correlation over continuous time, with and without a nugget, against nlme (`nugget_r.json`, by `nugget_r.R`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.models import fit_lmm, fit_mmrm
from tests.reference.make_nugget_diary import nugget_diary
from tests.reference.tolerances import NLME_EFFECT, NLME_LOGLIK, NLME_SE, NLME_SHAPE

HERE = Path(__file__).parent
REFERENCE: dict[str, dict[str, Any]] = json.loads((HERE / "nugget_r.json").read_text(encoding="utf-8"))
CASES = [name for name in REFERENCE if name != "meta"]


def diary() -> pd.DataFrame:
    rows = pd.read_csv(HERE / "nugget_diary.csv")
    rows["arm"] = pd.Categorical(rows["arm"], ["usual_care", "exercise"])
    return rows.assign(visit=rows.groupby("participant_id").cumcount())


def test_the_diary_is_the_one_that_is_drawn() -> None:
    pd.testing.assert_frame_equal(pd.read_csv(HERE / "nugget_diary.csv"), nugget_diary(), rtol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_the_optimum_is_that_of_nlme(case: str) -> None:
    wanted, rows = REFERENCE[case], diary()
    structure = "sp_exp_nugget" if wanted["nugget"] else "sp_exp"
    reml = wanted["method"] == "REML"
    if wanted["random"]:
        formula = "pain ~ arm * day + (1 | participant_id)"
        fit = fit_lmm(formula, rows, covariance=structure, time="day", reml=reml)
    else:
        fit = fit_mmrm("pain ~ arm * day", rows[rows["visit"] < 12], covariance=structure, time="day", reml=reml)
    assert fit.loglik == pytest.approx(wanted["loglik"], abs=NLME_LOGLIK)
    errors = np.array(wanted["se"])
    np.testing.assert_allclose((fit.params - wanted["estimate"]) / errors, 0.0, atol=NLME_EFFECT)
    if reml or wanted["random"]:  # gls multiplies by N / (N - p) under ML
        np.testing.assert_allclose(fit.std_error, errors, rtol=NLME_SE)
    named = fit.covariance_parameters.rename(lambda name: name.removeprefix("residual "))
    assert named["sd"] == pytest.approx(wanted["sigma"], rel=NLME_SHAPE)
    assert named["correlation[distance 1]"] == pytest.approx(np.exp(-1 / wanted["range"]), rel=NLME_SHAPE, abs=1e-12)
    assert named.get("nugget", 0.0) == pytest.approx(wanted["share"], rel=NLME_SHAPE)


def test_where_nlme_went_to_the_limit_the_fit_is_at_it_and_says_so() -> None:
    fit = fit_lmm("pain ~ arm * day + (1 | participant_id)", diary(), covariance="sp_exp", time="day")
    assert fit.covariance_parameters["residual correlation[distance 1]"] == 0.0
    assert any("estimated at 0, its lower limit" in text for text in fit.warnings)
