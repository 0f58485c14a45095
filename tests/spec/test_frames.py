"""Frames of polars and pyarrow are taken where a pandas frame is, and nothing that comes in is changed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import coxa
from coxa import (
    audit,
    causal,
    design,
    diary,
    episodes,
    estimates,
    figures,
    impute,
    instruments,
    meta,
    models,
    n_of_1,
    report,
    simulate,
)
from coxa.errors import OptionError
from coxa.frames import as_arrow, as_pandas
from coxa.study import RegistryAssumptions
from coxa.study.audit.plan import AuditPlan
from tests.reference.trial import trial
from tests.spec.clinic import clinic
from tests.spec.test_public_names import everything

As = Callable[[pd.DataFrame], Any]
"""Makes a frame of one kind."""


def to_polars(frame: pd.DataFrame) -> Any:
    return pytest.importorskip("polars", reason="polars is not installed").from_pandas(frame)


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


VISITS = ["week_6", "week_12", "week_26", "week_52"]
BLOCKS = design.PermutedBlocks({"a": 1, "b": 1}, (4,))
BY_SEX = design.Stratified(BLOCKS, {"sex": ("female", "male")})
BY_MINIMISATION = design.Minimisation({"a": 1, "b": 1}, {"sex": ("female", "male")}, probability=1)
PEOPLE = pd.DataFrame({"participant_id": [f"P{k}" for k in range(8)], "sex": ["female", "male"] * 4})
SCORES = pd.DataFrame({"participant_id": range(6), "arm": list("aaabbb"), "y": [1.0, 2, 3, 4, 5, 6]})
BINARY = pd.DataFrame({"participant_id": range(20), "arm": ["a"] * 10 + ["b"] * 10, "better": [1] * 7 + [0] * 13})
EVENTS = pd.DataFrame({"arm": ["a", "a", "b", "b"], "flares": [3, 4, 1, 1], "years": [1.0, 1.0, 1.0, 2.0]})
ANSWERS = pd.DataFrame({"participant_id": "a", "visit": "v", "item": ["q1", "q2", "q3", "q4"], "value": [2, 1, 3, 9]})
WIDE = pd.DataFrame({"participant_id": ["a", "b"], "visit": ["v", "v"], "nprs_pain": [4.0, np.nan]})
WAVES = pd.DataFrame({"participant_id": range(40), "age": np.arange(40) % 23, "pain": 50 + 9 * np.sin(np.arange(40.0))})
COURSE = pd.DataFrame(
    {"visit": ["week_9", "year_1"], "day": [63, 365], "arm": "exercise", "n": 20, "mean": [-20.0, -25.0]}
).assign(conf_low=lambda d: d["mean"] - 9, conf_high=lambda d: d["mean"] + 9)
EPISODES = pd.DataFrame(
    {"clinic": list("aabb"), "eligible": 1, "asked": 1, "intake": [1, 1, 1, 0], "due": [1, 1, 0, 0]}
)
EPISODES = EPISODES.assign(done=[1, 0, 0, 0])
SEEN = pd.DataFrame({"sex": list("fffmmm"), "done": [1, 1, 0, 1, 0, 0]})
MIXED = pd.DataFrame({"participant_id": range(8), "arm": list("aaaabbbb"), "better": [0, 1, 0, 0, 1, 1, 0, 1]})
FLARES = pd.DataFrame({"participant_id": range(6), "day": [6, 7, 9, 10, 13, 15], "flare": [1, 0, 1, 1, 1, 0]})
FLARES = FLARES.assign(arm=list("ababab"))
AT_RISK = FLARES.rename(columns={"day": "stop", "flare": "event"}).assign(start=0.0, number=1, gap=5.0)
SPANS = pd.DataFrame({"arm": list("aaabbb") * 2, "interval": ["w6"] * 6 + ["w12"] * 6})
SPANS = SPANS.assign(before=["start"] * 6 + ["w6"] * 6, event=[1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0])
CLUSTERED = pd.DataFrame({"participant_id": np.repeat(list("abcd"), 3), "better": [0, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]})
CELLS = pd.DataFrame({"sex": ["f", "m"], "due": [30, 20], "done": [20, 10]})
ROWS = pd.DataFrame(
    {
        "patient": ["01", "02"],
        "clinic": "A",
        "intake_date": pd.to_datetime(["2025-01-07", "2025-01-09"]),
        "discharge_date": pd.to_datetime(["2025-03-07", None]),
        "pain_intake": [7.0, 6.0],
        "pain_discharge": [3.0, np.nan],
    }
)
ASKED = "SELECT patient, pain_intake, done FROM episodes ORDER BY patient"
POWER = pd.DataFrame(
    [["main", "a", "b", "w", "", n, p, 0.01] for n, p in ((50, 0.6), (100, 0.9))],
    columns=["analysis", "arm", "reference", "visit", "setting", "n", "power", "power_error"],
)


EXERCISES = pd.DataFrame(
    {"sets": [3, 2, 0], "sets_prescribed": 3, "repetitions": [10, 8, None], "repetitions_prescribed": 10}
)
ZEROS = pd.DataFrame({"arm": list("ab") * 20, "falls": [0, 0, 3, 2, 0, 1, 5, 0, 0, 2] * 4})
FALLS = ZEROS.assign(participant_id=range(40), year=1.0, seen=[0.5, 1.0, 1.0, 1.0] * 10)
ENTRY = pd.DataFrame({"age": 50.0 + np.arange(30) % 7, "sex": ["female", "male", "male"] * 10})
ENTRY = ENTRY.assign(age=ENTRY["age"].mask(ENTRY.index == 3))
GROUPED = pd.DataFrame({"age": 50.0 + np.arange(40) % 13, "group": list("aabab") * 8, "weeks": 1.0 + np.arange(40) % 9})
GROUPED = GROUPED.assign(pain=GROUPED["age"] / 9 + np.sin(np.arange(40.0)), seen=[1, 1, 1, 0] * 10)
TWO_GROUPS = {"group": "group", "treated": "b", "confounders": ["age"]}
THREE = GROUPED.assign(group=list("aabcbacb") * 5)
SEVERAL = {"group": "group", "against": "a", "confounders": ["age"]}
GAPPY = pd.DataFrame({"participant_id": np.repeat(np.arange(60), 2), "visit": ["a", "b"] * 60})
GAPPY = GAPPY.assign(
    arm=np.where(GAPPY["participant_id"] % 2, "new", "old"),
    age=50.0 + GAPPY["participant_id"] % 11,
    change=np.where(GAPPY.index % 9 == 5, np.nan, np.sin(np.arange(120.0) ** 2)),
)


@cache
def gappy_fit() -> models.Fit:
    return models.fit_mmrm("change ~ arm * visit", GAPPY)


@cache
def counted_fit() -> models.GLMFit:
    return models.fit_glm("falls ~ arm", FALLS, family="negative_binomial", exposure="seen")


def rows() -> pd.DataFrame:
    return trial().assign(arm=lambda d: d["arm"].astype(str), visit=lambda d: d["visit"].astype(str))


def days() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"participant_id": np.repeat(list("abc"), 35), "study_day": np.tile(np.arange(1, 36), 3)})
    return frame.assign(
        pain=rng.integers(0, 8, 105).astype(float),
        pain_next_morning=rng.integers(0, 6, 105).astype(float),
        training_load=rng.integers(0, 400, 105).astype(float),
        training_minutes=rng.integers(0, 90, 105),
        perceived_exertion=rng.integers(1, 10, 105),
        exercises_done=rng.integers(0, 4, 105),
        exercises_prescribed=3,
    )


def in_many() -> pd.DataFrame:
    """Return three small trials, one below the other."""
    who, visits = np.tile(np.repeat(np.arange(30), 2), 3), ["a", "b"] * 90
    frame = pd.DataFrame({"trial": np.repeat([1, 2, 3], 60), "participant_id": who, "visit": visits})
    return frame.assign(y=np.sin(np.arange(180.0) ** 2))


def followed() -> pd.DataFrame:
    """Return sixty participants with their value before and six weeks later."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"participant_id": range(60), "visit": "week_6", "arm": ["a", "b"] * 30, "study_day": 42})
    frame["baseline"] = rng.normal(50, 10, 60)
    return frame.assign(value=20 + 0.5 * frame["baseline"] + rng.normal(0, 5, 60))


