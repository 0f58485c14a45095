"""Times to an event by formulas and frames: which rows are used, what is refused, and what is recorded."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from coxa.errors import (
    DataError,
    EmptyCellError,
    FitError,
    MonotoneLikelihoodError,
    OptionError,
    SeparationError,
    TooFewParticipantsError,
)
from coxa.estimates import incidence_difference, survival_difference
from coxa.models import (
    aalen_johansen,
    fit_cox,
    fit_cox_arrays,
    fit_grouped_hazards,
    fit_recurrent,
    fit_subdistribution,
    gray_test,
    log_rank,
    mean_cumulative,
    proportional_hazards_test,
    recurrent_rows,
    visit_rows,
)
from coxa.models.survival.grouped import grouped_point
from coxa.models.survival.partial import information_of_rows, point_at
from tests.reference.tolerances import CLOSED_FORM, FINITE_DIFFERENCE


def trial(n: int = 90) -> pd.DataFrame:
    """Return a trial of three arms with sites, days to a flare, surgery as a competing event, and gaps."""
    rng = np.random.default_rng(20261130)
    frame = pd.DataFrame({"participant_id": np.arange(n), "arm": np.tile(list("abc"), n // 3)})
    frame["site"] = rng.choice(["north", "south"], n)
    frame["baseline"] = rng.normal(50, 10, n)
    frame["day"] = np.ceil(rng.exponential(100, n))
    frame["cause"] = rng.choice([0, 1, 2], n)
    return frame.assign(flare=frame["cause"] == 1)


def test_a_formula_makes_the_columns_that_arrays_would_have() -> None:
    d = trial()
    fit = fit_cox("arm + baseline", d, time="day", event="flare", strata="site")
    x = pd.DataFrame({"b": d["arm"] == "b", "c": d["arm"] == "c", "baseline": d["baseline"]}).astype(float)
    arrays = fit_cox_arrays(d["day"], d["flare"], x, strata=d["site"])
    assert fit.names == ("arm[b]", "arm[c]", "baseline")
    assert fit.coef == pytest.approx(arrays.coef, rel=CLOSED_FORM)
    assert fit.vcov == pytest.approx(arrays.vcov, rel=CLOSED_FORM)
    assert fit.terms == {"arm": (0, 1), "baseline": (2,)}


@pytest.mark.parametrize(
    "call",
    [
        "fit_cox('arm + baseline', data, time='day', event='flare', strata=['site'], ties='breslow')",
        "fit_cox('arm', data, time='day', event='flare', cluster='site2', ties='efron')",
    ],
)
def test_the_recorded_call_gives_the_fit_again(call: str) -> None:
    data = trial().assign(site2=lambda d: d["participant_id"] // 3)
    fit = eval(call, {"fit_cox": fit_cox, "data": data})
    assert fit.spec.call() == call


def test_rows_without_a_value_are_counted() -> None:
    d = trial()
    gaps = d.assign(baseline=d["baseline"].where(d["participant_id"] > 1), day=d["day"].where(d["participant_id"] != 5))
    before = gaps.copy()
    fit = fit_cox("arm + baseline", gaps, time="day", event="flare")
    assert fit.left_out.to_dict("records") == [
        {"row": 0, "missing": "baseline"},
        {"row": 1, "missing": "baseline"},
        {"row": 5, "missing": "day"},
    ]
    assert fit.nobs == len(d) - 3
    pd.testing.assert_frame_equal(gaps, before)


def test_time_that_is_cut_in_pieces_changes_nothing() -> None:
    """Rows (start, stop] of one participant are the row that they make together; a covariate may change in between."""
    d = trial()
    cut = 30.0
    first = d.assign(start=0.0, stop=d["day"].clip(upper=cut), flare=d["flare"] & (d["day"] <= cut))
    later = d[d["day"] > cut].assign(start=cut, stop=lambda e: e["day"])
    pieces = pd.concat([first, later], ignore_index=True)
    whole = fit_cox("arm + baseline", d, time="day", event="flare")
    fit = fit_cox("arm + baseline", pieces, time="stop", event="flare", start="start")
    assert fit.coef == pytest.approx(whole.coef, rel=1e-8)
    assert fit.se == pytest.approx(whole.se, rel=1e-8)
    robust = fit_cox("arm + baseline", pieces, time="stop", event="flare", start="start", cluster="participant_id")
    other = fit_cox("arm + baseline", d, time="day", event="flare", cluster="participant_id")
    assert robust.se == pytest.approx(other.se, rel=1e-8)
    changes = pieces.assign(late=(pieces["start"] > 0) * (pieces["arm"] == "b").astype(int))
    assert fit_cox("arm + late", changes, time="stop", event="flare", start="start").names[-1] == "late"


def test_rows_of_one_participant_that_overlap_are_refused() -> None:
    d = trial().assign(start=0.0)
    twice = pd.concat([d, d.head(1)], ignore_index=True)
    with pytest.raises(DataError, match="measured twice"):
        fit_cox("arm", twice, time="day", event="flare")
    with pytest.raises(FitError, match="1 times at risk begin before the one before has ended: participant_id 0"):
        fit_cox("arm", twice, time="day", event="flare", start="start")


def test_several_events_without_clusters_are_a_warning() -> None:
    rows = pd.DataFrame({"participant_id": [1, 1, 2, 3, 4], "start": [0, 5, 0, 0, 0], "stop": [5, 9, 7, 8, 6]})
    rows = rows.assign(event=[1, 1, 1, 0, 1], x=[0.0, 0, 1, 1, 0])
    fit = fit_cox("x", rows, time="stop", event="event", start="start")
    assert any("participants with several events: 1" in each for each in fit.warnings)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"formula": "flare ~ arm"}, OptionError, "has 'flare' on the left"),
        ({"formula": "1"}, OptionError, "has no covariate"),
        ({"formula": "arms"}, OptionError, "'arms' is not a column. Choose one of .*did you mean arm"),
        ({"time": "days"}, OptionError, 'no column "days"'),
        ({"event": "cause"}, OptionError, r"`cause` has values other than 0 and 1, such as .*2"),
        ({"strata": "sites"}, OptionError, 'no column "sites"'),
        ({"ties": "exact"}, OptionError, "Choose one of efron, breslow"),
        ({"formula": "arm:site2"}, EmptyCellError, "arm 'b' has no data at site2 'y'"),
    ],
)
def test_wrong_options_are_named(options: dict, error: type[Exception], message: str) -> None:
    data = trial().assign(site2=lambda d: np.where(d["arm"] == "b", "x", np.where(d["participant_id"] % 2, "x", "y")))
    with pytest.raises(error, match=message):
        fit_cox(**{"formula": "arm", "data": data, "time": "day", "event": "flare", **options})


def test_hazards_that_cross_are_found() -> None:
    rng = np.random.default_rng(2)
    arm = np.repeat([0.0, 1.0], 150)
    time = np.where(arm == 0, rng.exponential(1.0, 300), rng.weibull(3.0, 300))
    test = proportional_hazards_test(fit_cox("arm", pd.DataFrame({"arm": arm, "t": time, "e": 1}), time="t", event="e"))
    assert test.frame["p_value"].max() < 1e-4
    assert "restricted" in test.remedy
    assert "score test" in test.method


def test_without_competing_events_gray_is_nearly_log_rank_and_fine_gray_is_cox() -> None:
    d = trial().assign(cause=lambda d: d["flare"].astype(int))
    fine_gray = fit_subdistribution("arm + baseline", d, time="day", cause="cause", variance="sandwich")
    cox = fit_cox("arm + baseline", d, time="day", event="flare", ties="breslow", cluster="participant_id")
    assert fine_gray.coef == pytest.approx(cox.coef, rel=1e-9)
    assert fine_gray.se == pytest.approx(cox.se, rel=1e-9)
    gray, rank = gray_test(d["day"], d["cause"], d["arm"]), log_rank(d["day"], d["flare"], d["arm"])
    assert gray.observed - gray.expected == pytest.approx(rank.observed - rank.expected, rel=CLOSED_FORM)
    assert gray.statistic == pytest.approx(rank.statistic, rel=0.05)


def test_without_censoring_shares_are_counts() -> None:
    d = trial().loc[lambda d: d["cause"] > 0]
    curves = aalen_johansen(d["day"], d["cause"])
    share = np.array([((d["day"] <= t) & (d["cause"] == 1)).mean() for t in curves.time])
    assert curves.incidence[:, 0] == pytest.approx(share, abs=1e-13)
    assert curves.se[:, 0] == pytest.approx(np.sqrt(share * (1 - share) / len(d)), abs=1e-13)
    at = float(np.median(d["day"]))
    found = incidence_difference(d["day"], d["cause"], d["site"] == "north", at)
    parts = [((e["day"] <= at) & (e["cause"] == 1)).mean() for _, e in d.groupby("site")]
    assert found.estimate == pytest.approx(parts[0] - parts[1], abs=1e-12)


def test_the_variance_of_an_incidence_is_that_of_leaving_one_out() -> None:
    """The infinitesimal jackknife is close to the jackknife, whose pseudo-values move by one over n."""
    d = trial()
    full = aalen_johansen(d["day"], d["cause"]).at([80])
    left = np.array(
        [aalen_johansen(d["day"].drop(k), d["cause"].drop(k)).at([80])["incidence"].iloc[0] for k in d.index]
    )
    n = len(d)
    assert full["se"].iloc[0] == pytest.approx(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()), rel=0.03)


def test_an_arm_without_events_of_the_cause_has_no_subdistribution_hazard() -> None:
    d = trial()
    none = d.assign(cause=d["cause"].where((d["arm"] != "c") | (d["cause"] != 1), 2))
    with pytest.raises(MonotoneLikelihoodError, match=r"`arm\[c\]` is zero or infinite"):
        fit_subdistribution("arm", none, time="day", cause="cause")
    with pytest.raises(TooFewParticipantsError, match="No event has the cause 3"):
        fit_subdistribution("arm", d, time="day", cause="cause", of=3)


PEOPLE = pd.DataFrame({"participant_id": ["P1", "P2", "P3"], "arm": ["a", "b", "a"], "end": [100, 80, 60]})


def test_a_variance_that_is_corrected_for_few_participants_is_nearer_to_the_jackknife() -> None:
    """The shares of information of all rows are the information."""
    rng = np.random.default_rng(2)
    people = pd.DataFrame({"participant_id": range(30), "arm": ["a", "b"] * 15, "end": rng.integers(60, 100, 30)})
    frail = rng.gamma(1, 3, 30)
    events = pd.concat(
        pd.DataFrame({"participant_id": k, "day": np.unique(rng.integers(1, 60, rng.poisson(frail[k])))})
        for k in range(30)
    )
    rows = recurrent_rows(people, events, end="end", day="day")
    plain, corrected = (fit_recurrent("arm", rows, ties="breslow", correction=each) for each in ("none", "leverage"))
    theta = plain.coef * plain.scale
    shares = information_of_rows(list(plain.strata), theta, plain.nobs)
    assert shares.sum(axis=0) == pytest.approx(point_at(list(plain.strata), theta).hessian, rel=CLOSED_FORM)
    left = [fit_recurrent("arm", rows[rows["participant_id"] != k], ties="breslow").coef[0] for k in range(30)]
    jackknife = float(np.sqrt(29 / 30 * ((np.array(left) - np.mean(left)) ** 2).sum()))
    assert plain.se[0] < corrected.se[0] < 1.02 * jackknife
    assert corrected.spec.call() == "fit_recurrent('arm', data, method='lwyy', ties='breslow', correction='leverage')"


def test_days_of_events_become_times_at_risk() -> None:
    """P1 is not at risk during the flare from day 30 to 40; P2's last event is on the last day; P3 has none."""
    flares = pd.DataFrame({"participant_id": ["P2", "P1", "P1"], "day": [80, 30, 70], "over": [80, 40, 70]})
    rows = recurrent_rows(PEOPLE, flares, end="end", day="day", until="over")
    assert rows[["participant_id", "start", "stop", "event", "number", "gap"]].values.tolist() == [
        ["P1", 0.0, 30.0, 1, 1, 30.0],
        ["P1", 40.0, 70.0, 1, 2, 30.0],
        ["P1", 70.0, 100.0, 0, 3, 30.0],
        ["P2", 0.0, 80.0, 1, 1, 80.0],
        ["P3", 0.0, 60.0, 0, 1, 60.0],
    ]
    assert rows["arm"].tolist() == ["a", "a", "a", "b", "a"]


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([("P9", 3, 3)], "is of no participant"),
        ([("P1", 0, 0)], "is on day 0 or before"),
        ([("P3", 61, 61)], "is after the end of follow-up"),
        ([("P1", 9, 9), ("P1", 9, 9)], "is on the day of another one"),
        ([("P1", 9, 20), ("P1", 15, 16)], "begins before another one has ended"),
        ([("P1", 9, 8)], "ends before it begins"),
        ([("P1", None, 8)], "has no day"),
    ],
)
def test_events_outside_the_time_at_risk_are_found(events: list[tuple], message: str) -> None:
    frame = pd.DataFrame(events, columns=["participant_id", "day", "over"])
    with pytest.raises(DataError, match=message):
        recurrent_rows(PEOPLE, frame, end="end", day="day", until="over")


