"""Compliers, doses and mediators on small tables, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from coxa.causal import complier_effect, dose_response, instrumental_effect, mediated_effects, spline_knots
from coxa.errors import DataError, FitError, OptionError


def one_sided() -> pd.DataFrame:
    """Return a trial of 4 + 4 in which nobody of the reference arm received the treatment."""
    d = pd.DataFrame({"participant_id": list("abcdefgh"), "arm": ["usual"] * 4 + ["exercise"] * 4})
    return d.assign(came=[0, 0, 0, 0, 1, 1, 0, 1], y=[1.0, 2, 3, 2, 5, 6, 2, 5])


# -- compliers ---------------------------------------------------------------------------------------------------------


def test_the_effect_in_compliers_is_the_effect_of_allocation_over_their_share() -> None:
    found = complier_effect(one_sided(), "y", "came", against="usual")
    assert (found.effect.reduced, found.compliers, found.effect.estimate) == pytest.approx((2.5, 0.75, 2.5 / 0.75))
    assert (found.always, found.never, found.one_sided) == (0.0, 0.25, True)
    assert found.received == {"exercise": (4, 3), "usual": (4, 0)}


def test_bounds_without_exclusion_by_hand() -> None:
    """Compliers allocated to exercise: 5, 6, 5. Of four in usual care three are compliers: the lowest or highest."""
    low, high = complier_effect(one_sided(), "y", "came", against="usual").bounds
    assert (low, high) == pytest.approx((16 / 3 - 7 / 3, 16 / 3 - 5 / 3))


def test_with_exclusion_the_effect_is_within_the_bounds() -> None:
    rng = np.random.default_rng(1)
    z = np.repeat([0, 1], 200)
    complies = rng.random(400) < 0.6
    d = pd.DataFrame({"arm": np.where(z, "b", "a"), "got": (z & complies).astype(int)})
    d["y"] = rng.normal(size=400) + 2 * d["got"]
    found = complier_effect(d, "y", "got", against="a")
    assert found.bounds[0] < found.effect.estimate < found.bounds[1]


def test_what_allocation_would_have_to_do_in_others() -> None:
    found = complier_effect(one_sided(), "y", "came", against="usual")
    assert found.at_direct(found.direct) == pytest.approx(0.0)
    assert found.direct == pytest.approx(2.5 / 0.25)


def test_all_comply_then_it_is_the_difference_in_means() -> None:
    d = one_sided().assign(came=[0, 0, 0, 0, 1, 1, 1, 1])
    found = complier_effect(d, "y", "came", against="usual", vcov="model")
    difference = stats.ttest_ind(d["y"][4:], d["y"][:4])
    assert found.effect.estimate == pytest.approx(2.5)
    assert found.effect.p_value == pytest.approx(difference.pvalue)
    assert np.isnan(found.direct)
    assert found.effect.anderson_rubin.low == pytest.approx(found.effect.conf_low)


def test_a_weak_instrument_is_named_and_its_set_may_be_every_number() -> None:
    rng = np.random.default_rng(2)
    d = pd.DataFrame({"z": np.tile([0, 1], 30), "d": rng.normal(size=60), "y": rng.normal(size=60)})
    found = instrumental_effect(d, "y", "d", "z")
    assert found.is_weak
    assert found.anderson_rubin.region in ("line", "rays")


@pytest.mark.parametrize("vcov", ["model", "HC0", "HC1", "HC3"])
def test_the_ends_of_the_anderson_rubin_set_are_where_its_test_has_the_level(vcov: Any) -> None:
    rng = np.random.default_rng(3)
    z = np.tile([0.0, 1.0], 40)
    d = pd.DataFrame({"z": z, "d": (rng.random(80) < 0.2 + 0.5 * z) * 1.0})
    d["y"] = 2 * d["d"] + rng.normal(size=80) * (1 + z)
    region = instrumental_effect(d, "y", "d", "z", vcov=vcov).anderson_rubin
    for end in (region.low, region.high):
        rest = instrumental_effect(d.assign(y=d["y"] - end * d["d"]), "y", "d", "z", vcov=vcov)
        t = rest.reduced / rest.reduced_error
        assert 2 * stats.t.sf(abs(t), 78) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"came": [0, 0, 0, 2, 1, 1, 0, 1]}, DataError, "came is neither 0 nor 1"),
        ({"came": [0] * 8}, FitError, "does not move came"),
        ({"arm": list("abcabcab")}, OptionError, 'There is no against "usual"'),
    ],
)
def test_what_cannot_be_estimated_is_refused(change: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        complier_effect(one_sided().assign(**change), "y", "came", against="usual")


# -- dose --------------------------------------------------------------------------------------------------------------


def test_a_straight_line_is_found_straight() -> None:
    d = pd.DataFrame({"sessions": np.arange(30) % 13})
    d["y"] = 50 - 1.5 * d["sessions"] + np.tile([0.5, -0.5], 15)
    found = dose_response(d, "y", "sessions")
    assert found.slope["estimate"] == pytest.approx(-1.5, abs=0.05)
    assert found.curved[3] > 0.05
    assert found.curve["estimate"].iloc[[0, -1]].tolist() == pytest.approx([0.0, -18.0], abs=0.8)


def test_few_different_doses_have_fewer_knots_or_none() -> None:
    assert spline_knots([0] * 20 + [6, 12], 5) == (0.0, 6.0, 12.0)
    two = pd.DataFrame({"sessions": [0, 12] * 6, "y": np.arange(12.0)})
    found = dose_response(two, "y", "sessions")
    assert found.knots == ()
    assert np.isnan(found.curved[0])


def test_one_dose_alone_is_refused() -> None:
    with pytest.raises(FitError, match="Every participant has a dose of 3"):
        dose_response(pd.DataFrame({"sessions": [3] * 5, "y": range(5)}), "y", "sessions")


# -- mediation ---------------------------------------------------------------------------------------------------------


def mediated(n: int = 400, seed: int = 4, **changes: Any) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    z = np.tile([0.0, 1.0], n // 2)
    m = 0.8 * z + rng.normal(size=n)
    y = 0.5 * z + 0.7 * m + rng.normal(size=n)
    return pd.DataFrame({"arm": np.where(z, "b", "a"), "m": m, "y": y}).assign(**changes)


def test_direct_and_indirect_effect_add_up_to_the_difference_in_means() -> None:
    d = mediated()
    found = mediated_effects(d, "y", "m", against="a")
    means = d.groupby("arm")["y"].mean()
    total = found.of("total")["estimate"]
    assert total == pytest.approx(means["b"] - means["a"])
    assert found.of("natural_indirect")["estimate"] + found.of("natural_direct")["estimate"] == pytest.approx(total)
    assert found.share == pytest.approx(found.of("natural_indirect")["estimate"] / total)


def test_a_logit_mediation_is_the_integral_by_brute_force() -> None:
    d = mediated()
    d["yes"] = (expit(d["y"]) > np.random.default_rng(5).random(len(d))).astype(float)
    found = mediated_effects(d, "yes", "m", against="a", kind="logit", interaction=True)
    a0, sd = found.fitted.params[1], found.fitted.params[2]
    a, (c, b, cb, c0) = found.fitted.params[0], found.fitted.params[3:]
    grid = np.linspace(-8, 8, 20_001)
    weight = stats.norm.pdf(grid) * (grid[1] - grid[0])

    def mean(t: int, s: int) -> float:
        m = a0 + a * s + sd * grid
        return float(expit(c0 + c * t + (b + cb * t) * m) @ weight)

    assert found.of("natural_indirect")["estimate"] == pytest.approx(mean(1, 1) - mean(1, 0), abs=1e-8)
    assert found.of("natural_direct")["estimate"] == pytest.approx(mean(1, 0) - mean(0, 0), abs=1e-8)


def test_bootstrap_limits_are_the_same_with_the_same_seed_and_near_the_delta_method() -> None:
    d = mediated()
    drawn = [mediated_effects(d, "y", "m", against="a", interval="bootstrap", replicates=200, seed=7) for _ in range(2)]
    pd.testing.assert_frame_equal(drawn[0].table, drawn[1].table)
    delta = mediated_effects(d, "y", "m", against="a").of("natural_indirect")
    assert drawn[0].of("natural_indirect")["std_error"] == pytest.approx(delta["std_error"], rel=0.2)


def test_at_the_correlation_named_the_indirect_effect_is_zero() -> None:
    found = mediated_effects(mediated(), "y", "m", against="a")
    assert found.curve([found.rho])["natural_indirect"].to_list() == pytest.approx([0.0], abs=1e-12)
    assert found.curve([0.0])["natural_indirect"].to_list() == pytest.approx([found.of("natural_indirect")["estimate"]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interval": "product", "interaction": True}, "without an interaction"),
        ({"kind": "logit"}, "numbers other than 0 and 1"),
        ({"mediator": "fear"}, "no column 'fear'"),
        ({"rhos": [1.0]}, "between -1 and 1"),
        ({"interval": "bootstrap", "replicates": 5}, "Draw 100 or more"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict[str, Any], message: str) -> None:
    given = {"mediator": "m", **options}
    with pytest.raises(OptionError, match=message):
        mediated_effects(mediated(40), "y", against="a", **given)