@cache
def fitted() -> models.Fit:
    return models.fit_lmm("y ~ arm + (1 | site)", SCORES.assign(site=list("pqpqpq")))


@cache
def over_age() -> simulate.Truth:
    curve = simulate.TrueCurve("pain", "v1", "b", "a", "age", (40.0, 80.0), (0.0, -8.0), 0.0, "exact")
    return simulate.Truth({}, (), "", (curve,))


AT_AGES = pd.DataFrame(
    {
        "estimand": "pain",
        "analysis": ["main[age=50]", "main[age=60]"],
        "term": "band_at_value",
        "visit": "v1",
        "arm": "b",
        "reference": "a",
        "estimate": [-2.5, -4.5],
        "conf_low": [-5.0, -7.0],
        "conf_high": [0.0, -2.0],
    }
)


@cache
def simulated() -> simulate.SimulatedTrial:
    return coxa.simulate_study(coxa.preset("bennell-2014"), participants=40, truth_size=2000, seed=1)


@cache
def analysed() -> coxa.Report:
    return coxa.analyse(simulated())


def seals(into: As) -> pd.DataFrame:
    used = design.randomise(design.Simple({"a": 1, "b": 1}), 4, seed=2**100 + 7)
    sealed = design.seal(used)
    changed = used.frame.assign(arm=["b" if arm == "a" else "a" for arm in used.frame["arm"]])
    return design.check_seals(into(sealed.public), into(sealed.key), into(changed)).to_frame()


