"""A simulated registry: what is planted comes out, the truth is that of a large sample, and loss is as stated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from coxa.episodes.columns import column_types
from coxa.episodes.episodes import episodes_of_frame
from coxa.errors import OptionError
from coxa.simulate.registry.block import Block, draw_block
from coxa.simulate.registry.care import AVERAGE
from coxa.simulate.registry.outcomes import expected_change
from coxa.simulate.registry.patients import export_day
from coxa.simulate.registry.registry import (
    BLOCK,
    SimulatedRegistry,
    registry_blocks,
    simulate_registry,
)
from coxa.simulate.registry.units import Units, draw_units
from coxa.study.audit.assumptions import AssumedLoss, AssumedVariation, RegistryAssumptions

MONTE_CARLO = 4.0
"""Standard errors allowed; the tests look at up to sixty numbers at once."""

N = 120_000

SAME_PATIENTS = RegistryAssumptions(
    clinics=6, therapists=3, outliers=[{"clinic": 2, "effect": 0.9}], variation=AssumedVariation(case_mix=0.0)
)
"""Clinics that see the same patients, so that raw means are the standardised ones; clinic 6 gets better."""


@pytest.fixture(scope="module")
def drawn() -> tuple[Units, Block]:
    units = draw_units(SAME_PATIENTS, 3)
    return units, draw_block(SAME_PATIENTS, units, 3, 0, N, 0)


@pytest.fixture(scope="module")
def registry() -> SimulatedRegistry:
    return simulate_registry(RegistryAssumptions(), seed=5, episodes=20_000)


def test_the_same_call_gives_the_same_rows_and_another_seed_gives_others() -> None:
    one, two, other = (simulate_registry(RegistryAssumptions(), seed=seed, episodes=700) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.episodes, two.episodes)
    assert one.truth.to_json() == two.truth.to_json()
    assert not one.episodes["pain_intake"].equals(other.episodes["pain_intake"])


def test_blocks_hold_every_episode_once() -> None:
    frames = list(registry_blocks(RegistryAssumptions(), seed=1, episodes=2_500, block=1_000))
    assert [len(frame) for frame in frames] == [1_000, 1_000, 500]
    together = pd.concat(frames)
    assert together["episode"].is_unique
    patients = [set(frame["patient"]) for frame in frames]
    assert len(set.union(*patients)) == sum(map(len, patients))
    (whole,) = registry_blocks(RegistryAssumptions(), seed=1, episodes=2_500)
    pd.testing.assert_frame_equal(whole, simulate_registry(RegistryAssumptions(), seed=1, episodes=2_500).episodes)
    assert BLOCK > 2_500


def test_every_column_of_the_plan_is_there_and_is_read(registry: SimulatedRegistry) -> None:
    assert set(column_types(registry.plan)) - set(registry.episodes) == {"source_row"}
    assert set(registry.episodes) <= set(column_types(registry.plan))
    rows = episodes_of_frame(registry.plan, registry.episodes)
    counted = rows.query("SELECT COUNT(*) AS n, SUM(pain_discharge) AS pain, COUNT(ethnicity) AS known FROM episodes")
    frame = registry.episodes
    assert counted.iloc[0].tolist() == [len(frame), frame["pain_discharge"].sum(), frame["ethnicity"].notna().sum()]
    assert rows.data_cut == export_day(RegistryAssumptions())


def test_scores_are_whole_numbers_on_their_scales(registry: SimulatedRegistry) -> None:
    for outcome in registry.plan.outcomes:
        scale = registry.plan.scale(outcome)
        for end in ("intake", "discharge"):
            scores = registry.episodes[f"{outcome}_{end}"]
            assert scores.dtype == "Int16"
            assert scores.between(scale.low, scale.high)[scores.notna()].all()
    assert registry.episodes[["pain_intake", "pain_discharge"]].agg(["min", "max"]).to_numpy().tolist() == [
        [0, 0],
        [10, 10],
    ]


def test_dates_are_in_order_and_none_is_after_the_export(registry: SimulatedRegistry) -> None:
    frame, export = registry.episodes, pd.Timestamp(export_day(RegistryAssumptions()))
    assert (frame["referral_date"] <= frame["intake_date"]).all()
    ended = frame["discharge_date"].notna()
    assert (frame["discharge_date"] > frame["intake_date"])[ended].all()
    assert 0.001 < 1 - ended.mean() < 0.05  # who came in the last weeks is still in care
    assert frame[["intake_date", "discharge_date", "pain_date"]].max().max() <= export
    assert (frame["pain_date"] >= frame["intake_date"])[frame["pain_date"].notna()].all()
    assert frame["intake_date"].is_monotonic_increasing
    assert (frame["attended"] + frame["missed"] <= frame["booked"]).all()


def test_a_further_episode_begins_after_the_last_one_has_ended(registry: SimulatedRegistry) -> None:
    frame = registry.episodes.sort_values(["patient", "intake_date"])
    again = frame["patient"].eq(frame["patient"].shift())
    # Some of the 12 % would begin after the last day of intake and are another patient's.
    assert 0.08 < again.mean() < 0.12
    gone = frame["discharge_date"].shift()
    assert (frame["intake_date"] > gone)[again].all()
    for name in ("clinic", "therapist", "sex", "condition", "previous_surgery"):
        assert (frame[name].astype(str) == frame[name].astype(str).shift())[again].all()


def test_the_truth_is_the_mean_of_a_large_sample(drawn: tuple[Units, Block]) -> None:
    """By clinic, before any are lost: the exact expectation against the mean, and the planted effects behind it."""
    units, block = drawn
    course, clinic = block.course, block.people.clinic
    exact = expected_change(SAME_PATIENTS, course.pain_intake, course.planned + course.effect)
    off = pd.Series(course.change - exact).groupby(clinic)
    # The patient's part is shared by the episodes of a patient: 12 % more episodes than patients at most.
    error = 1.15 * off.std() / np.sqrt(off.size())
    assert (off.mean().abs() < MONTE_CARLO * error).all()
    assert course.effect[clinic == 1] == pytest.approx(
        0.9 + units.therapist_effect[block.people.therapist[clinic == 1]], abs=1e-12
    )


def test_standardised_means_are_raw_means_where_all_clinics_see_the_same_patients() -> None:
    registry = simulate_registry(SAME_PATIENTS, seed=3, episodes=N)
    units = draw_units(SAME_PATIENTS, 3)
    block = draw_block(SAME_PATIENTS, units, 3, 0, N, 0)
    seen = block.care.eligible & block.care.intake & block.returned.due
    changes = pd.Series(block.course.change[seen]).groupby(block.people.clinic[seen])
    truth = registry.truth.clinics
    assert truth["n"].tolist() == changes.size().tolist()
    # The standard is 20,000 episodes, and the clinic's own patients and therapists' shares scatter as well.
    error = 1.2 * np.sqrt(changes.var() / changes.size() + np.var(block.course.change) / 20_000)
    assert (np.abs(changes.mean() - truth["standardised"]) < MONTE_CARLO * error).all()
    assert (np.abs(changes.mean() - truth["change"]) < MONTE_CARLO * error).all()
    assert truth["standardised"].nlargest(2).index.sort_values().tolist() == [1, 5]


def test_adjusting_for_the_case_mix_leaves_what_was_planted(registry: SimulatedRegistry) -> None:
    """Change less that of the same patients in a clinic without an effect is the clinic's effect, cut by the scale."""
    truth = registry.truth.clinics
    gain = truth["change"] - truth["case_mix"]
    planted = truth["effect_with_therapists"]
    steady = truth["planted"] != "better from a date"
    assert np.corrcoef(gain[steady], planted[steady])[0, 1] > 0.99
    assert (gain[steady] / planted[steady])[planted[steady].abs() > 0.5].between(0.75, 1.0).all()
    assert truth["case_mix"].std() > 0.1  # the clinics see different patients


