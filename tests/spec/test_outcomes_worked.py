"""The worked analyses of other kinds of outcomes: the truth that was planted is in the interval of each."""

from __future__ import annotations

from pathlib import Path

import pytest

import coxa
from coxa.report import primary_rows
from coxa.report.topics.analyses.arms_table import results_table
from coxa.study.reading.read import parse_study

PLANS = sorted((Path(__file__).parents[2] / "analyses" / "outcomes").glob("*.yaml"))


@pytest.mark.parametrize("path", PLANS, ids=[path.stem for path in PLANS])
def test_the_planted_truth_is_in_the_interval_of_every_analysis(path: Path) -> None:
    trial = coxa.simulate_study(coxa.read_study(path), seed=1, truth_size=20_000)
    report = coxa.analyse(trial)
    assert not report.not_fitted
    beside = trial.truth.beside(primary_rows(report))
    assert set(beside["analysis"]) == set(report.study.analyses)
    assert beside["inside"].all()


def test_there_is_a_plan_for_each_kind_of_endpoint() -> None:
    studies = [coxa.read_study(path) for path in PLANS]
    kinds = {study.endpoint_kind(name) for study in studies for name in study.estimands}
    assert kinds == {"binary", "ordered", "count", "time", "ranking"}


@pytest.mark.parametrize("model", ["proportions", "logistic"])
def test_page_one_counts_who_counts_as_no(model: str) -> None:
    text = (PLANS[0].parent / "responders.yaml").read_text(encoding="utf-8")
    start, end = text.index("analyses:\n"), text.index("assumptions:\n")
    analyses = f"analyses:\n  main: {{estimand: responder, model: {model}, missing_response: non_responder}}\n"
    study = parse_study(f"{text[:start]}{analyses}{text[end:]}".encode())
    trial = coxa.simulate_study(study, seed=1, truth_size=500)
    report = coxa.analyse(trial)
    table = results_table(report, [report.study.planned("main")], "answer", "The answer")
    rows = {str(row.label): [cell.text for cell in row.cells] for row in table.groups[0].rows}
    people = report.datasets["responder"].frame
    for arm, label in (("advice", "Advice (reference)"), ("strengthening", "Strengthening")):
        mine = people[(people["arm"] == arm) & (people["visit"] == "week_12")]["responder"]
        assert mine.isna().any()
        assert rows[label][0] == str(len(mine)) == "100"
        assert rows[label][2].startswith(f"{int(mine.sum())}/100 (")
