"""Samples of participants for a bootstrap, and how many of them may be without a model."""

from __future__ import annotations

import numpy as np

from coxa.errors import FitError, OptionError
from coxa.impute.outcomes import IncompleteOutcomes
from coxa.impute.parts import Source, StandardError

FEWEST = 100
"""Bootstrap samples that a standard error needs."""

MOST_SKIPPED = 0.05
"""Part of the bootstrap samples that may have no model; a jackknife may have none."""


def bootstrap_counts(outcomes: IncompleteOutcomes, replicates: int, seed: int) -> np.ndarray:
    """Return how often each participant is in each sample, (B, n), with as many of each arm as there are."""
    if replicates < FEWEST:
        raise OptionError(f"`replicates` is {replicates}. Give {FEWEST} or more.")
    rng = np.random.default_rng(seed)
    counts = np.zeros((replicates, len(outcomes.arm)))
    for a in range(len(outcomes.arms)):
        own = np.flatnonzero(outcomes.arm == a)
        if len(own):
            counts[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=replicates)
    return counts


def check_samples(source: Source, standard_error: StandardError, samples: int) -> None:
    """Raise FitError where too many samples have no model."""
    allowed = 0 if standard_error == "jackknife" else MOST_SKIPPED * samples
    if source.skipped > allowed:
        raise FitError(
            f"the model cannot be fitted in {source.skipped} of {samples} samples of the {standard_error}",
            ["Use standard_error='rubin' or 'gradient', which fit the model once.", "Use a simpler covariance."],
        )


def skipped_samples(source: Source, replicates: int) -> tuple[str, ...]:
    """Say how many bootstrap samples had no model."""
    if not source.skipped:
        return ()
    return (f"{source.skipped} of {replicates} bootstrap samples have no model and are left out",)