def test_a_clinic_gets_better_from_its_date(drawn: tuple[Units, Block]) -> None:
    _, block = drawn
    assert SAME_PATIENTS.better_from is not None
    start = (SAME_PATIENTS.better_from.start - SAME_PATIENTS.start).days
    mine = block.people.clinic == SAME_PATIENTS.better_from.clinic - 1
    later = block.stays.intake >= start
    own = block.course.effect - draw_units(SAME_PATIENTS, 3).therapist_effect[block.people.therapist]
    assert np.unique(own[mine & later].round(9)) - np.unique(own[mine & ~later].round(9)) == pytest.approx(1.5)
    assert len(np.unique(own[~mine].round(9))) == 5
    changes = [block.course.change[mine & when] for when in (later, ~later)]
    difference = changes[0].mean() - changes[1].mean()
    error = np.sqrt(sum(np.var(each) / len(each) for each in changes))
    assert 0.75 * 1.5 - MONTE_CARLO * error < difference < 1.5 + MONTE_CARLO * error


@pytest.mark.parametrize("over_dispersion", [False, True])
def test_equal_clinics_have_no_effect_by_design(over_dispersion: bool) -> None:
    null = RegistryAssumptions(clinics=400, therapists=2).equal_clinics(over_dispersion=over_dispersion)
    truth = simulate_registry(null, seed=4, episodes=8_000).truth
    assert (truth.clinics["planted"] == "").all()
    if not over_dispersion:
        assert (truth.clinics["effect"] == 0).all()
        assert (truth.therapists["effect"] == 0).all()
        assert np.ptp(truth.clinics["standardised"]) < 1e-12
        return
    # The standard deviation of n normal numbers has a standard error of sd / sqrt(2 n).
    assert truth.clinics["effect"].std() == pytest.approx(0.12, rel=MONTE_CARLO / np.sqrt(800))
    assert truth.therapists["effect"].std() == pytest.approx(0.25, rel=MONTE_CARLO / np.sqrt(1_600))


