"""Rates and their ratios: by hand, by chi-squared quantiles, and by the binomial distribution itself."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from scipy import stats

from coxa.errors import FitError, OptionError
from coxa.estimates import fit_rates
from coxa.estimates.rates import rate, rate_ratio

EXACT = 1e-10


def people(events: dict[str, list[int]], years: float = 1.0) -> pd.DataFrame:
    rows = [(arm, n, years) for arm, counts in events.items() for n in counts]
    return pd.DataFrame(rows, columns=["arm", "events", "years"])


def test_rates_and_ratio_by_hand() -> None:
    """Seven events in 14 years and two in 8: 50 and 25 per 100 years, twice as many."""
    found = fit_rates(
        people({"usual_care": [2, 0], "exercise": [3, 4]}).assign(years=[4.0, 4.0, 7.0, 7.0]), "events", "years",
        against="usual_care", per=100,
    ).frame.set_index(["term", "arm"])["estimate"]  # fmt: skip
    assert found.to_dict() == {
        ("rate", "usual_care"): 25.0,
        ("rate", "exercise"): 50.0,
        ("rate_ratio", "exercise"): 2.0,
    }


@pytest.mark.parametrize("events", [1, 2, 7, 40, 400])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_limits_of_a_rate_are_quantiles_of_chi_squared(events: int, level: float) -> None:
    row = rate(events, 12.5, 100, level)
    tail = (1 - level) / 2
    low, high = stats.chi2.ppf(tail, 2 * events) / 2, stats.chi2.ppf(1 - tail, 2 * events + 2) / 2
    assert row["conf_low"] == pytest.approx(8 * low, rel=EXACT)
    assert row["conf_high"] == pytest.approx(8 * high, rel=EXACT)


def test_no_event_has_an_upper_limit() -> None:
    """P(0 events) = 2.5 % at a mean of -log(0.025) = 3.69: "about three over n", two-sided."""
    row = rate(0, 10.0, 1, 0.95)
    assert (row["estimate"], row["conf_low"]) == (0, 0)
    assert row["conf_high"] == pytest.approx(-math.log(0.025) / 10, rel=EXACT)


@pytest.mark.parametrize("cell", [(7, 14.0), (1, 30.0), (25, 61.3)])
@pytest.mark.parametrize("reference", [(2, 8.0), (11, 55.0)])
def test_limits_of_a_ratio_leave_the_observed_split_a_probability_of_a_fortieth(
    cell: tuple[int, float], reference: tuple[int, float]
) -> None:
    """At the lower limit as many events or more in the arm, at the upper as many or fewer, have 2.5 %."""
    row = rate_ratio(cell, reference, 0.95)
    (a, t), (c, u) = cell, reference
    for limit in ("conf_low", "conf_high"):
        share = row[limit] * t / (row[limit] * t + u)
        tail = stats.binom.sf(a - 1, a + c, share) if limit == "conf_low" else stats.binom.cdf(a, a + c, share)
        assert tail == pytest.approx(0.025, rel=1e-8)
    beta = stats.beta.ppf(0.025, a, c + 1)
    assert row["conf_low"] == pytest.approx(beta / (1 - beta) * u / t, rel=1e-8)


def test_a_ratio_needs_events_in_both_arms_and_a_rate_needs_exposure() -> None:
    assert rate_ratio((0, 10.0), (3, 10.0), 0.95) == {}
    assert math.isnan(rate(0, 0.0, 1, 0.95)["estimate"])
    found = fit_rates(people({"usual_care": [0], "exercise": [2]}), "events", "years", against="usual_care").frame
    assert found["term"].tolist() == ["rate", "rate"]


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(FitError, match="missing or negative"):
        fit_rates(people({"usual_care": [1], "exercise": [-1]}), "events", "years", against="usual_care")
    with pytest.raises(OptionError, match="did you mean years"):
        fit_rates(people({"usual_care": [1]}), "events", "year", against="usual_care")
    with pytest.raises(OptionError, match=r'`against` is "usual_care". Choose exercise'):
        fit_rates(people({"exercise": [1]}), "events", "years", against="usual_care")


def test_one_participant_with_half_of_the_events_is_warned_about() -> None:
    data = people({"usual_care": [1, 1, 2, 0], "exercise": [7, 1, 1, 0], "manual": [1, 0, 0, 0]})
    found = fit_rates(data, "events", "years", against="usual_care").frame.set_index(["term", "arm"])["warning"]
    said = "one participant has 7 of the 9 events in exercise: events are not independent, and limits are too narrow"
    half = "one participant has 2 of the 4 events in usual_care: events are not independent, and limits are too narrow"
    assert found["rate", "exercise"] == said
    assert found["rate", "usual_care"] == half
    assert found["rate", "manual"] == ""
    assert found["rate_ratio", "exercise"] == f"{said}; {half}"


def test_events_that_are_spread_are_not_warned_about() -> None:
    data = people({"usual_care": [1, 1, 1, 2], "exercise": [2, 2, 1, 0]})
    assert (fit_rates(data, "events", "years", against="usual_care").frame["warning"] == "").all()
