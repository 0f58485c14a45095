"""Whether what was to be shown was, and how a difference compares with the one that patients call important."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.errors import PlanError
from coxa.report.topics.analyses.sentences import important_sentence, verdict_sentences
from coxa.study.comparative import ComparativeStudy
from coxa.study.important import Important, compared_with
from coxa.study.reading.read import parse_study
from coxa.tables.records import records
from tests.spec.classes_trial import page, written
from tests.spec.small_trial import plan

MID = ", important_difference: {value: 30, source: Smith 2020}"
MARGIN = ", margin: {type: equivalence, value: VALUE, source: agreed with patients}"
POINTS = Important(1.5, "points", "that patients call important", "Smith 2020")


@pytest.mark.parametrize(
    ("numbers", "size", "interval"),
    [
        ((0.8, 0.1, 1.4), "less than", "and so is the whole interval"),
        ((-0.8, -1.6, 0.2), "less than", "but the interval includes it"),
        ((1.6, -0.2, 3.4), "at least", "but the interval includes smaller ones"),
        ((-2.4, -3.2, -1.6), "at least", "and so is the whole interval"),
    ],
)
def test_the_size_of_a_difference_is_compared_whatever_its_sign(
    numbers: tuple[float, float, float], size: str, interval: str
) -> None:
    assert compared_with(POINTS, *numbers) == (size, interval)


def test_the_important_difference_is_beside_every_estimate_with_its_source(tmp_path: Path) -> None:
    report = coxa.analyse(written(tmp_path, outcome=MID))
    said = (
        "The difference is less than 30 points, and so is the whole interval. "
        "Important difference: the 30 points that patients call important (Smith 2020)."
    )
    planned = report.study.planned("primary")
    (answered,) = [important_sentence(planned, records(planned.asked(report.estimates.frame, "difference")))]
    assert str(answered).replace("\xa0", " ") == said
    text = page(report)
    assert text.count("less than 30, and so is the whole interval") == 4  # by visit, of both analyses
    assert said in text
    assert "Important difference: the 30 points that patients call important (Smith 2020)." in text
    done = CliRunner().invoke(app, ["analyse", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out")])
    assert "less than 30, and so is the whole" in " ".join(done.stdout.split())
    assert "important difference: the 30 points that patients call important (Smith 2020)" in done.stdout


def test_without_a_source_there_is_no_important_difference() -> None:
    study = plan()
    assert study.planned("primary").important is None, "the responder rule has no source"
    rule = study.outcomes["pain"].responder[0].model_copy(update={"source": "Jones 2019"})
    outcome = study.outcomes["pain"].model_copy(update={"responder": (rule,)})
    sourced = study.model_copy(update={"outcomes": {"pain": outcome}})
    found = sourced.planned("primary").important
    assert found is not None
    assert found.amount == "10 points of improvement that make a participant a responder"
    assert sourced.planned("response").important is None


@pytest.mark.parametrize(("value", "verdict"), [("40", "shown"), ("0.5", "not shown")])
def test_the_verdict_is_the_answer_of_summary_and_terminal(tmp_path: Path, value: str, verdict: str) -> None:
    plan_file = written(tmp_path, MARGIN.replace("VALUE", value))
    said = f"Equivalence of Classes against Usual care at Week 12 is {verdict} at the one-sided level of 0.05"
    report = coxa.analyse(plan_file)
    assert str(verdict_sentences(report, report.study.planned("primary"))[0]).startswith(
        f"{said} (margin {value} points, agreed with patients): difference in means "
    )
    text = page(report)
    assert text.index(said) < text.index("Classes against Usual care at Week 12: difference in means")
    done = CliRunner().invoke(app, ["analyse", str(plan_file), "--out", str(tmp_path / "out")])
    assert done.stdout.startswith(said)
    assert verdict_sentences(report, report.study.planned("ancova")) == []


RATIO = Important(1.5, "", "that patients call important", "Smith 2020", is_ratio=True)


@pytest.mark.parametrize(
    ("numbers", "size", "interval", "number"),
    [
        ((1.2, 0.9, 1.4), "nearer to 1 than", "and so is the whole interval", "1.5"),
        ((0.8, 0.6, 1.1), "nearer to 1 than", "but the interval includes it", "0.667"),
        ((2.0, 1.1, 3.6), "at least as far from 1 as", "but the interval includes ratios nearer to 1", "1.5"),
        ((0.5, 0.4, 0.6), "at least as far from 1 as", "and so is the whole interval", "0.667"),
        ((0.0, 0.0, 0.5), "at least as far from 1 as", "and so is the whole interval", "0.667"),
        ((1.51, 1.51, 1.6), "at least as far from 1 as", "and so is the whole interval", "1.5"),
    ],
)
def test_a_ratio_is_compared_by_its_distance_from_1_on_the_log_scale(
    numbers: tuple[float, float, float], size: str, interval: str, number: str
) -> None:
    assert compared_with(RATIO, *numbers) == (size, interval)
    below = Important(1 / 1.5, "", RATIO.what, RATIO.source, is_ratio=True)
    assert compared_with(below, *numbers) == (size, interval)
    assert RATIO.number(numbers[0]) == below.number(numbers[0]) == number


RUNNERS = """
study: runners
title: Retraining for runners
arms:
  usual: {label: Usual running, reference: true}
  gait: {label: Gait retraining}
