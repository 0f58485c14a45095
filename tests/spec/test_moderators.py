"""Differences over a modifier with their band, and shrinkage of effects in subgroups: brute force and closed forms."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
import yaml
from scipy import integrate, stats
from statsmodels.stats.anova import anova_lm

import coxa
from coxa.causal import band_quantile, curved_modifier, effect_over, shrink_subgroups
from coxa.errors import OptionError
from coxa.estimates.simultaneous import critical_value
from coxa.models import fit_ancova, fit_mmrm
from coxa.report.build import build_document
from coxa.report.report import Report
from coxa.study.kinds import study_of
from tests.spec.test_methods_causal import content
from tests.spec.test_study_read import faults


def drawn(n: int = 120, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    d = pd.DataFrame({"participant_id": range(n), "arm": list("ab") * (n // 2), "age": rng.uniform(40, 80, n)})
    d["y"] = 10 + (d["arm"] == "b") * (d["age"] - 60) / 10 + rng.normal(size=n)
    return d


# -- the curve ---------------------------------------------------------------------------------------------------------


def test_differences_at_values_and_both_tests_are_those_of_least_squares() -> None:
    curved = curved_modifier(drawn(), "age", knots=4)
    found = effect_over(fit_ancova(f"y ~ arm * {curved.term}", curved.data), curved, against="a", values=[45, 60, 75])
    ols = smf.ols("y ~ arm * (age + age_curve1 + age_curve2)", curved.data).fit()
    for value, estimate in zip([45, 60, 75], found.table["estimate"], strict=True):
        both = pd.DataFrame([{"arm": arm, **curved.at(value)} for arm in ("b", "a")])
        assert estimate == pytest.approx(-np.diff(ols.predict(both))[0])
    flat = smf.ols("y ~ arm + age + age_curve1 + age_curve2", curved.data).fit()
    line = smf.ols("y ~ arm * age + age_curve1 + age_curve2", curved.data).fit()
    for name, smaller in (("modified", flat), ("curved", line)):
        table = anova_lm(smaller, ols)
        assert found.tests[f"{name}_f"][0] == pytest.approx(table["F"].iloc[1])
        assert found.tests[f"{name}_p"][0] == pytest.approx(table["Pr(>F)"].iloc[1])


def test_a_model_over_visits_has_a_curve_at_each() -> None:
    d = drawn(60)
    long = pd.concat([d.assign(visit="v1"), d.assign(visit="v2", y=d["y"] + (d["arm"] == "b") * 2)], ignore_index=True)
    long["y"] += np.random.default_rng(2).normal(0, 0.5, len(long))
    curved = curved_modifier(long, "age")
    found = effect_over(fit_mmrm(f"y ~ arm * visit * {curved.term}", curved.data), curved, against="a", values=[60.0])
    at = found.table.set_index("visit")["estimate"]
    assert at["v2"] - at["v1"] == pytest.approx(2, abs=0.4)


def test_a_band_is_wider_than_limits_and_narrower_than_scheffe() -> None:
    curved = curved_modifier(drawn(), "age")
    table = effect_over(fit_ancova(f"y ~ arm * {curved.term}", curved.data), curved, against="a").table
    half = (table["band_high"] - table["estimate"]) / table["std_error"]
    df = table["df"].iloc[0]
    assert half.to_numpy() == pytest.approx(half[0])
    assert stats.t.ppf(0.975, df) < half[0] < np.sqrt(3 * stats.f.ppf(0.95, 3, df))


@pytest.mark.parametrize("df", [8.0, 60.0, 1e5])
def test_the_quantile_is_that_of_a_multivariate_t_box(df: float) -> None:
    correlation = np.array([[1, 0.3, 0.1], [0.3, 1, 0.5], [0.1, 0.5, 1.0]])
    assert band_quantile(correlation, df) == pytest.approx(critical_value(0.95, correlation, df), abs=0.004)


def test_the_quantile_of_a_line_by_brute_force() -> None:
    x = np.linspace(-1, 1, 15)
    rows = np.column_stack([np.ones(15), x])
    rng = np.random.default_rng(3)
    t = np.abs(rng.normal(size=(200_000, 2)) @ rows.T / np.linalg.norm(rows, axis=1))
    reached = t.max(axis=1) / np.sqrt(rng.chisquare(12, 200_000) / 12)
    assert band_quantile(rows @ rows.T, 12) == pytest.approx(np.quantile(reached, 0.95), abs=0.02)


def test_a_model_without_the_interaction_is_refused() -> None:
    curved = curved_modifier(drawn(), "age")
    with pytest.raises(OptionError, match="no interaction of arm and age"):
        effect_over(fit_ancova(f"y ~ arm + {curved.term}", curved.data), curved, against="a")
    with pytest.raises(OptionError, match="no column of numbers"):
        curved_modifier(drawn(), "arm")


# -- shrinkage ---------------------------------------------------------------------------------------------------------


def test_the_posterior_is_that_of_brute_force() -> None:
    y, error, scale = np.array([6.0, 1.0, 2.5]), np.array([2.0, 1.0, 1.5]), 2.0

    def density(mean: float, tau: float) -> float:
        spread = np.sqrt(error**2 + tau**2)
        return float(stats.norm.pdf(y, mean, spread).prod() * stats.halfnorm.pdf(tau, scale=scale))

    def first(mean: float, tau: float) -> float:
        own = tau**2 / (tau**2 + error[0] ** 2)
        return (own * y[0] + (1 - own) * mean) * density(mean, tau)

    whole = integrate.dblquad(density, 0, 10, -20, 25, epsabs=1e-9)[0]
    expected = integrate.dblquad(first, 0, 10, -20, 25, epsabs=1e-9)[0] / whole
    found = shrink_subgroups(y, error, scale=scale).table
    assert found["shrunken"][0] == pytest.approx(expected, abs=1e-5)
    assert ((found["conf_low"] < found["shrunken"]) & (found["shrunken"] < found["conf_high"])).all()


def test_no_spread_pools_and_a_wide_one_leaves_subgroups_as_they_are() -> None:
    y, error = np.array([6.0, 1.0]), np.array([2.0, 1.0])
    pooled = (y / error**2).sum() / (1 / error**2).sum()
    assert shrink_subgroups(y, error, scale=1e-4).table["shrunken"].to_numpy() == pytest.approx(pooled, abs=1e-3)
    assert shrink_subgroups(y, error, scale=1e9).table["shrunken"].to_numpy() == pytest.approx(y, abs=0.2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([1.0], [1.0], 1.0), "two subgroups or more"),
        (([1.0, 2.0], [1.0, 0.0], 1.0), "not above 0"),
        (([1.0, 2.0], [1.0, 1.0], 0.0), "`scale` is 0"),
    ],
)
def test_what_cannot_be_shrunk_is_refused(given: tuple[Any, Any, float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        shrink_subgroups(given[0], given[1], scale=given[2])


# -- in a plan ---------------------------------------------------------------------------------------------------------


def plan(**analysis: Any) -> dict[str, Any]:
    made = content("study")
    made["covariates"]["sex"] = {"type": "category", "levels": {"female": "Female", "male": "Male"}}
    made["assumptions"]["covariates"]["sex"] = {"shares": {"female": 0.6, "male": 0.4}}
    main = {**made["analyses"]["ancova"], "modifiers": ["age"], "subgroups": ["sex"], "shrink_subgroups": 3}
    made["analyses"] = {"ancova": {**main, **analysis}}
    made["estimands"] = {"primary": made["estimands"]["primary"]}
    return made


@cache
def reported() -> Report:
    return coxa.analyse(coxa.simulate_study(study_of(plan()), seed=2))


def test_a_modifier_of_a_plan_is_that_of_the_library() -> None:
    rows = reported().datasets["primary"].analysed
    curved = curved_modifier(rows, "age")
    direct = effect_over(
        fit_ancova(f"change ~ arm * {curved.term} + baseline + age", curved.data), curved, against="usual_care"
    )
    found = reported().estimates.only(term="band_at_value").frame
    assert found["estimate"].to_numpy() == pytest.approx(direct.table["estimate"].to_numpy())
    assert found["conf_high"].to_numpy() == pytest.approx(direct.table["band_high"].to_numpy())
    assert found["analysis"].iloc[0].startswith("ancova[age=")
    assert reported().estimates.only(term="modifier_test").frame["p_value"].notna().all()


def test_subgroups_are_shrunk_as_the_plan_says() -> None:
    inside, shrunken = (
        reported().estimates.only(term=term).frame for term in ("subgroup_difference", "shrunken_difference")
    )
    direct = shrink_subgroups(inside["estimate"], inside["std_error"], scale=3).table
    assert shrunken["estimate"].to_numpy() == pytest.approx(direct["shrunken"].to_numpy())
    assert np.ptp(shrunken["estimate"]) < np.ptp(inside["estimate"])


def test_the_report_has_the_curve_its_table_and_the_shrunken_rows() -> None:
    document = build_document(reported())
    assert any(figure.id.startswith("modifier-curve-age") for figure in document.figures())
    tables = {table.id: table for table in document.tables()}
    labels = [str(row.label) for group in tables["modifier-age-ancova"].groups for row in group.rows]
    assert labels[-2:] == ["The difference is the same at all values", "It changes along a straight line"]
    shrunken = [str(row.label) for group in tables["subgroups-ancova"].groups for row in group.rows]
    assert sum("after shrinkage" in label for label in shrunken) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modifiers": ["sex"]}, 'no covariate of `type: number` "sex"'),
        ({"subgroups": []}, "`shrink_subgroups` is of `subgroups`"),
        ({"shrink_subgroups": 0}, "greater than 0"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    found = faults(yaml.safe_dump(plan(**change)))
    assert any(message in fault for _, _, fault in found), found
