"""The screening log of a simulated trial: who was assessed for eligibility, and why some did not take part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

LONGEST_WAIT = 28
"""Days from assessment to randomisation, at most."""


@dataclass(frozen=True, slots=True)
class NotEnrolled:
    """People who were assessed and did not take part, and why.

    eligible, consented : as in the log; `consented` is None of people who were not asked
    number              : how many from 1, or below 1 their share of all who were assessed
    """

    reason: str
    number: float
    eligible: bool = True
    consented: bool | None = None


def numbers_of(outside: Sequence[NotEnrolled], enrolled: int) -> list[int]:
    """Return how many people each reason has, given how many took part.

    Shares are of everybody who was assessed: those who took part, those given as numbers, and those given as shares.

    Examples
    --------
    >>> numbers_of([NotEnrolled("surgery planned", 20), NotEnrolled("no time", 0.4)], 100)
    [20, 80]
    """
    shares = sum(group.number for group in outside if group.number < 1)
    counts = sum(group.number for group in outside if group.number >= 1)
    assessed = (enrolled + counts) / (1.0 - shares)
    return [round(group.number if group.number >= 1 else group.number * assessed) for group in outside]


def draw_log(rng: np.random.Generator, outside: Sequence[NotEnrolled], enrolled: int, entry: NDArray[np.int64]
             ) -> pd.DataFrame:  # fmt: skip
    """Draw who was assessed, and when.

    Parameters
    ----------
    outside
        Groups of people who did not take part.
    enrolled
        Participants; each was assessed in the four weeks before randomisation.
    entry
        (enrolled,) day of randomisation, counted from any day.

    Returns
    -------
    DataFrame
        A row per person in the order of assessment: `like` (place of the participant; for somebody else of one at whose
        clinic, and about whose time, the assessment was), `wait` (days before that participant's randomisation),
        `enrolled`, `eligible`, `consented`, `reason`.
    """
    import pandas as pd

    numbers = numbers_of(outside, enrolled)
    others = [group for group, number in zip(outside, numbers, strict=True) for _ in range(number)]
    like = np.concatenate([np.arange(enrolled), rng.integers(0, enrolled, len(others))])
    wait = rng.integers(1, LONGEST_WAIT + 1, len(like))
    frame = pd.DataFrame(
        {
            "like": like,
            "wait": wait,
            "enrolled": np.arange(len(like)) < enrolled,
            "eligible": [True] * enrolled + [group.eligible for group in others],
            "consented": [True] * enrolled + [group.consented for group in others],
            "reason": [""] * enrolled + [group.reason for group in others],
        }
    )
    day = entry[like] - wait
    return frame.iloc[np.lexsort((rng.random(len(like)), day))].reset_index(drop=True)


def log_columns(log: pd.DataFrame, participants: NDArray[np.str_]) -> dict[str, object]:
    """Return number, answers, reason and participant of a drawn log, as they are written."""
    words = {True: "yes", False: "no", None: ""}
    ids = np.where(log["enrolled"], participants[log["like"].to_numpy()], "")
    return {
        "screening_id": [f"S{number:04d}" for number in range(1, len(log) + 1)],
        "eligible": [words[said] for said in log["eligible"]],
        "consented": [words[said] for said in log["consented"]],
        "exclusion_reason": log["reason"].tolist(),
        "participant_id": ids,
    }