def attacked(into: As) -> list[report.Recovered] | Any:
    """Attack a report that is shared without protection, so that something is found."""
    made = coxa.analyse(clinic(Path()))
    made.write("all", style="plain")
    return report.attack(Path("all"), into(report.results_frame(made)), k=100)


def changed_results(into: As) -> pd.DataFrame:
    frame = report.results_frame(analysed())
    return report.compare_results(into(frame), into(frame.assign(value=frame["value"] + 1)))


@cache
def registry() -> Any:
    return simulate.simulate_registry(RegistryAssumptions(years=1), seed=1, episodes=900)


def tiny_audit() -> AuditPlan:
    given = {"audit": "tiny", "title": "Tiny", "data": {"file": "a.csv"}, "outcomes": {"pain": {"instrument": "nprs"}}}
    return AuditPlan.model_validate(given)


PLACE = np.arange(24)
SESSIONS = (PLACE % 2) * (3 + PLACE % 7)
VISITED = pd.DataFrame(
    {
        "participant_id": PLACE,
        "arm": ["a", "b"] * 12,
        "drawn": PLACE % 2,
        "sessions": SESSIONS,
        "came": (PLACE % 2) * (PLACE % 3 > 0),
        "pain": 50.0 - SESSIONS + np.cos(PLACE),
    }
)
CYCLES = pd.DataFrame(
    {
        "participant_id": np.repeat(list("stu"), 4),
        "block": [1, 1, 2, 2] * 3,
        "period": [1, 2, 3, 4] * 3,
        "treatment": list("abba") * 3,
        "pain": [5.0, 3, 2, 6, 7, 4, 4, 6, 5, 5, 3, 4],
    }
)
DAYS = pd.DataFrame({"participant_id": np.repeat(np.arange(16), 8), "arm": np.repeat(["a", "b"], 64)}).assign(
    pain=lambda rows: 5 + np.sin(rows["participant_id"]) + np.cos(7.0 * rows.index) * np.where(rows["arm"] == "a", 2, 1)
)
WINDOWS = pd.DataFrame({"participant_id": ["P1", "P2"], "window_days": [[1, 8], []], "window_values": [[4.0, 5.0], []]})
LATITUDE = pd.DataFrame({"latitude": [44.0, 55, 42, 13]})

