"""The worked analyses of other kinds of outcomes: the truth that was planted is in the interval of each."""

from __future__ import annotations

from pathlib import Path

import pytest

import coxa
from coxa.report import primary_rows

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
