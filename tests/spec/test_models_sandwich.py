"""Sandwich covariance and counted degrees of freedom: what they collapse to."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.formula.api as smf

from coxa.models import fit_mmrm
from tests.reference.tolerances import CLOSED_FORM
from tests.reference.trial import trial


@pytest.mark.parametrize(("vcov", "known_as"), [("CR0", "HC0"), ("CR2", "HC2"), ("CR3", "HC3")])
def test_one_visit_gives_the_robust_errors_of_least_squares(vcov: str, known_as: str) -> None:
    data = trial()
    here = data[data["visit"] == "week_12"].dropna(subset=["change"])
    wanted = smf.ols("change ~ baseline + arm", here).fit(cov_type=known_as)
    fit = fit_mmrm("change ~ baseline + arm", data, visits=["week_12"], vcov=vcov)
    np.testing.assert_allclose(fit.std_error["baseline"], wanted.bse["baseline"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(fit.std_error["arm[exercise]"], wanted.bse["arm[T.exercise]"], rtol=CLOSED_FORM)


def test_two_means_have_the_degrees_of_freedom_of_welch_at_equal_variances() -> None:
    """For n and k participants: (1/n + 1/k)^2 / (1 / n^2 (n - 1) + 1 / k^2 (k - 1))."""
    data = trial()
    here = data[(data["visit"] == "week_12") & (data["arm"] != "manual_therapy")].dropna(subset=["change"])
    n, k = here["arm"].value_counts()[["usual_care", "exercise"]]
    fit = fit_mmrm("change ~ arm", here, visits=["week_12"], vcov="CR2")
    wanted = (1 / n + 1 / k) ** 2 / (1 / (n**2 * (n - 1)) + 1 / (k**2 * (k - 1)))
    assert fit.df["arm[exercise]"] == pytest.approx(wanted, rel=CLOSED_FORM)


def test_the_corrections_are_in_their_order() -> None:
    errors = [fit_mmrm("change ~ arm * visit", trial(), vcov=vcov).std_error for vcov in ("CR0", "CR2", "CR3")]
    assert (errors[0] < errors[1]).all()
    assert (errors[1] < errors[2]).all()


@pytest.mark.parametrize("ddf", ["residual", "between-within"])
def test_counted_degrees_of_freedom_do_not_depend_on_the_covariance(ddf: str) -> None:
    plain = fit_mmrm("change ~ arm * visit", trial(), ddf=ddf)
    robust = fit_mmrm("change ~ arm * visit", trial(), ddf=ddf, vcov="CR2")
    assert plain.df.equals(robust.df)
    assert not np.allclose(plain.std_error, robust.std_error)


def test_between_and_within_are_counted() -> None:
    """179 participants, 605 rows; the arm is constant in a participant (2 columns), the other 9 are not."""
    fit = fit_mmrm("change ~ arm * visit", trial(), ddf="between-within")
    assert fit.df["arm[exercise]"] == 179 - 1 - 2
    assert fit.df["visit[week_12]"] == fit.df["arm[exercise]:visit[week_12]"] == 605 - 179 - 9
    both = fit.test({"arm[exercise]": 1, "arm[exercise]:visit[week_12]": 1})
    assert both.df.tolist() == [179 - 1 - 2]


def test_the_method_says_which_errors_they_are() -> None:
    fit = fit_mmrm("change ~ arm * visit", trial(), covariance="toeph", group="arm", vcov="CR2", weights="weight")
    assert fit.method == (
        "MMRM, heterogeneous Toeplitz covariance for each arm, weighted by weight, REML, CR2 standard errors, "
        "satterthwaite degrees of freedom"
    )
    assert (fit.vcov, fit.group) == ("CR2", "arm")