def test_one_event_each_makes_all_models_of_recurrence_one() -> None:
    d = trial().assign(end=lambda d: d["day"])
    rows = recurrent_rows(
        d[["participant_id", "arm", "end"]], d.loc[d["flare"], ["participant_id", "day"]], end="end", day="day"
    )
    cox = fit_cox("arm", d, time="day", event="flare")
    for method in ("lwyy", "andersen-gill", "pwp-total", "pwp-gap"):
        assert fit_recurrent("arm", rows, method=method).coef == pytest.approx(cox.coef, rel=1e-9)


def test_numbers_of_events_that_few_had_are_named() -> None:
    people = pd.DataFrame({"participant_id": range(60), "arm": ["a", "b"] * 30, "end": 100})
    first = pd.DataFrame({"participant_id": range(40), "day": np.arange(40) + 1})
    second = pd.DataFrame({"participant_id": [0, 1, 2, 3], "day": [90, 91, 92, 93]})
    rows = recurrent_rows(people, pd.concat([first, second]), end="end", day="day")
    fit = fit_recurrent("arm", rows, method="pwp-total")
    assert "fewer than 10 events are of number 2, 3: consider `most_events`" in fit.warnings
    assert not fit_recurrent("arm", rows, method="pwp-total", most_events=1).warnings
    with pytest.raises(OptionError, match="`most_events` is an option of"):
        fit_recurrent("arm", rows, most_events=1)


