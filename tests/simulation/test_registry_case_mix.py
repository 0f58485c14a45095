"""Clinics of a simulated registry after the case mix: planted ones are outside, the others within, truth covered."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.clinics.audit import CaseMix
from coxa.clinics.measures.case_mix import case_mix
from coxa.clinics.measures.loss_weights import loss_weights
from coxa.clinics.measures.shares import share
from coxa.episodes import Episodes, episodes_of_frame
from coxa.simulate.registry.registry import SimulatedRegistry, simulate_registry
from coxa.study.audit.assumptions import AssumedLoss, RegistryAssumptions

SEED = 11
WRONG_ONCE_IN = 1000
"""A true program fails one test in so many seeds."""


@cache
def registry() -> SimulatedRegistry:
    return simulate_registry(RegistryAssumptions(), seed=SEED, episodes=8000)


def of(made: SimulatedRegistry) -> Episodes:
    return episodes_of_frame(made.plan, made.episodes, data_cut=made.plan.data_cut)


@cache
def found() -> CaseMix:
    return case_mix(of(registry()), "pain", loss_weights(of(registry())).weight)


def test_planted_clinics_are_outside_the_limits_and_the_others_within() -> None:
    clinics = found().clinics.set_index("clinic")
    planted = registry().truth.clinics.set_index("clinic")["planted"]
    better, worse = (planted.index[planted == kind][0] for kind in ("better", "worse"))
    assert clinics.loc[[better, worse], "position_95"].tolist() == ["high", "low"]
    others = clinics.loc[planted.index[planted == ""]]
    assert (others["position"] == "within").all()
    assert (others["position_95"] == "within").mean() >= 0.9


def test_among_many_clinics_planted_ones_are_outside_the_wider_limits_too() -> None:
    """Of twelve clinics, those that are far off are much of the over-dispersion that widens the limits."""
    made = simulate_registry(RegistryAssumptions(clinics=30), seed=SEED + 1, episodes=20_000)
    clinics = case_mix(of(made), "pain").clinics.set_index("clinic")
    planted = made.truth.clinics.set_index("clinic")["planted"]
    for kind, position in (("better", "high"), ("worse", "low")):
        assert clinics.loc[planted.index[planted == kind][0], "position"] == position
    assert (clinics.loc[planted.index[planted == ""], "position"] == "within").mean() >= 0.9


def test_raw_means_differ_more_from_the_truth_than_adjusted_ones() -> None:
    clinics, truth = found().clinics.set_index("clinic"), registry().truth.clinics.set_index("clinic")["standardised"]
    off = {name: (clinics[name] - truth - (clinics[name] - truth).mean()).std() for name in ("change", "adjusted")}
    assert off["adjusted"] < off["change"]


def test_adjusted_means_are_the_truth_but_for_chance_where_loss_depends_on_nothing() -> None:
    lost = AssumedLoss(depends_on="nothing", clinic_sd=0.0)
    made = simulate_registry(RegistryAssumptions(lost=lost), seed=SEED, episodes=8000)
    clinics = case_mix(of(made), "pain").clinics.set_index("clinic")
    truth = made.truth.clinics.set_index("clinic")["standardised"]
    weight = clinics["std_error"] ** -2
    off = clinics["adjusted"] - truth
    chi2 = float((weight * (off - np.average(off, weights=weight)) ** 2).sum())
    assert chi2 < stats.chi2.ppf(1 - 1 / WRONG_ONCE_IN, len(off) - 1)


def test_variances_and_coefficients_hold_what_was_planted() -> None:
    assumed = RegistryAssumptions().equal_clinics(over_dispersion=True)
    made = simulate_registry(assumed, seed=SEED, episodes=20_000)
    result = case_mix(of(made), "pain")
    share_of = result.variances.set_index("level")["share"]
    assert share_of[["clinic", "therapist"]].sum() < 0.1
    assert (result.clinics["position"] == "within").all()
    terms = result.coefficients.set_index(["term", "level"])
    planted = {("sex", "female"): -0.05, ("previous_surgery", "yes"): -0.35, ("comorbidities", ""): -0.18}
    for name, value in planted.items():
        sign = 1 if name in terms.index else -1  # the more frequent sex is the reference
        row = terms.loc[name if sign == 1 else ("sex", "male")]
        wide = 4 * row["std_error"] + 0.03  # whole points cut at the ends of the scale, and loss by outcome
        assert abs(row["estimate"] - sign * value) < wide, name


def test_the_expected_change_is_observed_in_every_band() -> None:
    bands = found().calibration
    sd = np.sqrt(found().variances["variance"].sum())
    assert len(bands) == 10
    z = (bands["observed"] - bands["expected"]) / (sd / np.sqrt(bands["n"]))
    assert np.abs(z).max() < 4


def test_shares_find_the_planted_clinics_as_well() -> None:
    clinics = share(of(registry()), "pain", "important").clinics.set_index("clinic")
    planted = registry().truth.clinics.set_index("clinic")["planted"]
    for kind, position in (("better", "high"), ("worse", "low")):
        assert clinics.loc[planted.index[planted == kind][0], "position"] == position


@pytest.mark.parametrize("outcome", ["pain", "function"])
def test_every_outcome_has_its_record(outcome: str) -> None:
    result = case_mix(of(registry()), outcome)
    assert (result.without, result.n_clinics, result.n_therapists) == ("", 12, 60)
    assert pd.api.types.is_numeric_dtype(result.therapists["adjusted"])
    assert result.therapists["n"].sum() == result.n == result.clinics["n"].sum()