CASES: dict[str, Callable[[As], Any]] = {
    "audit.cell_weights": lambda into: audit.cell_weights(
        audit.fit_cells(CELLS, "due", "done", ["sex"]), into(CELLS), "due", "done"
    ).weights.tolist(),
    "audit.completeness": lambda into: audit.completeness(into(EPISODES), ["clinic"]),
    "audit.completeness_weights": lambda into: audit.completeness_weights("done ~ sex", into(SEEN)).params.to_frame(),
    "causal.complier_effect": lambda into: causal.complier_effect(into(VISITED), "pain", "came").effect.estimate,
    "causal.curved_modifier": lambda into: causal.curved_modifier(into(GROUPED), "age").data,
    "causal.dose_response": lambda into: causal.dose_response(into(VISITED), "pain", "sessions").slope.to_dict(),
    "causal.instrumental_effect": lambda into: (
        causal.instrumental_effect(into(VISITED), "pain", "came", "drawn").estimate
    ),
    "causal.mediated_effects": lambda into: causal.mediated_effects(into(VISITED), "pain", "sessions").table,
    "meta.pool_effects": lambda into: meta.pool_effects(
        [-0.4, -0.3, -0.6, -0.1], [0.04] * 4, moderators=into(LATITUDE)
    ).to_frame(),
    "meta.pool_levels": lambda into: (
        meta.pool_levels([-0.4, -0.3, -0.6, -0.1], [0.04] * 4, list("aabc"), moderators=into(LATITUDE)).names
    ),
    "causal.balance_of": lambda into: (
        causal.balance_of(into(GROUPED), causal.balancing_weights(GROUPED, **TWO_GROUPS), ["age"]).table
    ),
    "causal.balancing_weights": lambda into: causal.balancing_weights(into(GROUPED), **TWO_GROUPS).value.tolist(),
    "causal.bootstrap_groups": lambda into: (
        causal.bootstrap_groups(into(GROUPED), lambda rows: rows["pain"].mean(), group="group", replicates=5).std_error
    ),
    "causal.compare_group_courses": lambda into: (
        causal.compare_group_courses(
            into(GROUPED.assign(participant_id=range(len(GROUPED)), visit="w1")), outcome="pain", **TWO_GROUPS
        )["w1"].estimates.frame
    ),
    "causal.compare_matched": lambda into: (
        causal.compare_matched(into(GROUPED), outcome="pain", caliper=None, **TWO_GROUPS).estimates.frame
    ),
    "causal.compare_matched_times": lambda into: (
        causal.compare_matched_times(
            into(GROUPED), time="weeks", event="seen", horizon=6.0, caliper=None, **TWO_GROUPS
        ).estimates.frame
    ),
    "causal.compare_group_times": lambda into: (
        causal.compare_group_times(into(GROUPED), time="weeks", event="seen", horizon=6.0, **TWO_GROUPS).estimates.frame
    ),
    "causal.balance_of_groups": lambda into: causal.balance_of_groups(
        into(THREE), causal.weights_of_groups(THREE, group="group", confounders=["age"]), ["age"]
    ).table.astype({"apart_before": str, "apart_after": str}),
    "causal.compare_several_courses": lambda into: (
        causal.compare_several_courses(
            into(THREE.assign(participant_id=range(len(THREE)), visit="w1")), outcome="pain", **SEVERAL
        )["w1"].estimates.frame
    ),
    "causal.compare_several_groups": lambda into: (
        causal.compare_several_groups(into(THREE), outcome="pain", **SEVERAL).estimates.frame
    ),
    "causal.compare_several_times": lambda into: (
        causal.compare_several_times(
            into(THREE), time="weeks", event="seen", horizon=6.0, estimator="g_computation", **SEVERAL
        ).estimates.frame
    ),
    "causal.weights_of_groups": lambda into: causal.weights_of_groups(
        into(THREE), group="group", confounders=["age"]
    ).value.tolist(),
    "causal.permute_clusters": lambda into: (
        causal.permute_clusters(
            into(
                pd.DataFrame(
                    {
                        "site": list("aaabbbcccddd"),
                        "when": [1, 2, 3] * 4,
                        "steps": ["early"] * 6 + ["late"] * 6,
                        "y": [5.0, 2, 1, 6, 3, 1, 5, 6, 2, 7, 5, 3],
                    }
                )
            ),
            {"early": [0, 1, 1], "late": [0, 0, 1]},
            outcome="y",
            cluster="site",
            period="when",
            sequence="steps",
            between=1.0,
            within=1.0,
        ).p_value
    ),
    "causal.transport": lambda into: (
        causal.transport(
            into(GROUPED), into(GROUPED[["age"]]), outcome="pain", arm="group", treated="b", covariates=["age"]
        ).estimates.frame
    ),
    "causal.compare_groups": lambda into: (
        causal.compare_groups(into(GROUPED), outcome="pain", **TWO_GROUPS).estimates.frame
    ),
    "causal.match_nearest": lambda into: causal.match_nearest(into(GROUPED), **TWO_GROUPS).pairs,
    "causal.unadjusted": lambda into: (
        causal.unadjusted(into(GROUPED), outcome="pain", group="group", treated="b").frame
    ),
    "causal.unmeasured_confounding": lambda into: (
        causal.unmeasured_confounding(
            into(GROUPED), outcome="pain", estimate=1.0, low=0.5, high=1.5, **TWO_GROUPS
        ).table
    ),
    "cohort.read_cohort": lambda into: coxa.read_cohort(
        simulated().study, {name: into(frame) for name, frame in simulated().tables.items()}
    ).table("assessments"),
    "design.balance": lambda into: design.balance(BY_SEX, participants=into(PEOPLE), replicates=20, seed=1).frame,
    "design.check_seals": seals,
    "design.next_allocation": lambda into: (
        design.next_allocation(
            BY_MINIMISATION, into(PEOPLE.head(1).assign(arm="b")), {"participant_id": "2", "sex": "female"}, seed=1
        ).frame
    ),
    "design.predictability": lambda into: (
        design.predictability(BY_SEX, participants=into(PEOPLE), replicates=20, seed=1).share
    ),
    "design.randomise": lambda into: design.randomise(BY_SEX, participants=into(PEOPLE), seed=1).frame,
    "design.rehearse": lambda into: (
        design.rehearse(
            simulated().study, {name: into(frame) for name, frame in simulated().tables.items()}, replicates=5
        ).frame
    ),
    "design.rerandomisation_test": lambda into: (
        design.rerandomisation_test(
            into(PEOPLE.assign(arm=list("abbaabab"), y=[1.0, 4, 5, 2, 1, 6, 2, 5])), BLOCKS, outcome="y", seed=1
        ).p_value
    ),
    "diary.exercise_doses": lambda into: diary.exercise_doses(into(EXERCISES)),
    "diary.flare_days": lambda into: diary.flare_days(into(days())),
    "diary.progression": lambda into: diary.progression(into(days())),
    "diary.training_weeks": lambda into: diary.training_weeks(into(days())),
    "diary.diary_adherence": lambda into: diary.diary_adherence(into(days()), last_day=40),
    "diary.flare_rates": lambda into: diary.flare_rates(into(days())),
    "diary.flares": lambda into: diary.flares(into(days())),
    "diary.lagged": lambda into: diary.lagged(into(days()), "pain"),
    "diary.pain_monitoring": lambda into: diary.pain_monitoring(into(days())),
    "diary.session_load": lambda into: diary.session_load(into(days().drop(columns="training_load"))),
    "diary.within_between": lambda into: diary.within_between(into(days()), "pain"),
    "diary.workload": lambda into: diary.workload(into(days()), "week_on_week"),
    "diary.workload_summary": lambda into: diary.workload_summary(into(days())),
    "audit.fit_cells": lambda into: audit.fit_cells(into(CELLS), "due", "done", ["sex"]).terms,
    "clinics.audit_clinics": lambda into: (
        coxa.audit_clinics(registry().plan, into(registry().episodes)).case_mix["pain"].clinics
    ),
    "episodes.episodes_of_frame": lambda into: episodes.episodes_of_frame(
        tiny_audit(), into(ROWS), data_cut=date(2025, 12, 31)
    ).query(ASKED),
    "episodes.read_episodes": lambda into: episodes.read_episodes(tiny_audit(), into(ROWS)).query(ASKED),
    "estimates.row_mean_scores_test": lambda into: estimates.row_mean_scores_test(into(MIXED), "better").means.assign(
        p=estimates.row_mean_scores_test(into(MIXED), "better").p_value
    ),
    "estimates.win_probability": lambda into: estimates.win_probability(into(MIXED), "better").frame,
    "estimates.fit_proportions": lambda into: estimates.fit_proportions(into(BINARY), "better", against="b").frame,
    "estimates.fit_rates": lambda into: estimates.fit_rates(into(EVENTS), "flares", "years", against="b").frame,
    "estimates.standardised_effect": lambda into: (
        estimates.standardised_effect(
            estimates.contrasts(models.fit_ancova("y ~ arm", SCORES)), into(SCORES), response="y", visit=None
        ).frame
    ),
    "estimates.standardised_means": lambda into: (
        estimates.standardised_means(models.fit_glm("better ~ arm", MIXED), into(MIXED)).means
    ),
    "estimates.standardised_risks": lambda into: (
        estimates.standardised_risks(models.fit_glm("better ~ arm", MIXED), into(MIXED)).frame
    ),
    "figures.plot_caterpillar": lambda into: (
        figures.plot_caterpillar(into(fitted().random_effects()), factor="site").data
    ),
    "figures.plot_power": lambda into: figures.plot_power(into(POWER)).data,
    "figures.plot_profile": lambda into: (
        figures.plot_profile(
            coxa.preset("moa-2013"), into(COURSE), "womac", quantity="Mean", figure_id="means", title="WOMAC"
        ).data
    ),
    "instruments.check_items": lambda into: instruments.check_items(into(ANSWERS), "hoos").to_frame(),
    "instruments.items_from_wide": lambda into: instruments.items_from_wide(into(WIDE), "nprs"),
    "instruments.score": lambda into: instruments.score(into(ANSWERS.head(3)), "hoos", scales="qol"),
    "instruments.womac_from_hoos": lambda into: instruments.womac_from_hoos(
        into(ANSWERS.assign(item=["p4", "a17", "p1", "q1"]))
    ),
    "models.Fit.predict": lambda into: fitted().predict(into(pd.DataFrame({"arm": ["a", "b"], "site": ["p", "q"]}))),
    "models.GLMFit.predict": lambda into: (
        models.fit_glm("better ~ arm", MIXED).predict(into(pd.DataFrame({"arm": ["a", "b"]}))).to_numpy()
    ),
    "models.GEEFit.predict": lambda into: models.fit_gee("better ~ arm", MIXED).predict(into(MIXED)),
    "models.fit_ancova": lambda into: models.fit_ancova("change ~ arm", into(rows()), at_visit="week_12").tidy(),
    "models.fit_batch": lambda into: (
        models.fit_batch(
            "y ~ visit", into(in_many().head(60)), np.cos(np.outer([1.0, 2.0], np.arange(60) ** 2)), [{"visit[b]": 1}]
        ).estimate
    ),
    "models.fit_clda": lambda into: models.fit_clda(into(followed())).tidy(),
    "models.fit_cox": lambda into: models.fit_cox("arm", into(FLARES), time="day", event="flare").tidy(),
    "models.fit_cox_arrays": lambda into: models.fit_cox_arrays(
        [6, 7, 9, 10, 13, 15], [1, 0, 1, 1, 1, 0], into(pd.DataFrame({"b": [0, 1, 0, 1, 0, 1]}))
    ).tidy(),
    "models.fit_gee": lambda into: models.fit_gee("better ~ arm", into(MIXED)).tidy(),
    "impute.conditional_mean": lambda into: (
        impute.conditional_mean(gappy_fit(), into(GAPPY), reference="old").differences().frame
    ),
    "impute.fit_dropout": lambda into: impute.fit_dropout(into(GAPPY), "change", ["age"]).table,
    "impute.impute_counts": lambda into: next(
        impute.impute_counts(counted_fit(), into(FALLS), "year", reference="b", draws=2).frames()
    ),
    "impute.impute_covariates": lambda into: impute.impute_covariates(into(ENTRY), ["age", "sex"]).data,
    "impute.incomplete_outcomes": lambda into: impute.incomplete_outcomes(gappy_fit(), into(GAPPY), reference="old").y,
    "models.fit_zero_inflated": lambda into: models.fit_zero_inflated("falls ~ arm", into(ZEROS)).tidy(),
    "models.fit_glm": lambda into: models.fit_glm("better ~ arm", into(MIXED)).params.to_frame(),
    "models.fit_grouped_hazards": lambda into: models.fit_grouped_hazards(
        "arm", into(SPANS), visits=["w6", "w12"], since="before"
    ).tidy(),
    "models.GLMMFit.predict": lambda into: pd.DataFrame(
        models.fit_glmm("better ~ 1 + (1 | participant_id)", CLUSTERED).predict(into(CLUSTERED))
    ),
    "models.fit_glmm": lambda into: models.fit_glmm(
        "better ~ 1 + (1 | participant_id)", into(CLUSTERED)
    ).params.to_frame(),
    "models.fit_lmm": lambda into: models.fit_lmm(
        "change ~ arm + (1 | participant_id)", into(rows()), ddf="satterthwaite"
    ).tidy(),
    "models.day_rows": lambda into: models.day_rows(into(WINDOWS)),
    "models.LocationScaleFit.predict": lambda into: models.fit_location_scale(
        "pain ~ arm", DAYS, within="arm", random_scale=False
    ).predict(into(DAYS.head(3))),
    "models.fit_location_scale": lambda into: (
        models.fit_location_scale("pain ~ arm", into(DAYS), within="arm", random_scale=False).coefficients
    ),
    "n_of_1.block_differences": lambda into: n_of_1.block_differences(into(CYCLES), "pain", compare="b", against="a")[
        "difference"
    ].tolist(),
    "n_of_1.pool_series": lambda into: (
        n_of_1.pool_series(into(n_of_1.block_differences(CYCLES, "pain", compare="b", against="a")), order=False)
        .people["shrunken"]
        .tolist()
    ),
    "models.fit_mmrm": lambda into: models.fit_mmrm("change ~ arm * visit", into(rows()), visits=VISITS).tidy(),
    "models.fit_recurrent": lambda into: models.fit_recurrent("arm", into(AT_RISK)).tidy(),
    "models.fit_subdistribution": lambda into: models.fit_subdistribution(
        "arm", into(FLARES), time="day", cause="flare"
    ).tidy(),
    "models.OrdinalFit.predict": lambda into: models.fit_ordinal("better ~ arm", MIXED, levels=[0, 1]).predict(
        into(pd.DataFrame({"arm": ["a", "b"]}))
    ),
    "models.fit_ordinal": lambda into: models.fit_ordinal("better ~ arm", into(MIXED), levels=[0, 1]).params.to_frame(),
    "models.fit_trials": lambda into: models.fit_trials("y ~ visit", into(in_many()), [{"visit[b]": 1}]).estimate,
    "models.recurrent_rows": lambda into: models.recurrent_rows(
        into(FLARES.head(2)), into(pd.DataFrame({"participant_id": [0, 0], "on": [2, 3]})), end="day", day="on"
    ),
    "models.rows_at_risk": lambda into: models.rows_at_risk(
        into(pd.DataFrame({"participant_id": ["P1", "P2"], "event_days": [[5, 5], []], "exposure": [20, 30]}))
    ),
    "models.spans_of_times": lambda into: models.spans_of_times(
        into(FLARES.rename(columns={"flare": "status", "day": "time"})), ["w1", "w2"], [7, 14]
    ),
    "models.split_follow_up": lambda into: models.split_follow_up(
        into(FLARES), at=[7], time="day", event="flare", arm="arm"
    ),
    "models.visit_rows": lambda into: models.visit_rows(
        into(pd.DataFrame({"participant_id": [1, 1], "visit": ["w6", "w12"], "better": [0, 1]})),
        visits=["w6", "w12"],
        event="better",
    ),
    "models.with_baseline": lambda into: models.with_baseline(into(followed())),
    "report.attack": attacked,
    "report.compare_results": changed_results,
    "estimates.bootstrap_participants": lambda into: (
        estimates.bootstrap_participants(
            models.fit_ancova("y ~ arm", SCORES), into(SCORES), estimates.marginal_means, replicates=100
        )
        .estimates()
        .frame
    ),
    "simulate.Truth.beside": lambda into: simulated().truth.beside(into(analysed().estimates.frame)),
    "simulate.Truth.beside_curves": lambda into: over_age().beside_curves(into(AT_AGES)),
    "simulate.synthetic_twin": lambda into: simulate.synthetic_twin(into(WAVES), seed=1).data,
    "simulate.synthetic_twins": lambda into: simulate.synthetic_twins(
        {"people": into(WAVES.drop(columns="pain")), "pain": into(WAVES.drop(columns="age"))}, seed=1
    ).tables["pain"],
}
"""Public function -> what it gives for frames of one kind."""

