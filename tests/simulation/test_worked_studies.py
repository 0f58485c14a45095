"""The worked studies have planted truths, and the command of docs/worked-studies.md works.

The long run is `python -m tests.simulation.worked_studies --write docs/worked-studies.md`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.design.by_simulation.comparisons import true_differences
from tests.simulation import worked_registry, worked_studies
from tests.simulation.written import write_page

PLANS = dict(worked_studies.plans())


def test_every_worked_study_with_a_truth_is_there() -> None:
    assert set(worked_studies.WORKED) < set(PLANS)
    assert {name for name in PLANS if name.startswith("outcomes/")} == {
        f"outcomes/{name}" for name in ("flares", "global_change", "priorities", "responders", "return_to_sport")
    }


@pytest.mark.some(5)
@pytest.mark.parametrize("name", PLANS)
def test_every_analysis_has_a_truth(name: str) -> None:
    assert worked_studies.unknown(PLANS[name]) == []


def test_arms_of_a_factorial_design_have_their_own_truth_and_not_the_main_effect_of_their_factor() -> None:
    truths = true_differences(PLANS["hip_pain_athletes"], ["primary"]).values
    values = {key[0]: truth.value for (_, key), truth in truths.items()}
    planted = {"exercise": 8.0, "retraining": 6.0, "both": 20.0}  # less what the ends of the scale take away
    assert values == pytest.approx(planted, rel=0.05)


def test_rows_have_the_planted_truth() -> None:
    table = worked_studies.rows("outcomes/flares", PLANS["outcomes/flares"], 2, n=60)
    assert table["truth"].tolist() == pytest.approx([0.6, 0.6, 0.75 / 1.1, 0.75 / 1.1])
    numbers = table[["mean", "bias", "bias_error", "coverage"]].to_numpy(dtype=float)
    assert np.isfinite(numbers).all()
    assert np.log(table["mean"] / table["truth"]).tolist() == pytest.approx(table["bias"].tolist())


def test_the_audit_counts_what_was_planted_of_red_flags() -> None:
    """Eight registries of 6,000 episodes; the probability that a right one is further off is one in 1,000 a step."""
    plan = coxa.read_audit(worked_registry.PLAN)
    table = worked_registry.summary(pd.concat([worked_registry.steps(plan, seed) for seed in range(1, 9)]))
    assert table.loc["asked, after training", "truth"] - table.loc["asked, before training", "truth"] > 0.1
    assert (table["bias"].abs() < 5.4 * table["bias_error"]).all()  # t distribution with 7 degrees of freedom
    assert (table["coverage"] >= 4 / 8).all()
    assert worked_registry.signalled(plan, 1)


def test_without_a_change_the_truth_of_who_is_asked_is_one_number() -> None:
    same = worked_registry.unchanged(coxa.read_audit(worked_registry.PLAN))
    assert same.assumptions is not None
    assert same.assumptions.red_flags is not None
    assert same.assumptions.red_flags.asked_from is None
    assert same.assumptions.red_flags.asked == 0.82


def test_the_command_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "page.md"
    monkeypatch.setattr(sys, "argv", ["worked_studies", "--replicates", "2", "--write", str(file)])
    of_one = [("outcomes/flares", PLANS["outcomes/flares"])]
    write_page(lambda replicates: worked_studies.page(replicates, of_one, 60, 600), 100)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# Planted truths of the worked studies\n\n2 trials")
    assert text.count("| outcomes/flares |") == 4
    assert "Of 4 comparisons" in text
    assert "2 registries are simulated" in text
    assert text.count("| referred, of those acted on |") == 1
