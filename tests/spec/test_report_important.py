"""Whether what was to be shown was, and how a difference compares with the one that patients call important."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.report.topics.analyses.sentences import important_sentence, verdict_sentences
from coxa.study.important import Important, compared_with
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
