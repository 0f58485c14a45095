"""Control charts: parts, icons, short series, attribute and rare-event charts, run charts, CUSUM."""

from __future__ import annotations

from itertools import groupby
from math import comb, log2

import numpy as np
import pytest
from scipy import stats

from coxa.audit import (
    ControlChart,
    cusum_limit,
    cusum_run_length,
    g_chart,
    p_chart,
    risk_adjusted_cusum,
    run_chart,
    special_causes,
    t_chart,
    u_chart,
    variation_icon,
    xmr_chart,
)
from coxa.errors import OptionError


def kinds(chart: ControlChart) -> list[str]:
    return chart.frame["kind"].tolist()


def test_of_several_rules_the_first_names_the_point() -> None:
    """Outside limits before a trend, a trend before two in three, two in three before a run."""
    rising = list(range(1, 8))
    names, _ = special_causes(rising, [1] * 7, [0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0, 1])
    assert names == ["trend of seven"] * 6 + ["outside limits"]
    level = [3, 2, 3, 2, 3, 2, 3]
    names, _ = special_causes(level, [1] * 7, [0, 1, 0, 1, 0, 0, 0], [0] * 7)
    assert names[:4] == ["seven on one side", "part of two in three", "seven on one side", "part of two in three"]


def test_a_trend_across_the_centre_has_one_direction() -> None:
    names, direction = special_causes(range(7), [-1, -1, -1, 0, 1, 1, 1], [0] * 7, [0] * 7)
    assert set(names) == {"trend of seven"}
    assert direction.tolist() == [1] * 7


def test_where_two_trends_meet_the_later_one_counts() -> None:
    up_and_down = [*range(7), *range(5, -1, -1)]
    names, direction = special_causes(up_and_down, np.sign(np.array(up_and_down) - 3.1), [0] * 13, [0] * 13)
    assert set(names) == {"trend of seven"}
    assert direction.tolist() == [1] * 6 + [-1] * 7


def test_the_variation_icon_is_that_of_the_last_point_only() -> None:
    noisy = [5, 6, 4, 6, 5, 4, 6, 5, 4, 5, 6, 4, 5, 20]
    assert xmr_chart(noisy).variation == "improvement_high"
    assert xmr_chart([*noisy, 5]).variation == "common_cause"
    assert "improvement" in kinds(xmr_chart([*noisy, 5]))
    assert xmr_chart(noisy, improvement="decrease").variation == "concern_high"
    assert xmr_chart(noisy, improvement="neutral").variation == "neutral_high"
    assert {variation_icon(-1, way) for way in ("increase", "decrease", "neutral")} == {
        "concern_low",
        "improvement_low",
        "neutral_low",
    }


def test_assurance_is_by_the_limits_after_the_last_recalculation() -> None:
    values = [5, 6, 4, 6, 5, 4, 25, 26, 24, 26, 25, 24]
    assert xmr_chart(values, target=15).assurance == "inconsistent"
    assert xmr_chart(values, target=15, recalculate_at=[6]).assurance == "consistent_pass"
    assert xmr_chart(values, target=15, recalculate_at=[6], improvement="decrease").assurance == "consistent_fail"
    assert xmr_chart(values).assurance is None


def test_limits_are_reckoned_anew_only_where_it_is_asked_and_no_rule_looks_across() -> None:
    values = [1, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 8]
    assert set(xmr_chart(values).frame["part"]) == {0}
    assert "trend of seven" in xmr_chart(values).frame["rule"].tolist()
    divided = xmr_chart(values, recalculate_at=[6])
    assert divided.frame["part"].tolist() == [0] * 6 + [1] * 6
    assert set(divided.frame["rule"]) == {"common cause"}
    assert divided.frame["centre"].tolist() == pytest.approx([13 / 6] * 6 + [43 / 6] * 6)


def test_limits_that_are_fixed_hold_for_later_points() -> None:
    values = [5.0, 6, 5, 6, 5, 6, 30, 31]
    fixed = xmr_chart(values, fix_after=6).frame
    assert fixed["centre"].tolist() == [5.5] * 8
    assert fixed["rule"].tolist()[-2:] == ["outside limits"] * 2
    assert fixed["high"].tolist() == pytest.approx([5.5 + 2.66] * 8)


def test_a_short_chart_says_so_and_a_constant_one_has_no_signal() -> None:
    chart = xmr_chart([4.0] * 6)
    assert chart.warnings == ("Limits rest on 6 points, fewer than 12. Read them as trial limits.",)
    assert kinds(chart) == ["common cause"] * 6
    assert xmr_chart(np.arange(24) % 3).warnings == ()


def test_proportions_have_limits_by_their_numbers() -> None:
    events, n = np.array([9, 21, 42, 3]), np.array([20, 40, 80, 20])
    frame = p_chart(events, n).frame
    p = 75 / 160
    assert frame["high"].tolist() == pytest.approx((p + 3 * np.sqrt(p * (1 - p) / n)).tolist())
    assert frame["value"].tolist() == pytest.approx((events / n).tolist())
    assert p_chart([1, 0, 1, 0], [30, 30, 30, 30]).frame["low"].tolist() == [0] * 4
    assert p_chart([30, 29, 30, 10], [30, 30, 30, 30]).frame["rule"].tolist()[-1] == "outside limits"


