"""A daily diary simulated from a plan, checked and analysed as any other: the planted effects are found again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.cohort.read import read_cohort
from coxa.derive.diary import derive_diary
from coxa.derive.lag import lagged
from coxa.derive.within_person import within_between
from coxa.study import read_study
from tests.study.test_simulated_trial import SMALL_PLAN

DIARY = """\
  sessions: {home_per_week: {exercise: 3}}
  diary:
    last_day: 56
    pain:
      shared_change: {plateau: -0.4, plateau_day: 56}
      mean_change: {exercise: {plateau: -1.2, plateau_day: 56}}
      yesterday_load: 0.2
    next_morning: {load: 0.3}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("diary")
    (made / "plan.yaml").write_text(SMALL_PLAN + DIARY, encoding="utf-8")
    words = ["simulate", str(made / "plan.yaml"), "--out", str(made / "out"), "--seed", "1", "--participants", "80"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return made / "out"


def test_the_written_diary_passes_the_check(folder: Path) -> None:
    checked = CliRunner().invoke(app, ["check", str(folder / "study.yaml")])
    assert checked.exit_code == 0, checked.output
    assert "daily_diary" in {path.stem for path in (folder / "data").iterdir()}


def test_the_planted_effects_of_arm_and_of_yesterdays_load_lie_in_their_intervals(folder: Path) -> None:
    planted = json.loads((folder / "truth.json").read_text())["planted"]["diary"]
    assert planted["difference_in_pain"]["exercise"]["last_day"] == -1.2
    assert planted["pain_per_100_au_of_yesterday"] == 0.2
    diary = derive_diary(read_cohort(read_study(folder / "study.yaml")).require_clean())
    diary = diary[diary["pain"].notna()].assign(load=lambda rows: rows["training_load"].astype(float) / 100)
    rows = within_between(lagged(diary, "load"), "load_lag1")
    fit = coxa.fit_lmm(
        "pain ~ arm * week + load_lag1_within + load_lag1_between + (1 | participant_id)",
        rows,
        covariance="sp_exp",
        time="study_day",
    )
    table = fit.tidy().set_index("term")
    slope = planted["difference_in_pain"]["exercise"]["last_day"] / 8  # a straight line over eight weeks
    for term, value in (("arm[exercise]:week", slope), ("load_lag1_within", 0.2), ("arm[exercise]", 0.0)):
        assert table.loc[term, "conf_low"] <= value <= table.loc[term, "conf_high"], term
    assert table.loc["arm[exercise]:week", "conf_high"] < 0
    assert table.loc["load_lag1_within", "conf_low"] > 0.15


def test_pain_of_the_next_morning_goes_with_an_outcome_that_moves_the_pain_of_the_day(tmp_path: Path) -> None:
    outcome = "  pain_week: {label: Pain of the week, source: {table: daily_diary, field: pain}}\n"
    assumed = "    pain_week: {baseline: {mean: 3, sd: 0.5}, scale: bounded}\n"
    words = SMALL_PLAN.replace("\noutcomes:\n", f"\noutcomes:\n{outcome}", 1)
    head, tail = (words + DIARY).split("\nassumptions:\n")
    plan = head + "\nassumptions:\n" + tail.replace("  outcomes:\n", f"  outcomes:\n{assumed}", 1)
    (tmp_path / "study.yaml").write_text(plan, encoding="utf-8")
    diary = coxa.simulate_study(read_study(tmp_path / "study.yaml"), seed=1, participants=60, truth_size=200).tables[
        "daily_diary"
    ]
    below = (diary["pain"] - diary["pain_next_morning"]).astype(float)
    assert diary["pain"].mean() < 4
    assert below.mean() == pytest.approx(1.0, abs=0.25)  # the relief assumed unless given, less what is cut at 0
