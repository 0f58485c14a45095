"""Dunnett and Tukey: against scipy's own on a one-way layout, and the box probability against closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.integrate import quad

from coxa.errors import OptionError
from coxa.estimates import contrasts
from coxa.estimates.simultaneous import adjusted_p, box_probability, critical_value
from coxa.models import Fit, fit_ancova, fit_mmrm
from tests.reference.trial import trial

QUADRATURE = 1e-6
"""Absolute, of a probability of up to four variables; the error against closed forms is below 3e-7."""

LATTICE = 3e-4
"""Absolute, of a probability of five and more variables; the error against closed forms is below 2e-4."""

SCIPY_DUNNETT = 1e-3
"""scipy.stats.dunnett integrates with random points, to about three digits."""


def one_way() -> pd.DataFrame:
    """Return four arms of unequal size."""
    rng = np.random.default_rng(8)
    sizes = {"usual_care": 12, "exercise": 9, "manual_therapy": 10, "both": 7}
    arm = np.repeat(list(sizes), list(sizes.values()))
    gain = pd.Series(arm).map({"usual_care": 0, "exercise": 4, "manual_therapy": 2, "both": 5}).to_numpy()
    return pd.DataFrame(
        {
            "participant_id": range(len(arm)),
            "arm": pd.Categorical(arm, list(sizes)),
            "change": gain + rng.normal(0, 4, len(arm)),
        }
    )


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fit_ancova("change ~ arm", one_way())


def test_dunnett_is_scipys(fit: Fit) -> None:
    groups = {name: part["change"].to_numpy() for name, part in one_way().groupby("arm", observed=True)}
    result = stats.dunnett(
        *(groups[name] for name in ("exercise", "manual_therapy", "both")), control=groups["usual_care"], rng=5
    )
    limits = result.confidence_interval(0.95)
    got = contrasts(fit, adjust="dunnett").frame
    np.testing.assert_allclose(got["p_value"], result.pvalue, atol=SCIPY_DUNNETT)
    scale = got["std_error"].to_numpy()
    np.testing.assert_allclose(got["conf_low"] / scale, limits.low / scale, atol=0.02)
    np.testing.assert_allclose(got["conf_high"] / scale, limits.high / scale, atol=0.02)
    assert "Dunnett, multivariate t, over 3 comparisons" in got["method"].iloc[0]


def test_tukey_is_scipys(fit: Fit) -> None:
    names = list(one_way()["arm"].cat.categories)
    result = stats.tukey_hsd(*(one_way().query("arm == @name")["change"] for name in names))
    limits = result.confidence_interval(0.95)
    for row in contrasts(fit, against="pairwise", adjust="tukey").frame.itertuples():
        place = names.index(row.arm), names.index(row.reference)
        assert row.p_value == pytest.approx(result.pvalue[place], abs=1e-8)
        assert row.conf_low == pytest.approx(limits.low[place], rel=1e-6)
        assert row.conf_high == pytest.approx(limits.high[place], rel=1e-6)


@pytest.mark.parametrize(("q", "tolerance"), [(2, QUADRATURE), (3, QUADRATURE), (4, QUADRATURE), (6, LATTICE)])
def test_the_box_probability_of_equal_correlations_is_a_single_integral_over_their_cause(
    q: int, tolerance: float
) -> None:
    half, df, root = 2.4, 1e9, np.sqrt(0.5)  # so many df that the scale is 1

    def given(cause: float) -> float:
        inside = stats.norm.cdf((half - root * cause) / root) - stats.norm.cdf((-half - root * cause) / root)
        return float(stats.norm.pdf(cause) * inside**q)

    expected = quad(given, -9, 9, epsabs=1e-12)[0]
    assert box_probability(half, np.full((q, q), 0.5) + np.eye(q) / 2, df) == pytest.approx(expected, abs=tolerance)


def test_the_box_probability_with_few_degrees_of_freedom() -> None:
    half, df = 2.4, 7.3

    def given(scale: float) -> float:
        return float((1 - 2 * stats.norm.sf(half * scale)) ** 3 * 2 * df * scale * stats.chi2.pdf(df * scale**2, df))

    expected = quad(given, 0, 6, epsabs=1e-12)[0]
    assert box_probability(half, np.eye(3), df) == pytest.approx(expected, abs=QUADRATURE)


def test_the_same_call_gives_the_same_bytes_and_undoes_itself() -> None:
    correlation = np.array([[1, 0.4, 0.1], [0.4, 1, 0.6], [0.1, 0.6, 1]])
    critical = critical_value(0.95, correlation, 60.0)
    assert critical == critical_value(0.95, correlation, 60.0)
    assert adjusted_p(critical, correlation, 60.0) == pytest.approx(0.05, abs=1e-6)
    assert adjusted_p(-critical, correlation, 60.0) == adjusted_p(critical, correlation, 60.0)


def test_one_comparison_needs_no_adjustment() -> None:
    two = one_way().query("arm in ['usual_care', 'exercise']")
    fit = fit_ancova("change ~ arm", two)
    plain, adjusted = contrasts(fit).frame, contrasts(fit, adjust="dunnett").frame
    columns = ["p_value", "conf_low", "conf_high"]
    np.testing.assert_allclose(adjusted[columns], plain[columns], rtol=1e-9)


def test_a_family_can_span_the_visits() -> None:
    fit = fit_mmrm("change ~ arm * visit", trial(), visits=["week_6", "week_12"])
    apart, together = contrasts(fit, adjust="dunnett").frame, contrasts(fit, adjust="dunnett", family="all").frame
    assert (together["p_value"] > apart["p_value"]).all()
    assert "over 4 comparisons" in together["method"].iloc[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"adjust": "tukey"}, "Tukey's adjustment is for all pairs, not for one reference. Write against='pairwise'"),
        ({"adjust": "dunnett", "against": "pairwise"}, "Dunnett's adjustment is for one reference"),
        (
            {"adjust": "tukey", "against": "pairwise", "family": "all"},
            "for the pairs of one visit",
        ),
        ({"adjust": "dunnet"}, "did you mean dunnett"),
        ({"adjust": "dunnett", "family": "outcome"}, '`family` is "outcome". Choose one of visit, all'),
    ],
)
def test_an_adjustment_must_fit_the_comparisons(fit: Fit, options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        contrasts(fit, **options)
