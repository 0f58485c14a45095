"""Rehearsals of treatments in periods: what is shuffled, that the allocation is not read, and the planted truth."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.design.by_simulation.comparisons import blind_to_arms
from coxa.design.by_simulation.rehearsal import rehearse
from coxa.design.by_simulation.rehearsed import planted, read_skeleton
from coxa.errors import OptionError
from coxa.simulate import SimulatedTrial, trial_design
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study

ANALYSES = Path(__file__).parents[2] / "analyses"
SMALLER = {
    "crossover": (),
    "n_of_1": (("participants: 24", "participants: 12"),),
    "stepped_wedge": (("programme: -8", "programme: 0"), ("participants: 600", "participants: 240")),
}
"""Plan -> what is written in place of what in the plan that the data are drawn from."""


@cache
def drawn(name: str) -> tuple[ComparativeStudy, SimulatedTrial]:
    """Return the plan that is rehearsed, and a trial."""
    text = (ANALYSES / name / "study.yaml").read_text(encoding="utf-8")
    for old, new in SMALLER[name]:
        assert old in text
        text = text.replace(old, new)
    study = parse_study(text.encode())
    assert isinstance(study, ComparativeStudy)
    trial = coxa.simulate_study(study, seed=1, truth_size=2000)
    made = trial.study
    assert isinstance(made, ComparativeStudy)
    if name == "stepped_wedge":
        outcomes = dict(made.assumptions.outcomes)  # type: ignore[union-attr]
        outcomes["pain"] = outcomes["pain"].model_copy(update={"treatments": {"programme": -8.0}})
        made = made.model_copy(update={"assumptions": made.assumptions.model_copy(update={"outcomes": outcomes})})  # type: ignore[union-attr]
    return made, trial


@pytest.mark.parametrize(("name", "truth"), [("crossover", -7.0), ("n_of_1", -1.0), ("stepped_wedge", -8.0)])
def test_the_planted_effect_is_found(name: str, truth: float) -> None:
    study, trial = drawn(name)
    found = rehearse(study, trial.tables, replicates=24, analyses=["primary"]).frame.iloc[0]
    assert found["truth"] == pytest.approx(truth)
    assert abs(found["bias"]) < 4 * found["bias_error"]
    assert found["converged"] == 1
    assert found["coverage"] > 0.75


@pytest.mark.parametrize(
    ("name", "columns"),
    [("crossover", ["arm"]), ("n_of_1", ["sequence"]), ("stepped_wedge", ["arm", "treatment_delivered"])],
)
def test_the_allocation_is_not_read(name: str, columns: list[str]) -> None:
    study, trial = drawn(name)
    rng = np.random.default_rng(3)
    people = trial.tables["participants"]
    there = [column for column in columns if column in people]
    assert there
    scrambled = people.assign(**{column: rng.permutation(people[column].to_numpy()) for column in there})
    one, two = (
        rehearse(study, {**trial.tables, "participants": table}, replicates=2, analyses=["primary"]).frame
        for table in (people, scrambled)
    )
    pd.testing.assert_frame_equal(one, two)


def test_clusters_are_shuffled_whole_and_their_periods_are_kept() -> None:
    study, trial = drawn("stepped_wedge")
    rows = read_skeleton(study, trial.tables, ["pain"]).rows["pain"]
    design = trial_design(study)
    one, two = (planted(study, design, "primary", rows, 1, replicate, 1.0) for replicate in (0, 1))
    for made in (one, two):
        assert (made.groupby("site_id", observed=True)["arm"].nunique() == 1).all()
        assert made["period"].tolist() == rows["period"].tolist()
        arms = made.groupby("site_id", observed=True)["arm"].first()
        assert arms.value_counts().tolist() == [3, 3, 3, 3]
    assert one["arm"].tolist() != two["arm"].tolist()
    treated = (one["value"] - rows["value"]).dropna()
    assert set(treated.round(6)) == {0.0, 8.0}  # against the first sequence, which has the programme before the others


def test_orders_of_n_of_1_trials_are_drawn_within_blocks() -> None:
    study, trial = drawn("n_of_1")
    rows = read_skeleton(study, trial.tables, ["pain"]).rows["pain"]
    assert rows["sequence"].nunique() == 1  # everybody has the order of the blind
    made = planted(study, trial_design(study), "primary", rows, 1, 0, 1.0)
    words = made["sequence"].drop_duplicates().str.split()
    assert len(words) > 3
    assert all(sorted(row[k : k + 2]) == ["heat", "usual"] for row in words for k in range(0, 8, 2))


def test_what_cannot_be_rehearsed_is_left_out_or_refused() -> None:
    study, _ = drawn("stepped_wedge")
    able, left = blind_to_arms(study, list(study.analyses))
    assert left == ("walking",)
    assert "primary" in able
    with pytest.raises(OptionError, match="an effect is added to scores alone"):
        blind_to_arms(study, ["walking"])