def slope(block: Block, loss: AssumedLoss) -> np.ndarray:
    """Return what the log odds of a discharge questionnaire gain by improvement, age and deprivation."""
    people = block.people
    terms = [block.course.change - AVERAGE, (people.age - 55) / 10, people.deprivation - 3]
    x = np.column_stack([np.ones(len(people.age)), *terms])
    assert loss.clinic_sd == 0
    white = people.ethnicity == 0
    return np.linalg.lstsq(x[white], logit(block.returned.chance[white]), rcond=None)[0]


@pytest.mark.parametrize(
    ("depends_on", "expected"),
    [
        ("nothing", (0, 0, 0)),
        ("patients", (0, 0.15, 0.18)),
        ("patients_and_outcome", (0.20, 0.15, 0.18)),
    ],
)
def test_who_is_lost_depends_on_what_is_stated(depends_on: str, expected: tuple[float, float, float]) -> None:
    lost = AssumedLoss(depends_on=depends_on, clinic_sd=0.0)
    assumed = SAME_PATIENTS.model_copy(update={"lost": lost})
    units = draw_units(assumed, 6)
    block = draw_block(assumed, units, 6, 0, 40_000, 0)
    found = slope(block, lost)
    assert found == pytest.approx([logit(lost.complete), *expected], abs=1e-8)
    asked = block.care.asked & block.returned.discharged
    error = np.sqrt(np.mean(block.returned.chance[asked] * (1 - block.returned.chance[asked])) / asked.sum())
    # Late questionnaires of the last weeks come after the export.
    share = block.returned.done[asked & block.returned.due].mean()
    assert share == pytest.approx(block.returned.chance[asked & block.returned.due].mean(), abs=0.003 + 4 * error)


def test_those_seen_improve_more_than_all_where_loss_depends_on_the_outcome(drawn: tuple[Units, Block]) -> None:
    _, block = drawn
    due = block.care.intake & block.returned.due
    change, done = block.course.change, block.returned.done
    bias = change[due & done].mean() - change[due].mean()
    error = np.sqrt(np.var(change) / (due & done).sum())
    assert bias > MONTE_CARLO * error
    other = SAME_PATIENTS.model_copy(update={"lost": AssumedLoss(depends_on="nothing", clinic_sd=0.0)})
    block = draw_block(other, draw_units(other, 3), 3, 0, N, 0)
    due = block.care.intake & block.returned.due
    bias = block.course.change[due & block.returned.done].mean() - block.course.change[due].mean()
    assert abs(bias) < MONTE_CARLO * error


def test_completeness_comes_out_as_the_truth_expects(registry: SimulatedRegistry) -> None:
    rows = episodes_of_frame(registry.plan, registry.episodes)
    counts = rows.query(
        "SELECT clinic, COUNT(*) AS n, SUM(CAST(done AS INTEGER)) AS done FROM episodes "
        "WHERE eligible AND due GROUP BY clinic ORDER BY clinic"
    )
    truth = registry.truth.clinics["complete"]
    error = np.sqrt(truth * (1 - truth) / counts["n"])
    assert (np.abs(counts["done"] / counts["n"] - truth) < MONTE_CARLO * error).all()
    assert registry.truth.complete == pytest.approx(counts["done"].sum() / counts["n"].sum(), abs=0.015)


def test_identifiers_stay_apart_in_a_block_far_along() -> None:
    assumed = RegistryAssumptions()
    units = draw_units(assumed, 1)
    block = draw_block(assumed, units, 1, 7, 100, 9_999_900)
    from coxa.simulate.registry.block import block_frame

    frame = block_frame(assumed, units, block)
    assert frame["episode"].iloc[[0, -1]].tolist() == ["E09999901", "E10000000"]
    assert frame["patient"].str.len().unique().tolist() == [9]
    moved = block_frame(assumed, units, replace(block, place=0))
    assert moved["episode"].iloc[0] == "E00001"


def test_what_makes_no_registry_is_refused_by_name() -> None:
    with pytest.raises(OptionError, match="`seed` is -1"):
        simulate_registry(RegistryAssumptions(), seed=-1)
    with pytest.raises(OptionError, match="`episodes` is 0"):
        simulate_registry(RegistryAssumptions(), seed=1, episodes=0)
    with pytest.raises(ValueError, match="clinic 13 is not one of the 12 clinics"):
        RegistryAssumptions(outliers=[{"clinic": 13, "effect": 1.0}])
    with pytest.raises(ValueError, match=r"add up to 1\.2;"):
        RegistryAssumptions(conditions={"a": {"share": 0.6}, "b": {"share": 0.6}})
    with pytest.raises(ValueError, match="given twice"):
        RegistryAssumptions(outliers=[{"clinic": 1, "effect": 1.0}, {"clinic": 1, "effect": -1.0}])