visits:
  baseline: {day: 0}
  week_8: {label: Week 8, day: 56, window: [-7, 7]}
outcomes:
  pain: {range: [0, 10], higher_is_better: false}
  sign:
    label: Trendelenburg sign
    kind: yes_no
    higher_is_better: false
    important_difference: {KEY: 2, source: Jones 2021}
events:
  back:
    label: Back to running
    higher_is_better: true
    important_difference: {ratio: 1.5, source: runners asked by us}
estimands:
  primary:
    treatment: {compare: gait, against: usual}
    endpoint: {outcome: back, measure: time, visit: week_8}
    summary: hazard_ratio
  sign:
    treatment: {compare: gait, against: usual}
    endpoint: {outcome: sign, visit: week_8}
    summary: SUMMARY
analyses:
  main: {estimand: primary, model: cox}
  sign: {estimand: sign, role: secondary, model: logistic}
assumptions:
  participants: 120
  outcomes: {sign: {risk: {usual: 0.5, gait: 0.2}}}
  happenings: {back: {probability: {usual: 0.3, gait: 0.9}}}
"""


def runners(key: str = "ratio", summary: str = "odds_ratio") -> ComparativeStudy:
    study = parse_study(RUNNERS.replace("KEY", key).replace("SUMMARY", summary).encode())
    assert isinstance(study, ComparativeStudy)
    return study


def test_an_important_ratio_is_on_page_one_and_in_the_tables() -> None:
    trial = coxa.simulate_study(runners(), seed=1, truth_size=500)
    report = coxa.analyse(trial)
    (row,) = records(report.study.main_analysis.asked(report.estimates.frame, "hazard_ratio"))
    size, interval = compared_with(RATIO, *(row[name] for name in ("estimate", "conf_low", "conf_high")))
    text = page(report)
    assert f"The hazard ratio is {size} 1.5, {interval}. Important difference: the ratio of 1.5, or 0.667 in" in text
    assert text.count("(runners asked by us)") >= 2
    assert "Important odds ratio" in text
    assert "the ratio of 2, or 0.5 in the other direction, that patients call important (Jones 2021)" in text


def test_a_ratio_is_beside_ratios_only_and_a_value_beside_scores_only() -> None:
    assert runners(summary="risk_difference").planned("sign").important is None
    assert runners().planned("sign").important is not None
    with pytest.raises(PlanError, match=r"is a ratio. Write `ratio: 1\.5` in place of `value`"):
        runners(key="value")
    text = RUNNERS.replace("KEY", "ratio").replace("SUMMARY", "odds_ratio")
    wrong = text.replace("pain: {", "pain: {important_difference: {ratio: 2, source: S}, ").encode()
    with pytest.raises(PlanError, match="Write `value` in place of `ratio`"):
        parse_study(wrong)