def test_the_mean_number_of_events_is_the_mean_where_all_are_followed() -> None:
    rng = np.random.default_rng(3)
    people = pd.DataFrame({"participant_id": range(40), "end": 100})
    events = pd.DataFrame({"participant_id": np.repeat(range(40), 3), "day": rng.permutation(120) % 99 + 0.5})
    events = events.drop_duplicates(["participant_id", "day"])
    rows = recurrent_rows(people, events, end="end", day="day")
    found = mean_cumulative(rows["stop"], rows["event"], rows["participant_id"], start=rows["start"]).at([60])
    counts = events[events["day"] <= 60].groupby("participant_id").size().reindex(range(40), fill_value=0)
    assert found["mean"].iloc[0] == pytest.approx(counts.mean(), abs=1e-12)
    assert found["se"].iloc[0] == pytest.approx(counts.std(ddof=0) / np.sqrt(40), abs=1e-12)


VISITS = ["w6", "w12", "w26"]


def seen(n: int = 150, missed: float = 0.25) -> pd.DataFrame:
    """Return at which visits an event was known to have happened, with visits missed."""
    rng = np.random.default_rng(5)
    arm = np.repeat(["a", "b"], n // 2)
    time = rng.exponential(np.where(arm == "a", 20, 35))
    rows = [
        (k, arm[k], visit, int(time[k] <= week))
        for k in range(n)
        for visit, week in zip(VISITS, (6, 12, 26), strict=True)
        if rng.random() > missed
    ]
    return pd.DataFrame(rows, columns=["participant_id", "arm", "visit", "better"])


def test_derivatives_of_grouped_hazards() -> None:
    rng = np.random.default_rng(1)
    spans, x = np.tril(np.ones((3, 3), dtype=bool))[rng.integers(0, 3, 60)], rng.normal(size=(60, 2))
    event, theta, h = rng.random(60) < 0.5, np.array([-1.0, -0.5, 0.2, 0.3, -0.4]), 1e-5
    point = grouped_point(spans, x, event, theta)
    for k, step in enumerate(h * np.eye(5)):
        up, down = (grouped_point(spans, x, event, theta + sign * step) for sign in (1, -1))
        assert (up.value - down.value) / (2 * h) == pytest.approx(point.gradient[k], abs=FINITE_DIFFERENCE)
        assert (up.gradient - down.gradient) / (2 * h) == pytest.approx(point.hessian[k], abs=10 * FINITE_DIFFERENCE)


def test_missed_visits_are_longer_spans() -> None:
    """The likelihood of what is known, written person by person, has the same maximum."""
    rows = visit_rows(seen(), visits=VISITS, event="better")
    fit = fit_grouped_hazards("arm", rows, visits=VISITS)
    number = {visit: k for k, visit in enumerate(VISITS)}

    def minus(theta: np.ndarray) -> float:
        total = 0.0
        for since, until, arm, event in rows[["since", "interval", "arm", "event"]].values:
            first = 0 if since is None else number[since] + 1
            h = np.exp(theta[first : number[until] + 1] + theta[3] * (arm == "b")).sum()
            total += h if not event else -np.log(1 - np.exp(-h))
        return total

    best = minimize(minus, np.array([-1.0, -1, -1, 0]), tol=1e-10)
    assert (rows["since"].isna() & (rows["interval"] != "w6")).sum() > 5
    assert fit.coef[0] == pytest.approx(best.x[3], abs=1e-4)
    assert -fit.loglik == pytest.approx(best.fun, abs=1e-7)
    assert "known at visits only" in fit.method


def test_intervals_that_say_nothing_are_left_out_with_a_warning() -> None:
    d = seen(missed=0).assign(better=lambda d: np.where(d["visit"] == "w6", 0, d["better"]))
    d = d[~((d["visit"] == "w6") & (d["better"] == 1))]
    fit = fit_grouped_hazards("arm", visit_rows(d, visits=VISITS, event="better"), visits=VISITS)
    assert fit.intervals == ("w12", "w26")
    assert fit.warnings[0].startswith("150 rows of intervals without events")
    d = seen(missed=0).assign(better=lambda d: np.where(d["arm"] == "b", 0, d["better"]))
    with pytest.raises(SeparationError, match=r"`arm\[b\]` is zero or infinite"):
        fit_grouped_hazards("arm", visit_rows(d, visits=VISITS, event="better"), visits=VISITS)


def test_a_visit_that_is_not_planned_or_twice_is_refused() -> None:
    d = pd.DataFrame({"participant_id": [1, 1], "visit": ["w6", "w6"], "better": [0, 1]})
    with pytest.raises(DataError, match="measured twice"):
        visit_rows(d, visits=VISITS, event="better")
    with pytest.raises(DataError, match="w9 is not among the visits"):
        visit_rows(d.assign(visit=["w6", "w9"]), visits=VISITS, event="better")


def test_a_difference_has_limits_where_an_arm_has_no_event() -> None:
    """Of 20 without an event by then the upper limit of the share is 1 - 0.025^(1/20), Clopper and Pearson's."""
    time, event = np.r_[np.arange(1.0, 21), np.full(20, 30.0)], np.r_[np.ones(10), np.zeros(30)]
    found = survival_difference(time, event, np.repeat([0, 1], 20), 10.5)
    assert (found.treated, found.reference) == (1, 0.5)
    low = 1 - 0.025 ** (1 / 20)
    assert found.conf_low == pytest.approx(0.5 - np.hypot(low, 0.5 - found.reference + _upper(0.5, 20) - 0.5), abs=1e-9)
    assert 0 < found.p_value < 0.01
    with pytest.raises(FitError, match="No participant of the treated group is followed up to 40"):
        survival_difference(time, event, np.repeat([0, 1], 20), 40)


def _upper(share: float, n: int) -> float:
    """Return the upper log(-log) limit of a share without censoring."""
    se = np.sqrt(share * (1 - share) / n)
    return share ** np.exp(-1.959963984540054 * se / (share * -np.log(share)))
