"""Frames of polars and pyarrow are taken where a pandas frame is, and nothing that comes in is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import coxa
from coxa.diary import flare_rates, lagged, within_between
from coxa.errors import OptionError
from coxa.frames import as_arrow, as_pandas
from tests.reference.trial import trial


def to_polars(frame: pd.DataFrame) -> Any:
    return pytest.importorskip("polars", reason="polars is not installed").from_pandas(frame)


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def rows() -> pd.DataFrame:
    return trial().assign(arm=lambda d: d["arm"].astype(str), visit=lambda d: d["visit"].astype(str))


def diary() -> pd.DataFrame:
    days = np.tile(np.arange(1, 15), 3)
    pain = np.random.default_rng(1).integers(0, 8, 42).astype(float)
    return pd.DataFrame({"participant_id": np.repeat(list("abc"), 14), "study_day": days, "pain": pain})


VISITS = ["week_6", "week_12", "week_26", "week_52"]
FUNCTIONS: dict[str, tuple[Callable[[], pd.DataFrame], Callable[[Any], pd.DataFrame]]] = {
    "fit_mmrm": (rows, lambda d: coxa.fit_mmrm("change ~ arm * visit", d, visits=VISITS).tidy()),
    "fit_lmm": (rows, lambda d: coxa.fit_lmm("change ~ arm + (1 | participant_id)", d, ddf="satterthwaite").tidy()),
    "fit_ancova": (rows, lambda d: coxa.fit_ancova("change ~ baseline + arm", d, at_visit="week_12").tidy()),
    "lagged": (diary, lambda d: lagged(d, "pain")),
    "within_between": (diary, lambda d: within_between(d, "pain")),
    "flare_rates": (diary, flare_rates),
}


@pytest.mark.parametrize("name", list(FUNCTIONS))
@pytest.mark.parametrize("kind", [to_arrow, to_polars])
def test_a_function_gives_the_same_for_any_frame(name: str, kind: Callable[[pd.DataFrame], Any]) -> None:
    made, function = FUNCTIONS[name]
    frame = made()
    before = frame.copy()
    wanted, got = function(frame), function(kind(frame))
    pd.testing.assert_frame_equal(got, wanted, check_dtype=False)
    pd.testing.assert_frame_equal(frame, before)


def test_a_pandas_frame_is_taken_as_it_is() -> None:
    frame = diary()
    assert as_pandas(frame) is frame
    pd.testing.assert_frame_equal(as_pandas(as_arrow(frame)), frame, check_dtype=False)


def test_what_is_no_frame_is_answered() -> None:
    with pytest.raises(OptionError, match="polars or pyarrow"):
        coxa.fit_ancova("change ~ arm", {"change": [1.0]})  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="polars or pyarrow"):
        lagged([1, 2], "pain")  # type: ignore[arg-type]
