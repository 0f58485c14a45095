"""Risks, rates and means of arms at each visit from estimating equations: standardisation, delta method, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from coxa.errors import OptionError
from coxa.estimates import contrasts, marginal_effects, standardised_means
from coxa.models import GEEFit, fit_gee, fit_glm, fit_mmrm
from tests.spec.test_models_gee import trial

FORMULAS = {"binomial": "better", "poisson": "falls", "gaussian": "pain"}


def fitted(family: str = "binomial", right: str = "arm * visit + age", **options: Any) -> GEEFit:
    rows = trial(n=40).assign(arm=lambda d: pd.Categorical(d["arm"], ["usual_care", "exercise"]))
    return fit_gee(f"{FORMULAS[family]} ~ {right}", rows, family=family, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("family", list(FORMULAS))
def test_means_are_averages_over_everybody_and_errors_are_of_numerical_derivatives(family: str) -> None:
    fit = fitted(family, working="exchangeable")
    people = trial(n=40).drop_duplicates("participant_id")[["age"]]
    inverse = {"binomial": expit, "poisson": np.exp, "gaussian": lambda v: v}[family]

    def mean(beta: np.ndarray, arm: str, visit: str) -> float:
        return float(inverse(fit.design.rows(people.assign(arm=arm, visit=visit)) @ beta).mean())

    def difference(beta: np.ndarray) -> float:
        return mean(beta, "exercise", "v1") - mean(beta, "usual_care", "v1")

    found = marginal_effects(fit).frame
    beta = fit.params.to_numpy()
    for row in found[found["reference"] == ""].to_dict("records"):
        assert row["estimate"] == pytest.approx(mean(beta, row["arm"], row["visit"]))
    term = {"binomial": "risk_difference", "poisson": "rate_difference"}.get(family, "difference")
    row = found[(found["term"] == term) & (found["visit"] == "v1")].iloc[0]
    steps = 1e-6 * np.eye(len(beta))
    slope = np.array([(difference(beta + e) - difference(beta - e)) / 2e-6 for e in steps])
    error = float(np.sqrt(slope @ fit.inference.covariance @ slope))
    assert row["estimate"] == pytest.approx(difference(beta))
    assert row["std_error"] == pytest.approx(error, rel=1e-6)
    assert row["df"] == fit.n_clusters - len(beta)
    half = stats.t.ppf(0.975, row["df"]) * error
    assert [row["conf_low"], row["conf_high"]] == pytest.approx([row["estimate"] - half, row["estimate"] + half])


def test_a_linear_model_gives_the_contrasts_of_the_mixed_model() -> None:
    """Independence on complete rows: least squares, whose contrasts do not depend on the covariance."""
    rows = trial(gaps=False)
    fit = fit_gee("pain ~ arm * visit", rows, family="gaussian")
    ours = marginal_effects(fit).only(term="difference").frame
    mixed = contrasts(fit_mmrm("pain ~ arm * visit", rows, vcov="CR2")).frame
    assert ours["estimate"].to_numpy() == pytest.approx(mixed["estimate"].to_numpy())
    assert ours["std_error"].to_numpy() == pytest.approx(mixed["std_error"].to_numpy(), rel=1e-6)


def test_one_visit_gives_the_standardised_risks_of_the_logistic_model() -> None:
    rows = trial(n=60)[lambda d: d["visit"] == "v2"]
    fit = fit_gee("better ~ arm + age", rows)
    wanted = standardised_means(fit_glm("better ~ arm + age", rows), rows).means
    assert marginal_effects(fit).only(term="risk").frame["estimate"].to_numpy() == pytest.approx(wanted)


def test_over_the_visits_each_counts_alike() -> None:
    fit = fitted()
    each, over = marginal_effects(fit).only(term="risk").frame, marginal_effects(fit, by=None).only(term="risk").frame
    assert over["estimate"].to_numpy() == pytest.approx(each.groupby("arm", sort=False)["estimate"].mean().to_numpy())
    assert over["visit"].unique().tolist() == [""]


def test_ratios_have_limits_on_the_log_scale_and_swap_with_the_reference() -> None:
    fit = fitted("poisson", exposure="weeks")
    one = marginal_effects(fit).only(term="rate_ratio").frame.iloc[0]
    other = marginal_effects(fit, against="exercise").only(term="rate_ratio").frame.iloc[0]
    assert one["estimate"] * other["estimate"] == pytest.approx(1)
    assert one["conf_low"] * other["conf_high"] == pytest.approx(1)
    assert one["p_value"] == pytest.approx(other["p_value"])
    assert np.log(one["conf_high"] / one["estimate"]) == pytest.approx(stats.t.ppf(0.975, one["df"]) * one["std_error"])


def test_rates_are_given_for_units_of_exposure() -> None:
    fit = fitted("poisson", exposure="weeks")
    one, ten = (marginal_effects(fit, per=per).frame.set_index(["visit", "term", "arm"]) for per in (1, 10))
    numbers = ["estimate", "std_error", "conf_low", "conf_high"]
    for (_, term, _), row in ten.iterrows():
        wide = 1 if term == "rate_ratio" else 10
        assert row[numbers].tolist() == pytest.approx((wide * one.loc[row.name, numbers]).tolist())
    with pytest.raises(OptionError, match="no count"):
        marginal_effects(fitted(), per=10)


def test_the_sandwich_and_the_degrees_of_freedom_are_those_of_the_fit() -> None:
    plain = marginal_effects(fitted(vcov="LZ", ddf="normal")).frame
    careful = marginal_effects(fitted(vcov="MD", ddf="fay-graubard")).frame
    assert (careful["std_error"] > plain["std_error"]).all()
    assert plain["df"].isna().all()
    assert careful["df"].between(2, 60).all()


def test_participants_and_rows_are_counted() -> None:
    found = marginal_effects(fitted()).frame
    risk = found[(found["term"] == "risk") & (found["visit"] == "v0")].set_index("arm")
    rows = trial(n=40)
    seen = rows[rows["visit"] == "v0"].groupby("arm").size()
    assert risk["n_observations"].to_dict() == seen.to_dict()
    assert risk["n_participants"].sum() == rows["participant_id"].nunique()


def test_refusals() -> None:
    with pytest.raises(OptionError, match="fit_gee"):
        marginal_effects(fit_glm("better ~ arm", trial()[lambda d: d["visit"] == "v1"]))  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="'age' is a number"):
        marginal_effects(fitted(), arm="age")
    with pytest.raises(OptionError, match="varies within a participant"):
        marginal_effects(fitted(right="arm * visit + weeks"))
    with pytest.raises(OptionError, match="against"):
        marginal_effects(fitted(), against="manual")
