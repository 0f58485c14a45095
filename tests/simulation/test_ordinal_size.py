"""What is offered for ordered outcomes keeps its size in small trials, and its limits cover.

The long run is `nox -s simulation`; its table is in docs/methods/ordinal-size.md.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coxa.estimates import row_mean_scores_test, standardised_win_probability, win_probability
from coxa.models import fit_ordinal, proportional_odds_test
from tests.simulation.ordinal_size import (
    ALPHA,
    EFFECT,
    MODELS,
    SCORES,
    WINS,
    assumed,
    draw,
    model,
    size_and_coverage,
    standardised,
    true_win,
)

pytestmark = pytest.mark.slow


@cache
def counted(effect: float, replicates: int, per_arm: int = 40) -> pd.DataFrame:
    return size_and_coverage(per_arm, effect, replicates, seed=7)


def three_errors(replicates: int) -> float:
    return 3 * (ALPHA * (1 - ALPHA) / replicates) ** 0.5


def test_size_and_coverage_at_40_an_arm() -> None:
    alike, other = counted(0.0, 300), counted(EFFECT, 300)
    names = [*MODELS, *WINS, SCORES]
    assert alike["rejected"][names].to_numpy() == pytest.approx(ALPHA, abs=three_errors(300) + 0.01)
    assert other["covered"][[MODELS[0], *WINS]].to_numpy() == pytest.approx(1 - ALPHA, abs=three_errors(300) + 0.01)
    assert other["rejected"][MODELS[0]] > other["rejected"][MODELS[1]]


@pytest.mark.slow
@pytest.mark.parametrize("per_arm", [20, 40, 80])
@pytest.mark.parametrize("effect", [0.0, EFFECT])
def test_coverage_from_20_to_80_an_arm(per_arm: int, effect: float) -> None:
    """Limits by the model miss up to a point and a half of coverage at 20 an arm; those of pairs miss half a point."""
    covered = counted(effect, 2000, per_arm)["covered"]
    short = {20: 0.015, 40: 0.01, 80: 0.005}[per_arm]
    assert covered[[MODELS[0], WINS[2]]].to_numpy() == pytest.approx(1 - ALPHA, abs=three_errors(2000) + short)
    assert covered[[*WINS[:2]]].to_numpy() == pytest.approx(1 - ALPHA, abs=three_errors(2000) + 0.005)


def test_the_truth_is_the_average_over_covariates() -> None:
    rng = np.random.default_rng(1)
    outcome, arm, _ = draw(200_000, EFFECT, rng)
    frame = pd.DataFrame({"arm": arm, "y": outcome})
    assert win_probability(frame, "y").frame["estimate"][0] == pytest.approx(true_win(EFFECT), abs=3e-3)
    assert true_win(0.0) == pytest.approx(0.5, abs=1e-12)


def test_what_is_simulated_is_what_is_public() -> None:
    outcome, arm, covariate = draw(40, EFFECT, np.random.default_rng(3))
    frame = pd.DataFrame({"y": outcome, "arm": np.where(arm == 1, "b", "a"), "x": covariate})
    public = fit_ordinal("y ~ arm + x", frame, levels=range(5))
    adjusted, plain = model(outcome, np.column_stack([arm, covariate])), model(outcome, arm[:, None])
    assert adjusted is not None
    assert plain is not None
    assert adjusted.odds == pytest.approx((public.params["arm[b]"], public.bse["arm[b]"]))
    row = standardised_win_probability(public).frame.iloc[0]
    assert standardised(adjusted) == pytest.approx((row["estimate"], row["std_error"]))
    without = fit_ordinal("y ~ arm", frame, levels=range(5))
    for p, test in zip(assumed(plain), ("likelihood_ratio", "score"), strict=True):
        assert p == pytest.approx(proportional_odds_test(without, test=test)["p_value"][0])  # type: ignore[arg-type]
    assert row_mean_scores_test(frame, "y", scores="rank").df == 1
