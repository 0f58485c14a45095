"""Marginal means and differences of every reference fit against R's emmeans after mmrm."""

from __future__ import annotations

import numpy as np
import pytest

from coxa.estimates import contrasts, marginal_means
from coxa.models import Fit
from tests.reference.cases import KEYS, fitted
from tests.reference.tolerances import DF, EFFECT, STANDARD_ERROR
from tests.reference.trial import reference

R = reference("mmrm")


@pytest.fixture(scope="module", params=KEYS)
def case(request: pytest.FixtureRequest) -> tuple[dict, Fit]:
    return R[request.param], fitted(request.param)


@pytest.mark.parametrize(("weights", "key"), [("equal", "emmeans"), ("proportional", "emmeans_proportional")])
def test_marginal_means(case: tuple[dict, Fit], weights: str, key: str) -> None:
    r, fit = case
    wanted = r[key]
    se = np.array(wanted.get("SE", wanted.get("se")))
    got = marginal_means(fit, averaging=weights).frame.set_index(["visit", "arm"])
    got = got.loc[list(zip(wanted["visit"], wanted["arm"], strict=True))]
    assert (np.abs(got["estimate"] - wanted["emmean"]) / se).max() < EFFECT
    np.testing.assert_allclose(got["std_error"], se, rtol=STANDARD_ERROR)
    np.testing.assert_allclose(got["df"], wanted["df"], rtol=DF)


def test_all_pairs_within_visits(case: tuple[dict, Fit]) -> None:
    r, fit = case
    wanted, got = r["contrasts"], contrasts(fit, against="pairwise").frame
    assert (got["arm"] + " - " + got["reference"]).to_list() == wanted["contrast"]
    assert (np.abs(got["estimate"] - wanted["estimate"]) / wanted["SE"]).max() < EFFECT
    np.testing.assert_allclose(got["std_error"], wanted["SE"], rtol=STANDARD_ERROR)
    np.testing.assert_allclose(got["df"], wanted["df"], rtol=DF)
