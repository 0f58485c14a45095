"""Closed-form power of events, counts, ordered outcomes and wins; simulated trials are in tests/simulation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.rates import power_negbin_ratio_2indep

from coxa.design import (
    Power,
    events_needed,
    power_competing_risks,
    power_hazard_ratio,
    power_odds_ratio,
    power_rate_ratio,
    power_recurrent_events,
    power_win_probability,
    power_win_ratio,
)
from coxa.errors import FitError, OptionError
from coxa.estimates import MeasuredEndpoint, win_statistics
from coxa.models import fit_recurrent, recurrent_rows

WHITEHEAD = (0.1, 0.2, 0.5, 0.2)
"""Whitehead 1993: poor, moderate, good and very good in the reference arm; the log odds ratio is 0.887."""


def test_events_are_four_squared_normal_deviates_over_the_squared_log_for_arms_of_one_size() -> None:
    assert events_needed(hazard_ratio=0.5, power=0.9) == math.ceil(4 * (1.959964 + 1.281552) ** 2 / math.log(2) ** 2)
    assert events_needed(hazard_ratio=2, power=0.9) == 88
    assert events_needed(hazard_ratio=0.5, power=0.9, ratio=2) == events_needed(hazard_ratio=0.5, power=0.9, ratio=0.5)


def test_participants_have_the_events_that_are_needed() -> None:
    found = power_hazard_ratio(event_probability=0.4, hazard_ratio=0.6, power=0.8)
    needed = events_needed(hazard_ratio=0.6, power=0.8)
    assert found.events == pytest.approx(found.n[0] * (0.4 + 1 - 0.6**0.6))
    assert needed - 1 < found.events < needed + 1  # type: ignore[operator]
    other = power_hazard_ratio(event_probability=0.4, compared_event_probability=0.2, hazard_ratio=0.6, n=200)
    assert other.events == pytest.approx(200 * 0.6)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_rates_are_those_of_statsmodels(ratio: float) -> None:
    found = power_rate_ratio(rate=1.2, dispersion=0.5, exposure=0.75, rate_ratio=0.7, n=100, ratio=ratio)
    other = power_negbin_ratio_2indep(
        1.2, 0.84, 100, nobs_ratio=ratio, exposure=0.75, dispersion=0.5, return_results=False
    )
    assert found.power == pytest.approx(float(other), rel=1e-10)


def test_ordered_outcomes_are_those_of_hmisc() -> None:
    """R 4.2, Hmisc 4.8.0: posamsize is 187 in all; popower(n1=94, n2=94) has SE 0.2743540169, with N + 1 for N."""
    odds = math.exp(0.887)
    found = power_odds_ratio(probabilities=WHITEHEAD, odds_ratio=odds, power=0.9)
    assert found.n == (94, 94)
    assert found.std_error * 189 / 188 == pytest.approx(0.2743540169, abs=1e-10)


def test_two_categories_are_a_log_odds_ratio_under_no_difference() -> None:
    found = power_odds_ratio(probabilities=(0.5, 0.5), odds_ratio=1 + 1e-9, n=100)
    assert found.std_error == pytest.approx(math.sqrt(2 / (100 * 0.25)))  # 1 - 2 p^3 = 3 p (1 - p) at 1/2


def test_many_categories_are_an_outcome_without_ties() -> None:
    fine = power_odds_ratio(probabilities=(1 / 500,) * 500, odds_ratio=1.001, n=100)
    assert fine.std_error == pytest.approx(6 * power_win_probability(win_probability=0.6, n=100).std_error, rel=1e-4)
    wins = power_win_ratio(win_ratio=1.001, n=100)
    assert wins.std_error == pytest.approx(4 * power_win_probability(win_probability=0.6, n=100).std_error)


@pytest.mark.parametrize("categories", [4, 10, 1000])
def test_the_error_of_a_win_ratio_is_that_of_the_estimate_without_a_difference(categories: int) -> None:
    rng = np.random.default_rng(3)
    values, arm = rng.integers(categories, size=900), np.repeat([0, 1], [300, 600])
    found = win_statistics([MeasuredEndpoint(values)], arm)
    low, high = found.table.set_index("statistic").loc[["win_ratio"], ["conf_low", "conf_high"]].to_numpy()[0]
    error = math.log(high / low) / (2 * 1.959964)  # the limits are those of the logarithm
    expected = power_win_ratio(win_ratio=1.5, ties=found.ties / (300 * 600), n=300, ratio=2).std_error
    assert error == pytest.approx(expected, rel=0.03)  # of 900 participants


def test_a_subdistribution_is_a_hazard_whose_events_are_the_cumulative_incidence() -> None:
    given = {"event_probability": 0.4, "hazard_ratio": 0.6, "n": 150}
    found = power_competing_risks(**given, competing_probability=0.3, of="subdistribution")
    assert found.power == pytest.approx(power_hazard_ratio(**given).power)  # type: ignore[arg-type]
    rare = power_competing_risks(**given, competing_probability=1e-9)
    assert rare.power == pytest.approx(power_hazard_ratio(**given).power, abs=1e-6)  # type: ignore[arg-type]


def test_competing_events_take_events_away() -> None:
    """Cumulative incidences by numerical integration of the hazards."""
    found = power_competing_risks(
        event_probability=0.3, competing_probability=0.25, hazard_ratio=0.5, competing_hazard_ratio=2.0, n=100
    )
    total = -math.log(0.45)
    own, other = total * 0.3 / 0.55, total * 0.25 / 0.55
    grid = np.linspace(0, 1, 20_001)
    incidence = np.trapezoid(0.5 * own * np.exp(-(0.5 * own + 2 * other) * grid), grid)
    assert found.events == pytest.approx(100 * (0.3 + incidence), rel=1e-8)


@pytest.mark.parametrize(
    ("cause", "events", "log_ratio", "error"),
    [("progression", 115, -0.229237113326, 0.185778351436), ("death", 860, 0.232769273632, 0.0679990324552)],
)
def test_the_error_of_a_subdistribution_is_that_of_cmprsk(
    cause: str, events: int, log_ratio: float, error: float
) -> None:
    """`cmprsk::crr` of sex in `survival::mgus2`: 631 women, 753 men; the formula needs the events and the arms only."""
    women, men = 631, 753
    share = math.exp(log_ratio)
    hazard = np.linspace(0, 5, 500_001)
    expected = women * -np.expm1(-hazard) + men * -np.expm1(-hazard * share)
    incidence = float(-np.expm1(-hazard[np.argmin(abs(expected - events))]))
    found = power_competing_risks(
        event_probability=incidence,
        competing_probability=0.01,
        hazard_ratio=share,
        of="subdistribution",
        n=women,
        ratio=men / women,
    )
    assert found.events == pytest.approx(events, rel=1e-3), cause
    assert found.std_error == pytest.approx(error, rel=0.02)


def test_recurrent_events_have_the_errors_of_the_model_of_lin_wei_yang_and_ying() -> None:
    rng, n, k = np.random.default_rng(3), 1500, 0.8
    arm, end = np.arange(n) % 2, rng.uniform(0.5, 1.5, n)
    number = rng.poisson(2.0 * np.where(arm, 0.7, 1.0) * end * rng.gamma(1 / k, k, n))
    people = pd.DataFrame({"participant_id": np.arange(n), "arm": np.where(arm == 1, "b", "a"), "end": end})
    who = np.repeat(np.arange(n), number)
    events = pd.DataFrame({"participant_id": who, "day": rng.random(len(who)) * end[who]})
    fit = fit_recurrent("arm", recurrent_rows(people, events, end="end", day="day"))
    found = power_recurrent_events(
        rate=2.0, dispersion=k, exposure_variation=1 / math.sqrt(12), rate_ratio=0.7, n=n // 2
    )
    assert found.std_error == pytest.approx(float(fit.se[0]), rel=0.06)


SOLVED: dict[str, tuple[Callable[..., Power], dict[str, Any], str, float]] = {
    "hazards": (power_hazard_ratio, {"event_probability": 0.5}, "hazard_ratio", 0.7),
    "rates": (power_rate_ratio, {"rate": 1.0, "dispersion": 0.5}, "rate_ratio", 0.7),
    "cause-specific": (
        power_competing_risks, {"event_probability": 0.4, "competing_probability": 0.2}, "hazard_ratio", 0.7,
    ),
    "subdistribution": (
        power_competing_risks, {"event_probability": 0.4, "competing_probability": 0.2, "of": "subdistribution"},
        "hazard_ratio", 0.7,
    ),
    "recurrent": (
        power_recurrent_events, {"rate": 1.0, "dispersion": 0.5, "exposure_variation": 0.3}, "rate_ratio", 0.7,
    ),
    "ordered": (power_odds_ratio, {"probabilities": WHITEHEAD}, "odds_ratio", 1.8),
    "win probability": (power_win_probability, {}, "win_probability", 0.62),
    "win ratio": (power_win_ratio, {"ties": 0.2}, "win_ratio", 1.5),
}  # fmt: skip


@pytest.mark.parametrize("name", SOLVED)
@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_what_is_left_out_is_found(name: str, ratio: float) -> None:
    solve, given, effect, value = SOLVED[name]
    found = solve(**given, **{effect: value}, power=0.85, ratio=ratio, dropout=0.1)
    n = found.n[0]
    assert found.power >= 0.85 > solve(**given, **{effect: value}, n=n - 1, ratio=ratio, dropout=0.1).power
    back = solve(**given, n=n, power=found.power, ratio=ratio, dropout=0.1)
    assert back.effect == pytest.approx(value, rel=1e-5)
    assert f"for a {effect.replace('_', ' ')} of {value:g} (SE" in found.as_text()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: power_hazard_ratio(event_probability=0.5), "3 of hazard_ratio, n (or clusters) and power"),
        (lambda: power_hazard_ratio(event_probability=0.5, hazard_ratio=1, n=10), "`hazard_ratio` is 1. Give another"),
        (lambda: power_hazard_ratio(event_probability=5, hazard_ratio=2, n=10), "`event_probability` is 5"),
        (lambda: events_needed(hazard_ratio=-1), "`hazard_ratio` is -1. Give a number above 0."),
        (lambda: power_rate_ratio(rate=1, dispersion=-1, rate_ratio=2, n=10), "`dispersion` is -1. Give 0 or more."),
        (
            lambda: power_competing_risks(event_probability=0.6, competing_probability=0.4, hazard_ratio=2, n=10),
            "add up to 1. Give two that add up to less than 1.",
        ),
        (lambda: power_recurrent_events(rate=1, dispersion=1, exposure_variation=-1, rate_ratio=2, n=9), "Give 0 or"),
        (lambda: power_odds_ratio(probabilities=[0.5, 0.4], odds_ratio=2, n=10), "with the sum 0.9. Give one above 0"),
        (lambda: power_win_probability(win_probability=0.5, n=10), "`win_probability` is 0.5. Give another"),
        (lambda: power_win_ratio(win_ratio=2, ties=1, n=10), "`ties` is 1. Give a share"),
        (lambda: power_win_ratio(win_ratio="2", n=10), "not a number"),  # type: ignore[arg-type]
    ],
)
def test_wrong_numbers_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        call()
    assert message in str(caught.value)


def test_an_effect_out_of_reach_is_refused() -> None:
    with pytest.raises(FitError, match="No difference has this power"):
        power_win_probability(n=3, power=0.99)
    with pytest.raises(FitError, match="No difference has this power"):
        power_rate_ratio(rate=0.1, dispersion=1, n=5, power=0.9)
