"""Boundaries, power and stage-wise inference of looks against numbers computed elsewhere (`looks.json`)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from coxa.hypotheses import (
    conditional_power,
    repeated_intervals,
    repeated_p_values,
    sequential_design,
    sequential_inference,
    sequential_power,
)

LOOKS = json.loads((Path(__file__).parent / "looks.json").read_text(encoding="utf-8"))
CLOSE = 1e-9
"""Both sides are integrals with errors below 1e-10; boundaries are rounded to ten decimals."""


def named(case: dict) -> str:
    return f"{case['boundary']}-{case['sides']}-{len(case['info'])}-{case['info'][0]:.2f}"


@pytest.mark.parametrize("case", LOOKS["designs"], ids=named)
def test_boundaries_are_those_of_the_reference(case):
    found = sequential_design(case["info"], case["boundary"], alpha=case["alpha"], sides=case["sides"])
    np.testing.assert_allclose(found.upper, case["z"], atol=CLOSE, rtol=0)
    assert found.frame["spent"].iloc[-1] == pytest.approx(case["alpha"], abs=CLOSE)


@pytest.mark.parametrize("case", [case for case in LOOKS["designs"] if "power80" in case], ids=named)
@pytest.mark.parametrize(("key", "power"), [("power80", 0.8), ("power90", 0.9)])
def test_inflation_power_by_look_and_average_size_are_those_of_the_reference(case, key, power):
    design = sequential_design(case["info"], case["boundary"], alpha=case["alpha"])
    found, expected = sequential_power(design, power=power), case[key]
    assert found.drift == pytest.approx(expected["drift"], abs=CLOSE)
    assert found.inflation == pytest.approx(expected["inflation"], abs=CLOSE)
    np.testing.assert_allclose(found.frame["benefit"], expected["reject_by_look"], atol=CLOSE, rtol=0)
    average = [expected[f"ASN_{word}_rel_fixed"] for word in ("H0", "half", "H1")]
    np.testing.assert_allclose([found.average[share] for share in (0.0, 0.5, 1.0)], average, atol=CLOSE, rtol=0)


def test_printed_boundaries_and_sizes_of_other_software():
    """gsDesign: its default of five looks, and the sizes in its tests (x 100, to one decimal)."""
    hsd = sequential_design([0.2, 0.4, 0.6, 0.8, 1], "hwang_shih_decani")
    assert [round(z, 2) for z in hsd.upper] == [3.25, 2.99, 2.69, 2.37, 2.03]
    cost = sequential_power(hsd, power=0.9)
    assert round(cost.inflation, 3) == 1.023
    of = sequential_design([0.25, 0.5, 0.75, 1], "obrien_fleming")
    assert [round(z, 2) for z in of.upper] == [4.05, 2.86, 2.34, 2.02]
    looks = [(look + 1) / 20 for look in range(20)]
    twenty = sequential_design(looks, "obrien_fleming")
    assert round(100 * sequential_power(twenty, power=0.9).inflation, 1) == 104.5
    pocock = sequential_design([0.25, 0.5, 0.75, 1], "pocock")
    cost = sequential_power(pocock, power=0.8)
    assert round(100 * cost.inflation, 1) == 120.2


def example():
    """Return the statistics of the worked example: standard deviations pooled over both stages."""
    within = 29 * 4 * 2
    pooled = ((within + 60 * 0.3**2) / 59 + (within + 60 * 0.05**2) / 59) / 2
    whole = 60 / (2 * pooled)
    first = 30 / (2 * 4)
    return [0.8 * first**0.5, 1.15 * whole**0.5], [whole / 2, whole]


def test_halving_a_level_that_was_spent_two_sided_is_another_boundary():
    """As docs/methods/hypotheses.md says: 0.05 put into the spending function and halved is not 0.025 put into it."""
    halved = sequential_design([0.5, 1], "ld_obrien_fleming", alpha=0.05).frame["spent"].iloc[0] / 2
    assert norm.isf(halved) == pytest.approx(2.771808, abs=5e-7)
    design = sequential_design([0.5, 1], "ld_obrien_fleming")
    assert design.upper[0] == pytest.approx(2.962588, abs=5e-7)


def test_stage_wise_inference_is_that_of_the_reference():
    expected, (z, information) = LOOKS["stagewise"], example()
    design = sequential_design([1 / 3, 2 / 3, 1], "obrien_fleming")
    found = sequential_inference(design, z, information)
    assert (found.look, found.crossed) == (2, "upper")
    assert found.z == pytest.approx(expected["z2"], abs=CLOSE)
    assert found.p_value == pytest.approx(expected["final_p"], abs=CLOSE)
    assert found.estimate == pytest.approx(expected["mue"], abs=CLOSE)
    assert (found.conf_low, found.conf_high) == pytest.approx(expected["ci95"], abs=CLOSE)
    assert repeated_intervals(design, z, information)[1] == pytest.approx(expected["rci_stage2"], abs=CLOSE)
    assert repeated_p_values(design, z)[1] == pytest.approx(expected["repeated_p"][1], abs=CLOSE)


def test_conditional_power_is_that_of_the_reference():
    """Effect 1, SD 2, 30 more per arm: information 30 / (2 * 4) of each stage."""
    design, (z, _) = sequential_design([1 / 3, 2 / 3, 1], "obrien_fleming"), example()
    found = conditional_power(design, z, [3.75, 7.5], 1.0, [11.25])
    assert found == pytest.approx(LOOKS["stagewise"]["conditional_power_theta1"], abs=CLOSE)
