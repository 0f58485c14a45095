"""Multiple imputation is unbiased where outcomes after dropout follow the strategy, and Rubin's error covers.

The long run is `nox -s simulation -- imputation`; its table is in docs/methods/imputation-size.md.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulation.imputation_size import METHODS, WORDS, draw, summary, truth
from tests.sizes import few


def test_truths_are_in_order() -> None:
    """Under MAR the difference is the planted one; the others take some of it from those who drop out."""
    assert truth("mar") == pytest.approx(5.0, abs=0.02)
    assert truth("j2r") < truth("cr") < truth("mar")
    assert truth("j2r") < truth("cir") < truth("mar")


def test_what_is_observed_is_the_same_under_all_strategies() -> None:
    trial = draw(np.random.default_rng(1))
    assert trial["change"].isna().mean() > 0.15
    assert trial.loc[trial["visit"] == "week_6", "change"].notna().all()


def test_no_strategy_is_biased() -> None:
    replicates = few(8, 500)
    table = summary(replicates, 5, METHODS[:1])
    assert table["strategy"].tolist() == list(WORDS)
    assert (table["bias"].abs() < 3.5 * table["spread"] / np.sqrt(replicates)).all()
    assert (table["coverage"] >= few(6, 465) / replicates).all()


@pytest.mark.slow
def test_rubin_is_conservative_for_jump_to_reference_and_the_jackknife_is_not() -> None:
    """150 trials: the error of a spread is 6%."""
    table = summary(150, 6, (METHODS[0], METHODS[2]), ("j2r",))
    rubin, jackknife = table["std_error"] / table["spread"]
    assert rubin > 1.05 * jackknife
    assert rubin > 1.02
    assert jackknife == pytest.approx(1, abs=0.18)
