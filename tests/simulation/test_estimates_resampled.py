"""The bootstrap over participants: of a mean it is the classic one, and draws repeat with the seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa import marginal_means
from coxa.errors import FitError, OptionError
from coxa.estimates import Estimates, bootstrap_participants, responder_by_model
from coxa.models import Fit, fit_ancova, fit_clda, fit_mmrm
from tests.spec.test_estimates_responder_model import FORMULA, trial


def scores(n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame({"participant_id": range(n), "arm": list("ab") * (n // 2), "y": rng.normal(10, 3, n)})


def test_the_spread_of_a_mean_is_its_standard_error() -> None:
    data = scores()
    found = bootstrap_participants(fit_ancova("y ~ arm", data), data, marginal_means, replicates=120, seed=1)
    plain = data.groupby("arm")["y"].std(ddof=0) / np.sqrt(20)
    # a standard deviation of 120 draws is within 3 / sqrt(240) of its own
    assert found.estimates().frame["std_error"].to_numpy() == pytest.approx(plain.to_numpy(), rel=0.2)


def responders(fit: Fit) -> Estimates:
    return responder_by_model(fit, 8, higher_is_better=True, visits=["week_12"])


def agree(fit: Fit, data: pd.DataFrame, replicates: int) -> None:
    """Assert that the standard errors of the delta method and of the draws differ by chance alone."""
    found = bootstrap_participants(fit, data, responders, replicates=replicates, seed=4)
    assert found.failed == 0
    delta, drawn = responders(fit).frame, found.estimates().frame
    assert drawn["estimate"].to_list() == delta["estimate"].to_list()
    three = 3 / np.sqrt(2 * replicates)
    assert drawn["std_error"].to_numpy() == pytest.approx(delta["std_error"].to_numpy(), rel=three + 0.05)


def test_the_delta_method_and_the_bootstrap_agree_on_responders() -> None:
    data = trial(80)
    agree(fit_ancova("change ~ baseline + arm", data, at_visit="week_12"), data, 100)


@pytest.mark.slow
def test_they_agree_over_several_visits_with_gaps() -> None:
    data = trial(120)
    agree(fit_mmrm(FORMULA, data), data, 1000)
    agree(fit_clda(data), data, 1000)


def test_draws_keep_the_arms_and_repeat_with_the_seed() -> None:
    data = scores()
    fit = fit_ancova("y ~ arm", data)
    one, again, other = (
        bootstrap_participants(fit, data, marginal_means, replicates=100, seed=seed).draws for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_what_cannot_be_drawn_is_refused() -> None:
    data = scores()
    fit = fit_ancova("y ~ arm", data)
    with pytest.raises(OptionError, match="`replicates` is 20"):
        bootstrap_participants(fit, data, marginal_means, replicates=20)
    with pytest.raises(OptionError, match='"site"'):
        bootstrap_participants(fit, data, marginal_means, strata="site")

    def never(fit: Fit) -> Estimates:
        raise FitError(f"no estimate of {fit.formula}")

    with pytest.raises(FitError, match="No estimate of y"):
        bootstrap_participants(fit, data, never, replicates=100)
