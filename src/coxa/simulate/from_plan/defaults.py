"""Where an outcome begins of which nothing is assumed."""

from __future__ import annotations

import numpy as np

from coxa.instruments.measures import load_measures
from coxa.study.assumptions.trial import AssumedBaseline
from coxa.study.outcome import Outcome
from coxa.study.outcome_sources.clinical_measures import ClinicalMeasureSource
from coxa.study.scales import outcome_scale

Limits = tuple[float, float]

LIKE_SIDES: Limits = (70.0, 130.0)
"""Range of a symmetry in which an outcome begins, in %: both sides alike in the middle; a working value."""


def default_baseline(outcome: Outcome) -> AssumedBaseline:
    """Return the middle of the usual range of an outcome, else of its range, and a sixth of it as the spread."""
    scale = outcome_scale(outcome)
    low, high = usual_range(outcome) or (scale.low, scale.high)
    if not np.isfinite(high - low):
        low, high = 0.0, 100.0
    return AssumedBaseline(mean=(low + high) / 2, sd=(high - low) / 6)


def usual_range(outcome: Outcome) -> Limits | None:
    """Return the usual range of a clinical measure; None for other outcomes, and where the plan has a range."""
    source = outcome.source
    if not isinstance(source, ClinicalMeasureSource) or outcome.range != source.scale["range"]:
        return None
    return LIKE_SIDES if source.side == "symmetry" else load_measures()[source.measure].soft
