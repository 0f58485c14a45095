"""What holds for any table: antisymmetry, the order of adjustments, tests that agree with their limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coxa.estimates import Estimates, contrasts, margin_test
from coxa.models import fit_ancova

SLACK = 1e-9
"""Absolute, of p-values that are equal in exact arithmetic."""

numbers = st.floats(-20, 20)


def layout(seed: int, sizes: list[int]) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    arm = np.repeat([f"arm_{k}" for k in range(len(sizes))], sizes)
    x = rng.normal(size=len(arm))
    return pd.DataFrame({"participant_id": range(len(arm)), "arm": arm, "x": x, "y": x + rng.normal(size=len(arm))})


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(3, 9), min_size=3, max_size=4))
def test_adjusted_p_values_and_limits_are_in_their_order(seed: int, sizes: list[int]) -> None:
    fit = fit_ancova("y ~ arm + x", layout(seed, sizes))
    k = len(sizes)
    plain, dunnett = (contrasts(fit, against="arm_0", adjust=how).frame for how in ("none", "dunnett"))
    assert (dunnett["p_value"] >= plain["p_value"] - SLACK).all()
    assert (dunnett["p_value"] <= np.minimum(1, (k - 1) * plain["p_value"]) + SLACK).all()
    assert ((dunnett["p_value"] < 0.05) == (dunnett["conf_low"] * dunnett["conf_high"] > 0)).all()
    pairs, tukey = (contrasts(fit, against="pairwise", adjust=how).frame for how in ("none", "tukey"))
    assert (tukey["p_value"] >= pairs["p_value"] - SLACK).all()
    assert (tukey["conf_high"] - tukey["conf_low"] >= pairs["conf_high"] - pairs["conf_low"]).all()
    against_first = tukey.query("reference == 'arm_0'")["p_value"].to_numpy()
    assert (against_first >= dunnett["p_value"].to_numpy() - 1e-6).all()  # all pairs cost more than some


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_a_contrast_turned_round_is_its_negative(seed: int) -> None:
    fit = fit_ancova("y ~ arm * x", layout(seed, [6, 5, 7]))
    one = contrasts(fit, against="arm_0").frame.query("arm == 'arm_1'").iloc[0]
    other = contrasts(fit, against="arm_1").frame.query("arm == 'arm_0'").iloc[0]
    assert one["estimate"] == pytest.approx(-other["estimate"], abs=1e-12)
    assert one["conf_low"] == pytest.approx(-other["conf_high"], abs=1e-12)
    assert one["p_value"] == pytest.approx(other["p_value"], abs=SLACK)


@settings(max_examples=60, deadline=None)
@given(
    numbers,
    st.floats(0.1, 5),
    st.floats(3, 300),
    st.floats(0.5, 10),
    st.sampled_from(["noninferiority", "superiority", "equivalence"]),
    st.booleans(),
)
def test_a_margin_is_shown_exactly_where_the_limits_respect_it(
    estimate: float, se: float, df: float, margin: float, kind: str, higher: bool
) -> None:
    row = {"term": "difference", "arm": "a", "reference": "b", "estimate": estimate, "std_error": se, "df": df}
    tested = margin_test(Estimates.of([row]), margin, type=kind, higher_is_better=higher).frame.iloc[0]
    low, high = (tested["conf_low"], tested["conf_high"]) if higher else (-tested["conf_high"], -tested["conf_low"])
    respected = {
        "noninferiority": low > -margin,
        "superiority": low > margin,
        "equivalence": -margin < low and high < margin,
    }
    alpha = 0.05 if kind == "equivalence" else 0.025
    if abs(tested["p_value"] - alpha) > SLACK:
        assert (tested["p_value"] < alpha) == respected[kind]
        assert (", shown:" in tested["method"]) == respected[kind]
