"""Pooled estimates and tests of imputed data sets against R: mice (mice_pooling.json, imputation_r.json) and mitml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coxa.impute import Pooled, PooledTest, pool_chi_squares, pool_joint, pool_likelihood_ratios, pool_rubin
from tests.reference.tolerances import POOLED

HERE = Path(__file__).parent
NHANES: dict[str, Any] = json.loads((HERE / "mice_pooling.json").read_text(encoding="utf-8"))
OWN: dict[str, Any] = json.loads((HERE / "imputation_r.json").read_text(encoding="utf-8"))

NAMES = {
    "estimate": "estimate",
    "ubar": "within",
    "b": "between",
    "df": "df",
    "riv": "riv",
    "lambda": "share",
    "fmi": "fmi",
}
"""Column of mice -> attribute."""

CASES = [NHANES, *OWN["cases"]]
Z_AND_W = [2, 3]


def variances(case: dict[str, Any]) -> np.ndarray:
    return np.diagonal(np.array(case["U"]), axis1=1, axis2=2)


@pytest.mark.parametrize("case", CASES, ids=["nhanes", "ten sets", "three sets"])
@pytest.mark.parametrize("column", NAMES)
def test_each_coefficient_is_pooled_as_by_mice(case: dict[str, Any], column: str) -> None:
    dfcom = case["pooled"][0]["dfcom"]
    pooled = pool_rubin(np.array(case["Q"]), variances(case), df_complete=dfcom)
    found = getattr(pooled, NAMES[column])
    assert found == pytest.approx([row[column] for row in case["pooled"]], rel=POOLED)


def test_intervals_and_p_values_as_by_mice() -> None:
    pooled = pool_rubin(np.array(NHANES["Q"]), variances(NHANES), df_complete=21)
    low, high = pooled.interval()
    rows = NHANES["summary"]
    assert low == pytest.approx([row["2.5 %"] for row in rows], rel=POOLED)
    assert high == pytest.approx([row["97.5 %"] for row in rows], rel=POOLED)
    assert pooled.p_value == pytest.approx([row["p.value"] for row in rows], rel=POOLED)


def agrees(found: PooledTest, case: dict[str, Any]) -> None:
    assert found.statistic == pytest.approx(case["F.value"], rel=POOLED)
    assert found.df_num == case["df1"]
    assert found.df_den == pytest.approx(case["df2"], rel=POOLED)
    assert found.p_value == pytest.approx(case["P(>F)"], rel=POOLED)
    assert found.riv == pytest.approx(case["RIV"], rel=POOLED)


@pytest.mark.parametrize("case", OWN["cases"], ids=["ten sets", "three sets"])
def test_d1_and_d2_as_by_mitml(case: dict[str, Any]) -> None:
    q, u = np.array(case["Q"])[:, Z_AND_W], np.array(case["U"])[:, Z_AND_W][:, :, Z_AND_W]
    agrees(pool_joint(q, u), case["D1"])
    agrees(pool_joint(q, u, df_complete=56), case["D1_dfcom"])
    agrees(pool_chi_squares(np.array(case["wald"]), 2), case["D2"])


@pytest.mark.parametrize("case", OWN["cases"], ids=["ten sets", "three sets"])
def test_d3_as_by_mice(case: dict[str, Any]) -> None:
    d3 = case["D3"]
    test = pool_likelihood_ratios(np.array(d3["own"]), np.array(d3["at_pooled"]), 2)
    found = [test.statistic, test.df_num, test.df_den, test.p_value, test.riv]
    assert found == pytest.approx(d3["result"], rel=1e-10)  # deviances in the file have 15 digits, their differences 12


def test_d1_of_nhanes_as_by_the_formula() -> None:
    where = [NHANES["terms"].index(name) for name in ("bmi", "hyp")]
    test = pool_joint(np.array(NHANES["Q"])[:, where], np.array(NHANES["U"])[:, where][:, :, where])
    d1 = NHANES["D1"]
    assert [test.statistic, test.df_num, test.df_den, test.p_value, test.riv] == pytest.approx(
        [d1["F"], d1["df1"], d1["df2"], d1["p"], d1["r"]], rel=POOLED
    )


def test_d1_of_one_number_is_rubins_statistic_squared() -> None:
    q, u = np.array(NHANES["Q"])[:, 1:2], np.array(NHANES["U"])[:, 1:2, 1:2]
    pooled: Pooled = pool_rubin(q, u[:, :, 0])
    assert pool_joint(q, u).statistic == pytest.approx(float(pooled.statistic[0]) ** 2, rel=POOLED)
