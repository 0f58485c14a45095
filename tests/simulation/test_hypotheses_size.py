"""Looks and graphs keep their level, and stage-wise limits their coverage, on seeded draws."""

from __future__ import annotations

from pathlib import Path

import pytest

import coxa
from coxa.design import simulated_hypotheses
from coxa.errors import OptionError
from coxa.hypotheses import sequential_design, sequential_power
from tests.simulation.hypotheses_size import graph_row, looks_row, statistics
from tests.simulation.margin_looks_size import shown
from tests.sizes import few

pytestmark = pytest.mark.slow

PLAN = Path(__file__).parents[2] / "analyses" / "group_sequential" / "study.yaml"
DRAWS = 40_000


@pytest.mark.parametrize("name", ["pocock", "ld_obrien_fleming"])
def test_looks_keep_the_level_and_have_the_power_of_the_integral(name):
    design = sequential_design((0.4, 0.7, 1.0), name)
    null, powered = (statistics(drift, DRAWS, seed=3) >= design.upper for drift in (0.0, 3.0))
    assert null.any(axis=1).mean() == pytest.approx(0.025, abs=0.0025)
    assert powered.any(axis=1).mean() == pytest.approx(sequential_power(design, drift=3.0).power, abs=0.01)


def test_stage_wise_limits_cover_and_the_median_is_unbiased():
    row = looks_row("ld_pocock", 3.0, few(100, 400))
    assert row["covered"] > 0.9
    assert row["above"] == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("test", ["bonferroni", "simes"])
def test_graphs_keep_the_level_of_all_hypotheses(test):
    none, one = graph_row("two with 0.8 and 0.2", test, 0.5, few(2_000, 20_000))
    assert none < 0.035
    assert one < 0.035


def test_a_plan_is_tested_at_its_looks_in_simulated_trials():
    found = simulated_hypotheses(coxa.read_study(PLAN), replicates=few(16, 400), seed=4)
    pain = found.frame[found.frame["hypothesis"] == "pain"]
    assert pain["n"].tolist() == [90, 135, 180]
    assert pain["power"].is_monotonic_increasing
    assert pain["power"].iloc[-1] == pytest.approx(0.91, abs=0.25)
    assert 90 < found.together["expected_n"].iloc[0] < 180
    assert found.together["all"].iloc[0] <= found.together["any"].iloc[0]
    assert found.failed == 0


def test_a_plan_without_hypotheses_has_no_power_of_them():
    with pytest.raises(OptionError, match="no hypotheses and no looks"):
        simulated_hypotheses(coxa.preset("bennell-2014"))


def test_non_inferiority_with_looks_is_shown_wrongly_at_the_margin_at_its_level():
    replicates = few(150, 2_000)
    at_margin, _ = shown("ld_obrien_fleming", -6.078, 240, replicates)
    assert at_margin[-1] < 0.025 + 3 * (0.025 * 0.975 / replicates) ** 0.5
    within, closed = shown("ld_obrien_fleming", -0.5, 240, replicates)
    assert within[-1] == pytest.approx(closed[-1], abs=3.5 * (0.85 * 0.15 / replicates) ** 0.5)
