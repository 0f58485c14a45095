"""Intervals of variances and intraclass correlations: closed forms, the reference's profiles, and the boundary."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from coxa.errors import FitError, OptionError
from coxa.models import Fit, fit_lmm, fit_mmrm, icc, variance_intervals
from tests.reference.lmm_cases import CASES
from tests.reference.tolerances import CLOSED_FORM
from tests.reference.trial import reference
from tests.spec.drawn_clusters import mean_squares, one_way, visits_trial

R = reference("lmm_r")
PROFILED = [name for name in CASES if "profile" in R[name]]

PROFILE = 1e-4
"""Relative. Both sides end a search at the limit; ours accepts a deviance within 1e-5 of it."""


def our_name(name: str) -> str:
    """Return our name of a parameter of R: sd_Days|Subject, cor_Days.(Intercept)|Subject, sigma."""
    if name == "sigma":
        return "sd[residual]"
    kind, rest = name.split("_", 1)
    effects, factor = rest.replace("(Intercept)", "Intercept").split("|")
    if kind == "sd":
        return f"sd[{factor}: {effects}]"
    return f"correlation[{factor}: {', '.join(reversed(effects.split('.')))}]"


@pytest.mark.parametrize("name", PROFILED)
def test_profile_limits_are_those_solved_for_in_r(name: str) -> None:
    case, wanted = CASES[name], R[name]["profile"]
    fit = fit_lmm(case.formula, case.frame(), reml=case.reml)
    found = variance_intervals(fit, conf_level=wanted["level"]).set_index("name")
    names = [our_name(parameter) for parameter in wanted["solved_parameter"]]
    np.testing.assert_allclose(found.loc[names, "conf_low"], wanted["lower"], rtol=PROFILE, atol=1e-12)
    np.testing.assert_allclose(found.loc[names, "conf_high"], wanted["upper"], rtol=PROFILE)
    assert set(found.index) == set(names)


def one_way_loglik(total: float, within: float, levels: int, each: int, ms: tuple[float, float]) -> float:
    """Return the restricted log-likelihood, less a constant, at the expected mean squares `total` and `within`."""
    df = np.array([levels - 1, levels * (each - 1)])
    return float(-0.5 * (df * (np.log([total, within]) + np.array(ms) / [total, within])).sum())


def test_icc_and_its_profile_in_a_one_way_layout() -> None:
    data = one_way(levels=8, each=5)
    between, within = mean_squares(data)
    fit = fit_lmm("pain ~ 1 + (1 | therapist)", data)
    found = icc(fit).iloc[0]
    assert found["icc"] == pytest.approx((between - within) / (between + 4 * within), rel=CLOSED_FORM)

    def profile(rho: float) -> float:  # twice the drop at a share of rho, where total = within (1 + 5 rho / (1 - rho))
        ratio = 1 + 5 * rho / (1 - rho)
        own = (7 * between / ratio + 32 * within) / 39
        at = one_way_loglik(own * ratio, own, 8, 5, (between, within))
        return 2 * (one_way_loglik(between, within, 8, 5, (between, within)) - at) - stats.chi2.ppf(0.95, 1)

    low = optimize.brentq(profile, 0, found["icc"], xtol=1e-12)
    high = optimize.brentq(profile, found["icc"], 0.999, xtol=1e-12)
    assert (found["conf_low"], found["conf_high"]) == (
        pytest.approx(low, rel=PROFILE),
        pytest.approx(high, rel=PROFILE),
    )


def test_wald_intervals_are_of_logs_with_the_information_of_mean_squares() -> None:
    data = one_way(levels=8, each=5)
    between, within = mean_squares(data)
    found = variance_intervals(fit_lmm("pain ~ 1 + (1 | therapist)", data), method="wald").set_index("name")
    z = stats.norm.ppf(0.975)
    factor = np.exp(z * np.sqrt(2 / 32) / 2)  # the log of a mean square of df has a variance of 2 / df
    residual = found.loc["sd[residual]"]
    limits = residual["conf_low"], residual["conf_high"]
    assert limits == pytest.approx((np.sqrt(within) / factor, np.sqrt(within) * factor), rel=1e-6)
    variance = (between - within) / 5
    error = np.sqrt(2 * between**2 / 7 + 2 * within**2 / 32) / 5 / (2 * variance)
    therapist = found.loc["sd[therapist: Intercept]"]
    limits = therapist["conf_low"], therapist["conf_high"]
    assert limits == pytest.approx(
        (np.sqrt(variance) * np.exp(-z * error), np.sqrt(variance) * np.exp(z * error)), rel=1e-6
    )


def test_at_the_boundary_an_interval_starts_at_zero() -> None:
    fit = fit_lmm("pain ~ 1 + (1 | therapist)", one_way(6, 4, sd=0.0, seed=5))
    for table, column in ((variance_intervals(fit), "estimate"), (icc(fit), "icc")):
        first = table.iloc[0]
        assert (first[column], first["conf_low"]) == (0, 0)
        assert first["conf_high"] > 0
    wald = variance_intervals(fit, method="wald").iloc[0]
    assert (wald["estimate"], wald["conf_low"]) == (0, 0)
    assert np.isnan(wald["conf_high"])  # no curvature to take it from


def test_a_wider_level_contains_a_narrower_one() -> None:
    fit = fit_lmm("change ~ arm * week + (week | participant_id)", visits_trial(60))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a search that leaves the likelihood is not the reader's concern
        wide, narrow = (variance_intervals(fit, conf_level=level).set_index("name") for level in (0.95, 0.8))
    assert (wide["conf_low"] <= narrow["conf_low"]).all()
    assert (narrow["conf_low"] <= narrow["estimate"]).all()
    assert (narrow["estimate"] <= narrow["conf_high"]).all()
    assert (narrow["conf_high"] <= wide["conf_high"] + 1e-9).all()  # a correlation ends at 1 in both
    assert list(wide.index) == list(fit.covariance_parameters.index)


# -- the share of each factor ------------------------------------------------------------------------------------------


def variances(fit: Fit) -> pd.Series:
    table = fit.variance_components
    return table.set_index([table["factor"], table["effect"]])["variance"]


def test_shares_of_two_factors_and_the_residual_add_up_to_one() -> None:
    fit = fit_lmm("change ~ arm + (1 | participant_id) + (1 | leads)", visits_trial(60))
    own = variances(fit)
    found = icc(fit, method="wald").set_index("factor")["icc"]
    assert found["leads"] == pytest.approx(own["leads", "Intercept"] / own.sum(), rel=CLOSED_FORM)
    assert found.sum() + own["residual", ""] / own.sum() == pytest.approx(1, rel=CLOSED_FORM)


def test_with_variances_by_arm_a_share_is_of_the_whole_in_that_arm() -> None:
    fit = fit_lmm("change ~ arm * week + (1 | gr(leads, by = arm)) + (1 | participant_id)", visits_trial(60))
    own = variances(fit)
    people, residual = own["participant_id", "Intercept"], own["residual", ""]
    found = icc(fit, method="wald").set_index(["factor", "by"])["icc"]
    assert set(found.index) == {
        (f, f"arm[{arm}]") for f in ("leads", "participant_id") for arm in ("usual_care", "exercise")
    }
    for arm in ("arm[usual_care]", "arm[exercise]"):
        whole = own["leads", arm] + people + residual
        assert found["leads", arm] == pytest.approx(own["leads", arm] / whole, rel=CLOSED_FORM, abs=1e-12)
        assert found["participant_id", arm] == pytest.approx(people / whole, rel=CLOSED_FORM)


def test_where_the_variance_differs_between_visits_so_does_the_share() -> None:
    fit = fit_mmrm("change ~ arm * visit + (1 | therapist)", visits_trial(60), partially_nested={"therapist": "arm"})
    own = fit.variance_components["variance"].iloc[0]
    found = icc(fit, method="wald").set_index("visit")["icc"]
    np.testing.assert_allclose(found, own / (own + np.diag(fit.covariance)), rtol=CLOSED_FORM)
    assert list(found.index) == ["week_6", "week_12", "week_26"]
    same = fit_mmrm("change ~ arm * visit + (1 | leads)", visits_trial(60), covariance="cs")
    assert icc(same, method="wald")["visit"].to_list() == [""]


def test_what_has_no_interval_says_so() -> None:
    data = visits_trial()
    grouped = fit_mmrm("change ~ arm * visit + (1 | leads)", data, group="arm", covariance="cs")
    with pytest.raises(FitError, match="the share of a factor differs between groups"):
        icc(grouped)
    with pytest.raises(FitError, match="has no random intercept"):
        icc(fit_lmm("change ~ arm + (0 + week | leads)", data))
    with pytest.raises(FitError, match="has no random effects"):
        variance_intervals(fit_mmrm("change ~ arm * visit", data))
    fit = fit_lmm("change ~ arm + (1 | leads)", data)
    for asked, said in (({"method": "boot"}, "Choose one of profile, wald"), ({"conf_level": 95}, "between 0 and 1")):
        for function in (icc, variance_intervals):
            with pytest.raises(OptionError, match=said):
                function(fit, **asked)
    with pytest.raises(OptionError, match=r'no factor "therapist". Choose leads'):
        icc(fit, "therapist")