def test_rates_have_limits_by_their_exposure() -> None:
    frame = u_chart([4, 9, 2], [100, 150, 80]).frame
    rate = 15 / 330
    assert frame["high"].tolist() == pytest.approx((rate + 3 * np.sqrt(rate / np.array([100, 150, 80]))).tolist())


def test_patients_between_rare_events_by_geometric_quantiles() -> None:
    cases = [40, 12, 77, 5, 31, 64, 21, 900]
    frame = g_chart(cases).frame
    p = 1 / (np.mean(cases) + 1)
    high = frame["high"].iloc[0]
    assert stats.geom.cdf(high + 1, p) >= 1 - stats.norm.sf(3) > stats.geom.cdf(high, p)
    assert kinds(g_chart([*cases[:-1], 1, 2, 0, 1, 0, 2, 1]))[-1] == "concern"


def test_time_between_rare_events() -> None:
    rng = np.random.default_rng(1)
    times = rng.exponential(30, 4000)
    chart = t_chart(times).frame
    assert (chart["rule"] == "outside limits").mean() < 0.006
    assert t_chart([*times[:30], 600.0]).frame["rule"].iloc[-1] == "outside limits"


@pytest.mark.parametrize("seed", range(6))
def test_runs_and_crossings_by_counting(seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 9, 31)
    chart = run_chart(values)
    above = [value > np.median(values) for value in values if value != np.median(values)]
    runs = [len(list(group)) for _, group in groupby(above)]
    assert (chart.n_useful, chart.longest_run, chart.crossings) == (len(above), max(runs), len(runs) - 1)


@pytest.mark.parametrize("n", [10, 20, 24, 60])
def test_limits_of_runs_and_crossings_by_counting_sequences(n: int) -> None:
    """Of all sequences of n sides, fewer than 5 % cross less often; the longest run grows with log2(n)."""
    chart = run_chart([0, 1] * (n // 2))
    share = [sum(comb(n - 1, crossings) for crossings in range(most)) / 2 ** (n - 1) for most in range(n)]
    assert share[chart.fewest_chance] < 0.05 <= share[chart.fewest_chance + 1]
    assert abs(chart.longest_chance - 3 - log2(n)) <= 0.5


def test_a_cusum_starts_again_after_a_signal() -> None:
    frame = risk_adjusted_cusum([1, 1, 1, 0], [0.1] * 4, limit=1.0)
    up, down = np.log(2) - np.log(1.1), -np.log(1.1)
    assert frame["cusum"].tolist() == pytest.approx([up, 2 * up, up, up + down])
    assert frame["signal"].tolist() == [False, True, False, False]


def test_the_limit_has_the_run_length_that_is_asked_and_finds_worse_outcomes_sooner() -> None:
    mix = [0.02, 0.1, 0.3]
    limit = cusum_limit(mix, run_length_in_control=500, states=300)
    assert cusum_run_length(mix, limit=limit, states=300) == pytest.approx(500, rel=1e-4)
    assert cusum_run_length(mix, limit=limit, true_odds_ratio=2, states=300) < 100
    better = cusum_limit(mix, run_length_in_control=500, odds_ratio=0.5, states=300)
    assert cusum_run_length(mix, limit=better, odds_ratio=0.5, true_odds_ratio=0.5, states=300) < 200


def test_the_run_length_by_simulation() -> None:
    rng = np.random.default_rng(4)
    mix, lengths = np.array([0.1, 0.4]), []
    outcomes = rng.choice(mix, (400, 400))
    for expected in outcomes:
        path = risk_adjusted_cusum((rng.random(400) < expected).astype(int), expected, limit=1.5)["signal"]
        lengths.append(path.argmax() + 1 if path.any() else 400)
    chain = cusum_run_length(mix, limit=1.5)
    assert np.mean(lengths) == pytest.approx(chain, abs=4 * np.std(lengths) / np.sqrt(400))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: xmr_chart([]), "without points"),
        (lambda: xmr_chart([1.0]), "no moving range"),
        (lambda: xmr_chart([1, np.nan, 2]), "missing value"),
        (lambda: xmr_chart([1, 2, 3], recalculate_at=[3]), "places from 1 to 2"),
        (lambda: xmr_chart([1, 2, 3, 4], recalculate_at=[2, 1]), "in order"),
        (lambda: xmr_chart([1, 2], improvement="up"), "Choose one of increase"),
        (lambda: p_chart([3, 1], [2, 2]), "more events than patients"),
        (lambda: u_chart([3, 1], [2, 0]), "no exposure"),
        (lambda: g_chart([3, 1.5]), "no whole number"),
        (lambda: t_chart([3, 0]), "not above 0"),
        (lambda: run_chart([3, 3, 3]), "differ from the median"),
        (lambda: risk_adjusted_cusum([0, 2], [0.1, 0.1], limit=1), "neither 0 nor 1"),
        (lambda: risk_adjusted_cusum([0, 1], [0.1, 1.0], limit=1), "not between 0 and 1"),
        (lambda: cusum_limit([0.1], run_length_in_control=500, odds_ratio=1), "Choose for example 2 for worse"),
        (lambda: cusum_limit([0.1], run_length_in_control=1), "Choose for example 1000"),
    ],
)
def test_what_is_refused(made: object, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        made()
