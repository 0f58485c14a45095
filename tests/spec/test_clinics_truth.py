"""A simulated registry, audited: completeness and the improvement that was planted are found."""

from __future__ import annotations

import numpy as np
import pytest

from coxa.clinics.measures.completeness import completeness_counts
from coxa.clinics.measures.over_time import series_of
from coxa.clinics.measures.periods import periods_of
from coxa.episodes import Episodes, episodes_of_frame
from coxa.simulate import SimulatedRegistry, simulate_registry
from coxa.study import AuditPlan, RegistryAssumptions

ERRORS = 4.0
"""Standard errors that an estimate may be off: one of 16,000 is further."""

SPREAD = 2.5
"""Standard deviation of improvements in pain, at most."""


@pytest.fixture(scope="module")
def registry() -> SimulatedRegistry:
    return simulate_registry(RegistryAssumptions(), seed=7, episodes=60_000)


@pytest.fixture(scope="module")
def episodes(registry: SimulatedRegistry) -> Episodes:
    return episodes_of_frame(registry.plan, registry.episodes)


def test_completeness_is_that_of_the_truth_in_every_clinic(registry: SimulatedRegistry, episodes: Episodes) -> None:
    counts = completeness_counts(episodes)
    clinics = counts["clinic",].set_index("clinic")
    truth = registry.truth.clinics.set_index("clinic")["complete"]
    found = clinics["of_done"] / clinics["of"]
    error = np.sqrt(truth * (1 - truth) / clinics["of"])
    assert len(clinics) == 12
    assert (np.abs(found - truth) < ERRORS * error).all()
    every = counts[()].iloc[0]
    error = np.sqrt(0.25 / every["of"])
    assert abs(every["of_done"] / every["of"] - registry.truth.complete) < ERRORS * error


def test_the_clinic_that_gets_better_has_a_special_cause_of_improvement(
    registry: SimulatedRegistry, episodes: Episodes
) -> None:
    drawn, _ = series_of(episodes.plan, periods_of(episodes))
    better = registry.truth.clinics.query("better_by > 0")["clinic"].tolist()
    changes = {one.clinic: one for one in drawn if one.measure == "change"}
    assert better == ["Clinic 06"]
    chart = changes["Clinic 06"]
    assert chart.variation == "improvement_high"
    later = chart.frame["period"] >= "2022 Q4"
    assert (chart.frame.loc[later, "value"] > chart.frame["centre"].iloc[0]).all()
    assert (chart.frame.loc[~later, "value"] < chart.frame["centre"].iloc[0]).all()


def test_charts_that_are_reckoned_anew_at_the_planted_day_differ_by_what_was_planted(
    registry: SimulatedRegistry, episodes: Episodes
) -> None:
    anew = {"measure": ["change"], "start": "2022-10-01", "because": "it was planted"}
    plan = AuditPlan.model_validate(registry.plan.model_dump() | {"recalculate": [anew]})
    drawn, _ = series_of(plan, periods_of(episodes))
    gain = registry.truth.clinics.set_index("clinic")["better_by"]
    checked = 0
    for one in drawn:
        if one.measure == "change" and one.clinic in gain:
            parts = one.frame.groupby("part")
            means = (one.frame["value"] * one.frame["n"]).groupby(one.frame["part"]).sum() / parts["n"].sum()
            error = SPREAD * np.sqrt((1 / parts["n"].sum()).sum())
            assert abs(means[1] - means[0] - gain[one.clinic]) < ERRORS * error
            checked += 1
    assert checked == 12
