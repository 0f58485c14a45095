"""Adjusted p-values and standardised differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import FitError, OptionError
from coxa.estimates import Estimates, adjust_multiplicity, contrasts, marginal_means, standardised_effect
from coxa.models import fit_ancova


def family(*p_values: float, visit: str = "week_6") -> Estimates:
    return Estimates.of(
        {"term": "difference", "visit": visit, "p_value": p, "conf_low": 1.0, "method": "MMRM"} for p in p_values
    )


@pytest.mark.parametrize(
    ("method", "adjusted"),
    [
        ("holm", [0.03, 0.04, 0.04]),
        ("hochberg", [0.025, 0.025, 0.025]),
        ("bonferroni", [0.03, 0.06, 0.075]),
        ("fdr", [0.025, 0.025, 0.025]),
    ],
)
def test_methods_by_hand(method: str, adjusted: list[float]) -> None:
    got = adjust_multiplicity(family(0.01, 0.02, 0.025), method).frame
    assert got["p_value"].to_list() == pytest.approx(adjusted)
    assert got["method"].iloc[0] == f"MMRM; p by {method} over 3"
    assert got["warning"].iloc[0] == "limits not adjusted for multiplicity"
    assert got["conf_low"].to_list() == [1, 1, 1]


def test_each_visit_is_a_family_of_its_own_unless_told_otherwise() -> None:
    both = family(0.01, 0.02) + family(0.03, 0.04, visit="week_12")
    assert adjust_multiplicity(both).frame["p_value"].to_list() == pytest.approx([0.02, 0.02, 0.06, 0.06])
    assert adjust_multiplicity(both, family=()).frame["p_value"].to_list() == pytest.approx([0.04, 0.06, 0.06, 0.06])


def test_rows_keep_their_order() -> None:
    mixed = family(0.01) + family(0.03, visit="week_12") + family(0.02)
    assert adjust_multiplicity(mixed).frame["visit"].to_list() == ["week_6", "week_12", "week_6"]


def test_what_is_refused() -> None:
    with pytest.raises(OptionError, match=r'`method` is "bonferoni".*did you mean bonferroni'):
        adjust_multiplicity(family(0.1), "bonferoni")
    with pytest.raises(OptionError, match='The column of a family is "visits"'):
        adjust_multiplicity(family(0.1), family=("visits",))
    with pytest.raises(OptionError, match="Rows of a family have no p-value"):
        adjust_multiplicity(Estimates.of([{"term": "risk"}]))


def groups() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    arm = pd.Categorical(["usual_care"] * 12 + ["exercise"] * 10, ["usual_care", "exercise"])
    return pd.DataFrame({"participant_id": range(22), "arm": arm, "change": rng.normal(size=22) + (arm == "exercise")})


def test_hedges_g_of_two_plain_means_is_pingouins() -> None:
    import pingouin

    data = groups()
    difference = contrasts(fit_ancova("change ~ arm", data))
    row = standardised_effect(difference, data, response="change", visit=None).frame.iloc[0]
    x, y = (data.loc[data["arm"] == arm, "change"] for arm in ("exercise", "usual_care"))
    assert row["estimate"] == pytest.approx(pingouin.compute_effsize(x, y, eftype="hedges"), rel=1e-10)
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    pooled = np.sqrt((11 * y.var() + 9 * x.var()) / 20)
    assert f"pooled SD of change ({pooled:.6g})" in row["method"]
    assert (row["term"], row["n_participants"]) == ("standardised_difference", 22)


def test_only_differences_with_a_spread_can_be_standardised() -> None:
    data = groups()
    fit = fit_ancova("change ~ arm", data)
    with pytest.raises(OptionError, match=r"Choose them by estimates.only\(term='difference'\)"):
        standardised_effect(marginal_means(fit), data, response="change", visit=None)
    with pytest.raises(FitError, match="'change' has 1 values in exercise and 12 in usual_care"):
        standardised_effect(contrasts(fit), data.iloc[:13], response="change", visit=None)
    with pytest.raises(OptionError, match='no column "visit"'):
        standardised_effect(contrasts(fit), data, response="change")
