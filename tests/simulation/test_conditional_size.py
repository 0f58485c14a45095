"""Each strategy is unbiased where it is true, and Rubin's errors exceed the spread; the long table is in the docs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulation.conditional_size import ACTIVE, REFERENCE, WORDS, draw, measured, truth
from tests.sizes import few

pytestmark = pytest.mark.slow


def test_truths_are_between_nothing_lost_and_what_a_jump_leaves() -> None:
    arm, _, _, event = draw(50_000, np.random.default_rng(2))
    left = (event[arm == 1] < 3).mean()
    full = ACTIVE[-1] - REFERENCE[-1]
    worlds = [truth(word, 100_000) for word in WORDS]
    assert worlds[0] == pytest.approx(full, abs=0.15)
    assert worlds == sorted(worlds, reverse=True)
    assert (1 - left) * full < worlds[-1] < full


def test_estimates_and_errors_of_some_trials() -> None:
    replicates = few(30, 300)
    found = measured(50, replicates, seed=7)
    spread = 3.5 / np.sqrt(2 * replicates)
    for word in WORDS:
        rubin, jackknife = (found[word, error] for error in ("rubin", "jackknife"))
        assert abs(rubin["bias"]) < 3.5 * rubin["sd"] / np.sqrt(replicates) + 0.05
        assert jackknife["std_error"] == pytest.approx(jackknife["sd"], rel=spread + 0.05)
        assert rubin["covered"] >= 0.85
    ratio = {word: found[word, "rubin"]["std_error"] / found[word, "jackknife"]["std_error"] for word in WORDS}
    assert ratio["j2r"] > 1.15
    assert ratio["mar"] == pytest.approx(1, abs=0.1)
