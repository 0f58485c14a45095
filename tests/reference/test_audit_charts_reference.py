"""Control charts against NHSRplotthedots, and run lengths of CUSUM charts against exact and simulated ones."""

from __future__ import annotations

import numpy as np
import pytest

from coxa.audit import (
    assurance_icon,
    cusum_run_length,
    cusum_scores,
    seven_on_one_side,
    seven_point_trend,
    special_causes,
    spread_back,
    two_in_three,
    xmr_chart,
)
from coxa.audit.charts.cusum import run_length
from tests.reference.audit_numbers import audit_reference
from tests.reference.tolerances import CLOSED_FORM

SNAPSHOT = 6e-7
"""Relative. Snapshots have seven significant digits."""

PRINTED_SCORE = 6e-4
"""Absolute. Steiner's scores are printed to three digits."""

CHAIN = 2e-3
"""Relative. Two Markov chains of 2,000 states: the other one rounds scores to a state, here it is shared among two."""

R = audit_reference("xmr_rules")
VALUES = R["snapshots"]["values"]


@pytest.mark.parametrize("case", R["seven_on_one_side"])
def test_seven_on_one_side(case: dict) -> None:
    assert seven_on_one_side(case["side"]).tolist() == case["flag"]


@pytest.mark.parametrize("case", R["seven_point_trend"])
def test_seven_point_trend(case: dict) -> None:
    assert seven_point_trend(case["y"]).tolist() == case["flag"]


@pytest.mark.parametrize("case", R["spread_back_over_seven"])
def test_spread_back(case: dict) -> None:
    assert spread_back(case["flag"]).tolist() == case["part"]


@pytest.mark.parametrize("case", R["two_in_three"])
def test_two_in_three(case: dict) -> None:
    assert two_in_three(case["near_limit"], case["side"]).tolist() == case["flag"]


@pytest.mark.parametrize("case", R["part_of_two_in_three"])
def test_part_of_two_in_three(case: dict) -> None:
    n = len(case["near_limit"])
    names, _ = special_causes([1, 2] * (n // 2) + [1] * (n % 2), np.ones(n), case["near_limit"], np.zeros(n))
    assert [int(name == "part of two in three") for name in names] == case["part"]


@pytest.mark.parametrize("improvement", ["increase", "decrease", "neutral"])
def test_assurance(improvement: str) -> None:
    r = R["assurance"]
    assert [assurance_icon(r["target"], *limits, improvement) for limits in r["limits"]] == r[improvement]


def limits(part: int = 0, **options: object) -> list[float]:
    frame = xmr_chart(VALUES if "values" not in options else options.pop("values"), **options).frame
    return frame[frame["part"] == part].iloc[0][["centre", "low", "high"]].tolist()


def test_limits_of_a_series() -> None:
    """tests/testthat/_snaps: the 15th value is 10 where limits are screened or not."""
    assert limits() == pytest.approx([0.1416238, -3.01138, 3.294627], rel=SNAPSHOT)
    for part, printed in enumerate(R["snapshots"]["rebased_at_10"]):
        assert limits(part, recalculate_at=[10]) == pytest.approx(printed, abs=5e-3)
    far = [*VALUES[:14], 10.0, *VALUES[15:]]
    assert limits(values=far) == pytest.approx([0.6694159, -2.383666, 3.722497], rel=SNAPSHOT)
    assert limits(values=far, screen=False) == pytest.approx([0.6694159, -4.596625, 5.935457], rel=SNAPSHOT)


@pytest.mark.parametrize(
    ("odds_ratio", "printed", "computed"),
    [
        (
            2.0,
            [-0.024, 0.669, -0.433, 0.260],
            [-0.024304662618477, 0.668842517941468, -0.433338309794383, 0.259808870765562],
        ),
        (
            0.5,
            [0.012, -0.681, 0.316, -0.377],
            [0.012377500390842, -0.680769680169104, 0.316354520286530, -0.376792660273416],
        ),
    ],
)
def test_scores_of_a_risk_adjusted_cusum(odds_ratio: float, printed: list[float], computed: list[float]) -> None:
    """Steiner's example, logit p = -3.68 + 0.077 Parsonnet, at 0 and 50 (cran/vlad@1871af8: test-llr_score.R)."""
    p = 1 / (1 + np.exp(3.68 - 0.077 * np.array([0, 0, 50, 50])))
    scores = cusum_scores([0, 1, 0, 1], p, odds_ratio)
    assert scores.tolist() == pytest.approx(printed, abs=PRINTED_SCORE)
    assert scores.tolist() == pytest.approx(computed, rel=CLOSED_FORM)


@pytest.mark.parametrize(
    ("p", "up", "limit", "exact"),
    [
        (0.1, 6, 24, 429.05332953532854),
        (0.2, 6, 24, 46.10256492709561),
        (0.05, 12, 48, 1196.1489226733788),
        (0.1, 12, 48, 108.9197437933264),
    ],
)
def test_run_lengths_are_exact_on_a_lattice(p: float, up: int, limit: int, exact: float) -> None:
    """A Bernoulli CUSUM that goes up by whole steps and down by one: a finite chain, solved once by hand."""
    found = run_length(np.array([-1.0, up]), np.array([1 - p, p]), float(limit), limit)
    assert found == pytest.approx(exact, rel=CLOSED_FORM)


@pytest.mark.parametrize(
    ("true_odds_ratio", "chain", "simulated", "error"),
    [(1.0, 626.6155274184556, 626.41155, 2.47930153262081), (2.0, 61.05849491969437, 61.142316666666666, 0.1737235)],
)
def test_run_lengths_of_a_case_mix(true_odds_ratio: float, chain: float, simulated: float, error: float) -> None:
    """Three risks, odds ratio 2, limit 2.9: a chain of 2,000 states, and 60,000 simulated charts."""
    mix = {"weights": [0.1, 0.5, 0.4], "limit": 2.9, "true_odds_ratio": true_odds_ratio, "states": 2000}
    found = cusum_run_length([0.10, 0.12, 0.14], **mix)
    assert found == pytest.approx(chain, rel=CHAIN)
    assert abs(found - simulated) < 3 * error
