"""The memory of a model of many visits is bounded before it is taken."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from coxa.errors import FitError
from coxa.models import fit_batch, fit_mmrm
from coxa.models.batch.api import BLOCK, together
from coxa.models.covariance.structure import count


def many_visits(m: int, people: int, *, gaps: bool) -> pd.DataFrame:
    """Return people seen at m visits, with gaps of their own."""
    rng = np.random.default_rng(3)
    who, when = np.repeat(np.arange(people), m), np.tile(np.arange(m), people)
    data = pd.DataFrame({"participant_id": who, "visit": when, "arm": np.array(["a", "b"])[who % 2]})
    data["y"] = rng.normal(0, 5, people)[who] + rng.normal(0, 4, m * people)
    return data[rng.random(len(data)) < 0.9] if gaps else data


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger"])
def test_an_unstructured_covariance_takes_no_array_of_second_derivatives(ddf: str) -> None:
    """At 20 visits they would be 210 x 210 x 20 x 20 numbers, 141 MB, several times over."""
    data = many_visits(20, 80, gaps=False)
    tracemalloc.start()
    fit = fit_mmrm("y ~ arm * visit", data, ddf=ddf)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fit.optimisation is not None
    assert peak < 60e6


def test_sums_that_would_take_gigabytes_are_refused_with_their_size() -> None:
    data = many_visits(60, 130, gaps=True)
    message = r"would take [2-9]\d,\d{3} MB, more than the 4,000 MB that are used"
    with pytest.raises(FitError, match=message):
        fit_mmrm("y ~ arm * visit", data)
    with pytest.raises(FitError, match=message):
        fit_mmrm("y ~ arm * visit", [data], levels={"visit": list(range(60)), "arm": ["a", "b"]})
    with pytest.raises(FitError, match=message):
        fit_batch("y ~ arm * visit", data, np.zeros((2, len(data))), [{"Intercept": 1}])


def test_fewer_outcomes_are_fitted_at_a_time_where_their_derivatives_are_large() -> None:
    assert together(count(4), 4, 3, 9) == BLOCK
    assert together(count(26), 26, 3, 53) * count(26) * 26 * 26 * 3 < 40_000_000
    assert together(count(60), 60, 1, 121) == 1
