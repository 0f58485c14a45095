"""Analyses of events with days in a plan: each gives what its functions give on the rows of its estimand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats

from coxa.analyses.methods import Telling, method_of
from coxa.analyses.methods.times import share_at
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.derive.events import events_until
from coxa.errors import FewClustersError, FitError, MonotoneLikelihoodError
from coxa.estimates import restricted_difference, survival_difference
from coxa.models import (
    adjusted_log_rank,
    fit_cox,
    fit_grouped_hazards,
    fit_recurrent,
    fit_subdistribution,
    gray_test,
    proportional_hazards_test,
    rows_at_risk,
    spans_of_times,
)
from coxa.models.survival.partial import information_of_rows
from coxa.models.survival.proportional import p_value_of_term
from coxa.report.topics.analyses.sentences import result_sentence
from coxa.study import Study
from coxa.study.kinds import study_of
from coxa.tables.records import records

TIME: dict[str, Any] = {"outcome": "sport", "measure": "time", "visit": ["month_6"]}
SUMMARIES = {
    "cox": "hazard_ratio",
    "kaplan_meier": "difference_in_restricted_means",
    "competing_risks": "subdistribution_hazard_ratio",
    "recurrent": "rate_ratio",
}


def plan(model: str, *, summary: str = "", event: dict[str, Any] | None = None, **options: Any) -> Study:
    """Return a plan with one analysis of the time to a return to sport, or of how often it happened."""
    measure = "count" if model == "recurrent" else "time"
    return study_of(
        {
            "study": "sport",
            "title": "Return to sport",
            "design": "parallel",
            "arms": {"usual": {"reference": True, "label": "Usual care"}, "exercise": {"label": "Exercise"}},
            "visits": {"baseline": {"day": 0}, "month_3": {"day": 91}, "month_6": {"day": 182}},
            "covariates": {
                "age": {"type": "number", "unit": "years"},
                "sex": {"type": "category", "levels": ["female", "male"]},
            },
            "outcomes": {"pain": {"range": [0, 10], "higher_is_better": False}},
            "events": {
                "sport": {
                    "label": "Return to sport",
                    "higher_is_better": True,
                    "competing": "surgery",
                    **(event or {}),
                },
                "surgery": {"label": "Hip surgery", "higher_is_better": False},
            },
            "estimands": {
                "main": {
                    "treatment": {"compare": "exercise", "against": "usual"},
                    "endpoint": {**TIME, "measure": measure},
                    "summary": summary or SUMMARIES[model],
                }
            },
            "analyses": {"main": {"estimand": "main", "model": model, **options}},
        }
    )


def rows(n: int = 120, *, competing: bool = True, per_year: float = 2.5) -> pd.DataFrame:
    """Return rows of an estimand until day 182, made by the derivation of events."""
    rng = np.random.default_rng(20261130)
    people = [f"P{k:03d}" for k in range(n)]
    arm = np.where(np.arange(n) % 2 == 0, "usual", "exercise")
    number = rng.poisson(np.where(arm == "exercise", 1.4, 1.0) * per_year)
    own = pd.DataFrame({"participant_id": np.repeat(people, number), "day": rng.integers(0, 365, number.sum())})
    others = rng.random(n) < (0.15 if competing else 0)
    other = pd.DataFrame({"participant_id": np.array(people)[others], "day": rng.integers(1, 365, others.sum())})
    end = pd.Series(np.where(rng.random(n) < 0.2, rng.integers(20, 182, n), 200), people).astype(float)
    frame = events_until(people, 182, own.astype({"day": float}), other.astype({"day": float}), end)
    frame = frame.rename_axis("participant_id").reset_index()
    frame["arm"] = pd.Categorical(arm, ["usual", "exercise"])
    frame["visit"] = pd.Categorical(["month_6"] * n, ["month_6"])
    frame["sex"] = pd.Categorical(np.where(rng.random(n) < 0.5, "male", "female"), ["female", "male"])
    return frame.assign(age=rng.normal(45, 10, n))


def run(study: Study, frame: pd.DataFrame) -> tuple[tuple[Any, ...], pd.DataFrame]:
    planned = study.planned("main")
    fits, found, _ = run_analysis(study, "main", study.analyses["main"], SimulatedRows(frame, planned.response))
    return fits, found.frame


def one(found: pd.DataFrame, term: str, **where: str) -> pd.Series:
    """Return the only row of a kind."""
    mine = found[found["term"] == term]
    for name, value in where.items():
        mine = mine[mine[name] == value]
    (row,) = [row for _, row in mine.iterrows()]
    return row


def called(fit: Any, frame: pd.DataFrame) -> Any:
    """Return what a recorded call gives on the rows of its estimand."""
    verbs = (fit_cox, fit_grouped_hazards, fit_recurrent, fit_subdistribution, rows_at_risk, spans_of_times)
    names = {**{verb.__name__: verb for verb in verbs}, "int": int, "__builtins__": {}}
    return eval(fit.spec.call(), {**names, "data": frame})


def test_cox_gives_hazard_ratios_and_shares() -> None:
    frame = rows(competing=False)
    fits, found = run(plan("cox", adjust=["age"], strata="sex"), frame)
    hand = fit_cox(
        "arm + age", frame.assign(happened=frame["status"] == 1), time="time", event="happened", strata="sex"
    )
    ratio = one(found, "hazard_ratio")
    assert ratio["estimate"] == pytest.approx(np.exp(hand.coef[0]), rel=1e-12)
    assert (ratio["std_error"], ratio["p_value"]) == pytest.approx((hand.se[0], hand.tidy()["p_value"][0]))
    assert called(fits[0], frame).coef == pytest.approx(hand.coef, rel=1e-12)
    usual = frame[frame["arm"] == "usual"]
    assert one(found, "risk", arm="usual")["estimate"] == share_at(usual["time"], usual["status"], 182)[0]
    assert ratio["n_participants"] == len(frame)


def of_clinics(n_clinics: int, *, of_arm: bool = True) -> pd.DataFrame:
    """Return rows of participants in clinics, each with participants of one arm unless `of_arm` is false."""
    frame = rows(competing=False)
    within = np.arange(len(frame)) // 2 % n_clinics
    clinic = 2 * within + np.arange(len(frame)) % 2 if of_arm else within
    return frame.assign(site_id=[f"C{k:02d}" for k in clinic])


def test_hazard_ratios_of_clinics_have_standard_errors_over_them() -> None:
    frame = of_clinics(8)
    fits, found = run(plan("cox", adjust=["age"], cluster="site_id"), frame)
    hand = fit_cox(
        "arm + age", frame.assign(happened=frame["status"] == 1), time="time", event="happened", cluster="site_id",
        correction="leverage",
    )  # fmt: skip
    ratio, alone = one(found, "hazard_ratio"), run(plan("cox", adjust=["age"]), frame)[1]
    assert (ratio["std_error"], ratio["df"]) == pytest.approx((hand.se[0], hand.df(np.array([1.0, 0.0]))), rel=1e-12)
    assert ratio["estimate"] == one(alone, "hazard_ratio")["estimate"]
    assert ratio["df"] < 16
    assert called(fits[0], frame).vcov == pytest.approx(hand.vcov, rel=1e-12)
    assert "robust over 16 clusters" in ratio["method"]
    share = one(found, "risk", arm="usual")
    assert share["estimate"] == one(alone, "risk", arm="usual")["estimate"]
    assert np.isnan(share["conf_low"])


def test_few_clinics_stop_a_hazard_ratio_unless_the_plan_accepts_them() -> None:
    frame = of_clinics(2)
    with pytest.raises(FewClustersError, match="needs at least 4 degrees of freedom"):
        run(plan("cox", cluster="site_id"), frame)
    _, found = run(plan("cox", cluster="site_id", few_clusters="accept"), frame)
    assert "too few levels of" in one(found, "hazard_ratio")["warning"]


def test_hazards_grouped_by_visits_have_no_standard_errors_over_clinics() -> None:
    study = plan("cox", cluster="site_id", event={"known_at_visits": True})
    with pytest.raises(FitError, match="grouped hazards have no standard errors over site_id"):
        run(study, of_clinics(8))


def test_the_comparator_may_be_any_arm() -> None:
    frame = rows()
    study = plan("cox")
    turned = study_of(
        {
            **study.model_dump(mode="json", exclude_unset=True),
            "estimands": {
                "main": {
                    "treatment": {"compare": "usual", "against": "exercise"},
                    "endpoint": TIME,
                    "summary": "hazard_ratio",
                }
            },
        }
    )
    there, back = (one(run(each, frame)[1], "hazard_ratio") for each in (study, turned))
    assert there["estimate"] * back["estimate"] == pytest.approx(1)
    assert (back["arm"], back["reference"]) == ("usual", "exercise")


def test_subgroups_are_ratios_with_a_test_of_the_interaction() -> None:
    frame = rows()
    _, found = run(plan("cox", subgroups=["sex"]), frame)
    hand = fit_cox("arm * sex", frame.assign(happened=frame["status"] == 1), time="time", event="happened")
    mine = found[found["analysis"].str.startswith("main[")].set_index("analysis")
    assert mine.loc["main[sex=female]", "estimate"] == pytest.approx(np.exp(hand.coef[0]))
    assert mine.loc["main[sex=male]", "estimate"] == pytest.approx(np.exp(hand.coef[0] + hand.coef[2]))
    assert mine.loc["main[sex=male-female]", "estimate"] == pytest.approx(np.exp(hand.coef[2]))
    assert mine.loc["main[sex=*]", "p_value"] == pytest.approx(hand.tidy()["p_value"][2])


def test_events_known_at_visits_are_analysed_by_their_intervals() -> None:
    frame = rows(competing=False)
    nearest = frame["time"].map(lambda day: 91.0 if day < 137 else 182.0).where(frame["status"] == 1, frame["time"])
    frame = frame.assign(time=nearest)
    study = plan("cox", event={"known_at_visits": True}, adjust=["age"])
    fits, found = run(study, frame)
    spans = spans_of_times(frame, ["month_3", "month_6"], [91, 182])
    hand = fit_grouped_hazards("arm + age", spans, visits=["month_3", "month_6"])
    assert one(found, "hazard_ratio")["estimate"] == pytest.approx(np.exp(hand.coef[0]))
    assert called(fits[0], frame).coef == pytest.approx(hand.coef)
    said = " ".join(method_of(study.analyses["main"]).sentences(telling(study, fits)))
    assert "known at visits only" in said


def test_curves_give_shares_restricted_means_and_the_log_rank_test() -> None:
    frame = rows(competing=False)
    fits, found = run(plan("kaplan_meier"), frame)
    event, treated = (frame["status"] == 1).astype(int), (frame["arm"] == "exercise").astype(int)
    mean = restricted_difference(frame["time"], event, treated, 182)
    row = one(found, "difference_in_restricted_means")
    assert (row["estimate"], row["std_error"], row["p_value"]) == pytest.approx((mean.estimate, mean.se, mean.p_value))
    assert one(found, "restricted_mean", arm="usual")["estimate"] == pytest.approx(mean.reference.estimate)
    share = survival_difference(frame["time"], event, treated, 182)
    risk = one(found, "risk_difference")
    assert (risk["estimate"], risk["conf_low"], risk["conf_high"]) == pytest.approx(
        (-share.estimate, -share.conf_high, -share.conf_low)
    )
    assert one(found, "joint_test")["method"].startswith("log-rank test")
    assert fits == ()


def test_a_log_rank_test_may_be_adjusted_for_covariates() -> None:
    frame = rows(competing=False)
    _, found = run(plan("kaplan_meier", adjusted_test=["age", "sex"], strata="sex"), frame)
    event, treated = (frame["status"] == 1).astype(int), (frame["arm"] == "exercise").astype(int)
    told = np.column_stack([frame["age"], frame["sex"] == "male"]).astype(float)
    test = adjusted_log_rank(frame["time"], event, treated, told, strata=frame["sex"].astype(str).to_numpy())
    row = found[found["method"].str.contains("adjusted for age and sex") & found["term"].eq("joint_test")].iloc[0]
    assert (row["statistic"], row["p_value"]) == pytest.approx((test.statistic**2, test.p_value))
    ratio = one(found, "hazard_ratio")
    assert (ratio["estimate"], ratio["std_error"]) == pytest.approx((np.exp(test.log_hazard_ratio), test.std_error))
    assert len(found[found["term"] == "joint_test"]) == 2


def test_strata_of_competing_events_are_those_of_the_functions() -> None:
    frame = rows().assign(status=lambda d: d["status"].astype(int))
    _, found = run(plan("competing_risks", strata="sex"), frame)
    fit = fit_subdistribution("arm", frame, time="time", cause="status", strata="sex")
    assert np.log(one(found, "subdistribution_hazard_ratio")["estimate"]) == pytest.approx(fit.coef[0])
    cox = fit_cox("arm", frame.assign(e=frame["status"].eq(1)), time="time", event="e", strata="sex")
    assert np.log(one(found, "hazard_ratio")["estimate"]) == pytest.approx(cox.coef[0])
    sex = frame["sex"].astype(str).to_numpy()
    gray = gray_test(frame["time"], frame["status"], frame["arm"].astype(str), strata=sex)
    assert one(found, "joint_test")["statistic"] == pytest.approx(gray.statistic)


def test_competing_events_that_are_censored_are_a_warning() -> None:
    _, found = run(plan("kaplan_meier"), rows())
    assert found["warning"].str.contains("model competing_risks has their share").all()


def test_competing_risks_give_shares_and_both_hazard_ratios() -> None:
    frame = rows()
    fits, found = run(plan("competing_risks", adjust=["age"]), frame)
    hand = fit_subdistribution("arm + age", frame.astype({"status": int}), time="time", cause="status")
    assert one(found, "subdistribution_hazard_ratio")["estimate"] == pytest.approx(np.exp(hand.coef[0]))
    cause = fit_cox("arm + age", frame.assign(happened=frame["status"] == 1), time="time", event="happened")
    assert one(found, "hazard_ratio")["estimate"] == pytest.approx(np.exp(cause.coef[0]))
    assert "among those who are still at risk" in one(found, "hazard_ratio")["warning"]
    gray = gray_test(frame["time"], frame["status"], frame["arm"])
    assert one(found, "joint_test")["p_value"] == pytest.approx(gray.p_value)
    risks = found[found["term"] == "risk"].set_index("arm")["estimate"]
    assert one(found, "risk_difference")["estimate"] == pytest.approx(risks["exercise"] - risks["usual"])
    assert called(fits[0], frame).coef == pytest.approx(hand.coef)


def test_every_event_counts_in_rates() -> None:
    frame = rows(per_year=4)
    fits, found = run(plan("recurrent", ordered=["pwp-total"]), frame)
    hand = fit_recurrent("arm", rows_at_risk(frame), correction="leverage")
    ratio = one(found, "rate_ratio")
    assert (ratio["estimate"], ratio["std_error"]) == pytest.approx((np.exp(hand.coef[0]), hand.se[0]))
    usual = frame[frame["arm"] == "usual"]
    assert one(found, "rate", arm="usual")["estimate"] == pytest.approx(
        365 * usual["count"].sum() / usual["exposure"].sum()
    )
    assert "not as randomised" in one(found, "hazard_ratio")["warning"]
    assert [called(fit, frame).coef[0] for fit in fits] == pytest.approx([fit.model.coef[0] for fit in fits])
    independent = one(run(plan("recurrent", variance="independent"), frame)[1], "rate_ratio")
    assert independent["estimate"] == ratio["estimate"]
    assert independent["std_error"] != ratio["std_error"]


def test_an_arm_without_events_stops_a_hazard_ratio_and_not_a_curve() -> None:
    frame = rows(competing=False)
    frame["status"] = frame["status"].where(frame["arm"] != "exercise", 0.0)
    with pytest.raises(
        MonotoneLikelihoodError,
        match=r"hazard ratio of `arm\[exercise\]` is zero or infinite(.|\n)*model: kaplan_meier",
    ):
        run(plan("cox"), frame)
    frame["time"] = frame["time"].where(frame["arm"] != "exercise", 182.0)
    row = one(run(plan("kaplan_meier", summary="risk_difference"), frame)[1], "risk_difference")
    assert -1 < row["conf_low"] < row["estimate"] < row["conf_high"] < 0


def test_a_visit_that_is_not_reached_stops_its_comparison() -> None:
    frame = rows()
    frame["time"] = frame["time"].clip(upper=100)
    frame["status"] = frame["status"].where(frame["time"] < 100, 0.0)
    with pytest.raises(FitError, match="followed up to 182"):
        run(plan("kaplan_meier"), frame)


@pytest.mark.parametrize("model", ["cox", "competing_risks", "recurrent"])
def test_no_event_at_all_is_an_analysis_that_cannot_be_fitted(model: str) -> None:
    frame = rows(competing=False).assign(status=0.0, time=182.0, count=0.0, event_days=[()] * 120)
    with pytest.raises(FitError, match="no row has an event"):
        run(plan(model), frame)


def telling(study: Study, fits: tuple[Any, ...]) -> Telling:
    """Return what sentences are made of; only what an analysis says that it cites may be cited."""
    planned = study.planned("main")
    cited = method_of(planned.analysis).words(planned, fits).cites
    marks = {word: f"[{word}]" for word in cited}
    return Telling(planned, fits, marks.__getitem__, lambda formula: formula.partition("~ ")[2])


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("cox", {"strata": "sex"}, "Cox's model[cox] of time to return to sport until Month 6 (day 182)"),
        ("cox", {"strata": "sex"}, "Levels of sex had a baseline hazard each."),
        ("cox", {"cluster": "sex", "few_clusters": "accept"}, "[lin-wei], corrected for their number by the"),
        ("kaplan_meier", {"strata": "sex"}, "by the log-rank test[log-rank], within levels of sex."),
        ("kaplan_meier", {"adjusted_test": "age"}, "was adjusted for age[adjusted-log-rank]: what they tell"),
        ("competing_risks", {"strata": "sex"}, "by Gray's test[gray], within levels of sex."),
        ("competing_risks", {}, "After hip surgery it can no longer happen."),
        (
            "recurrent",
            {},
            "corrected for few participants[leverage], with Satterthwaite's degrees of freedom",
        ),
        ("recurrent", {"variance": "robust"}, "with a variance robust by participant[lwyy]; terms: arm."),
        ("recurrent", {"variance": "independent"}, "as independent[andersen-gill]"),
        ("recurrent", {"ordered": ["pwp-gap"]}, "not as randomised."),
    ],
)
def test_what_the_methods_section_says(model: str, options: dict[str, Any], said: str) -> None:
    study = plan(model, **options)
    fits, _ = run(study, rows())
    assert said in " ".join(method_of(study.analyses["main"]).sentences(telling(study, fits)))


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("cox", {"summary": "risk_difference"}, "do not agree"),
        ("cox", {"adjust": ["height"]}, "do not agree"),
        ("cox", {"strata": "age"}, "do not agree"),
        ("cox", {"ties": "exact"}, "ties"),
        ("cox", {"few_clusters": "accept"}, "this analysis has none"),
        ("cox", {"cluster": "sex", "strata": "sex"}, "also in `strata`"),
        ("cox", {"cluster": "sex", "adjust": ["sex"]}, "also in `adjust`"),
        ("kaplan_meier", {"adjusted_test": "height"}, "do not agree"),
        ("competing_risks", {"strata": "age"}, "do not agree"),
        ("recurrent", {"ordered": ["wlw"]}, "ordered"),
    ],
)
def test_plans_that_do_not_fit_are_refused(model: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        plan(model, **options)


ALIKE = "no estimate of the spread"


@pytest.mark.parametrize("variance", ["corrected", "robust"])
def test_a_rate_ratio_without_spread_has_neither_an_interval_nor_a_test(variance: str) -> None:
    frame = rows(24).assign(exposure=182.0, count=2.0, event_days=[(10.0, 20.0)] * 24)
    (fit,), found = run(plan("recurrent", variance=variance), frame)
    ratio = one(found, "rate_ratio")
    assert ratio["estimate"] == pytest.approx(1)
    assert ratio[["std_error", "statistic", "p_value", "conf_low", "conf_high"]].isna().all()
    assert ratio["warning"].count(ALIKE) == 1
    assert fit.model.tidy()["p_value"].isna().all()
    assert fit.model.joint_test("arm")["p_value"].isna().all()
    rates = found[found["term"] == "rate"]
    assert rates["conf_low"].isna().all()
    assert rates["warning"].str.startswith(ALIKE).all()


def test_participants_who_differ_have_a_spread() -> None:
    days = [(10.0, 20.0), (12.0, 40.0, 50.0), (9.0,), (9.0, 33.0)] * 6
    frame = rows(24).assign(exposure=182.0, count=[float(len(each)) for each in days], event_days=days)
    _, found = run(plan("recurrent"), frame)
    assert 0 < one(found, "rate_ratio")["p_value"] < 1
    assert not found["warning"].str.contains(ALIKE).any()


def test_the_sentence_of_a_result_without_spread_claims_nothing() -> None:
    study = plan("recurrent")
    _, found = run(study, rows(24).assign(exposure=182.0, count=2.0, event_days=[(10.0, 20.0)] * 24))
    (record,) = records(found[found["term"] == "rate_ratio"])
    said = result_sentence(study.planned("main"), record)
    assert str(said).endswith("rate ratio 1.00; the spread could not be estimated, so that nothing is shown.")


def test_a_corrected_rate_ratio_has_t_limits_with_satterthwaites_degrees_of_freedom() -> None:
    """By hand for one coefficient: what each participant is expected to add is his information over (1 - share)^2."""
    frame = rows(24)
    (fit,), found = run(plan("recurrent"), frame)
    row, model = one(found, "rate_ratio"), fit.model
    who = pd.factorize(fit.sample.participant)[0]
    own = np.zeros(who.max() + 1)
    np.add.at(own, who, information_of_rows(list(model.strata), model.coef * model.scale, who.size)[:, 0, 0])
    share = own * model.model_vcov[0, 0] * model.scale[0] ** 2
    sizes = own / (1 - share) ** 2
    df = sizes.sum() ** 2 / (sizes**2).sum()
    assert row["df"] == pytest.approx(df)
    assert 1 < df < 24
    t = abs(np.log(row["estimate"])) / row["std_error"]
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(t, df))
    _, plain = run(plan("recurrent", variance="robust"), frame)
    assert np.isnan(one(plain, "rate_ratio")["df"])


def test_the_p_value_of_one_term_is_that_of_the_test_of_proportional_hazards() -> None:
    rng = np.random.default_rng(5)
    people = pd.DataFrame({"arm": np.tile(["a", "b"], 60), "age": rng.normal(size=120), "event": 1})
    people["day"] = rng.weibull(np.where(people["arm"] == "a", 0.8, 1.6)) + 0.01
    fit = fit_cox("arm + age", people, time="day", event="event")
    every = proportional_hazards_test(fit).frame.set_index("term")["p_value"]
    assert every["arm"] < 0.05
    assert [p_value_of_term(fit, term) for term in ("arm", "age")] == every[["arm", "age"]].tolist()
