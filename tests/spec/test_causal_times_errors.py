"""Errors of times by models: what a participant adds is what one more and one fewer of him or her changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coxa.causal.modelled_times import modelled_time_numbers
from coxa.causal.weights import Weighing
from tests.reference.causal_times_numbers import HORIZON, times
from tests.sizes import few

COPIES = 40
CLOSE = 2e-4
"""Of the largest influence: what is left of the second order with 40 copies of everyone."""


def numbers(rows: np.ndarray, augmented: bool, target: Any) -> Any:
    data = times().iloc[:90].iloc[rows]
    x, treated = data[["x", "z"]].to_numpy(), data["a"].to_numpy() == 1
    weights = Weighing(target).weights(x, treated)
    time, event = data["time"].to_numpy(), data["event"].to_numpy()
    return modelled_time_numbers(time, event, x, weights, HORIZON, augmented=augmented)


@pytest.mark.parametrize(("augmented", "target"), [(True, "ATE"), (True, "ATO"), (True, "ATT"), (False, "ATE")])
def test_errors_have_the_models_of_event_censoring_and_group_in_them(augmented: bool, target: Any) -> None:
    """Of many copies of everyone, half the change between one more and one fewer is the influence: no formula."""
    influence = numbers(np.arange(90), augmented, target).influence
    copies = np.repeat(np.arange(90), COPIES)
    for person in (0, 3, 17, 50, 88)[: few(3, 5)]:
        more = numbers(np.append(copies, person), augmented, target).value
        fewer = numbers(np.delete(copies, person * COPIES), augmented, target).value
        change = (more - fewer) / 2 * COPIES
        assert np.abs(change - influence[person]).max() < CLOSE * np.abs(influence).max()