KINDS: dict[str, As] = {"pandas": lambda frame: frame, "polars": to_polars, "pyarrow": to_arrow}


def takers() -> Iterator[str]:
    """Yield every public function, and method of a public class, that takes a frame."""
    for name, thing in everything():
        methods = inspect.getmembers(thing, inspect.isfunction) if inspect.isclass(thing) else [("", thing)]
        for method, function in methods:
            takes = inspect.signature(function).parameters.values() if inspect.isroutine(function) else ()
            if not method.startswith("_") and any(
                re.search(r"^(?!.*Callable).*Frame\b", str(each.annotation)) for each in takes
            ):
                yield f"{name}.{method}".removeprefix("coxa.").rstrip(".")


def test_every_public_function_that_takes_a_frame_is_tried() -> None:
    assert sorted(CASES) == sorted(takers())


@pytest.mark.some(110)
@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("name", list(CASES))
def test_a_function_gives_the_same_for_any_frame(
    name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    handed: list[tuple[pd.DataFrame, pd.DataFrame]] = []

    def into(frame: pd.DataFrame) -> Any:
        handed.append((frame, frame.copy()))
        return KINDS[kind](frame)

    same(CASES[name](into), CASES[name](lambda frame: frame))
    for frame, before in handed:
        pd.testing.assert_frame_equal(frame, before)


def same(got: Any, wanted: Any) -> None:
    """Assert that two results are the same; there is something in them."""
    if isinstance(wanted, pd.DataFrame):
        assert len(wanted)
        pd.testing.assert_frame_equal(got, wanted, check_dtype=False)
    elif isinstance(wanted, np.ndarray):
        np.testing.assert_allclose(got, wanted)
    else:
        assert got == wanted
        assert wanted


def test_a_pandas_frame_is_taken_as_it_is() -> None:
    frame = days()
    assert as_pandas(frame) is frame
    pd.testing.assert_frame_equal(as_pandas(as_arrow(frame)), frame, check_dtype=False)


@pytest.mark.parametrize("given", [[1, 2], {"change": [1.0]}, None])
@pytest.mark.parametrize("function", [models.fit_ancova, diary.lagged, estimates.fit_rates, models.fit_clda])
def test_what_is_no_frame_is_answered(function: Callable[..., Any], given: object) -> None:
    words = {"formula": "change ~ arm", "columns": "pain", "events": "flares", "exposure": "years"}
    asked = {name: word for name, word in words.items() if name in inspect.signature(function).parameters}
    with pytest.raises(OptionError, match="polars or pyarrow"):
        function(data=given, **asked)
