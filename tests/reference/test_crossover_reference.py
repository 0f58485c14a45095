"""Crossover trials through a plan, against a dense REML with Kenward and Roger's adjustment."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.spec.period_trial import analysed

FOLDER = Path(__file__).parent / "designs"
DATA = json.loads((FOLDER / "crossover_data_synthetic.json").read_text())
DENSE = json.loads((FOLDER / "crossover_results_synthetic_bruteforce_KR.json").read_text())

CLOSE = 1e-7
"""Relative. Two optimisers of one likelihood; what is left is where each stopped."""


@pytest.mark.parametrize("name", list(DATA))
def test_treatments_agree_with_the_dense_computation(name: str) -> None:
    _, found = analysed(DATA[name])
    differences = found[found["term"] == "difference"].set_index("arm")
    terms = {term: one for term, one in DENSE[name]["terms"].items() if term.startswith("treat")}
    assert {f"t{term[-1].lower()}" for term in terms} == set(differences.index)
    for term, expected in terms.items():
        row = differences.loc[f"t{term[-1].lower()}"]
        assert row["estimate"] == pytest.approx(expected["estimate"], rel=CLOSE)
        assert row["std_error"] == pytest.approx(expected["se_kr"], rel=CLOSE)
        assert row["df"] == pytest.approx(expected["df_kr"], rel=CLOSE)
        assert row["p_value"] == pytest.approx(expected["p_kr"], abs=CLOSE)


@pytest.mark.parametrize("options", ["", "sequence: true", "participants: fixed"])
def test_complete_pairs_are_half_the_two_sample_t_of_differences(options: str) -> None:
    data = DATA["abba_complete"]
    _, found = analysed(data, options)
    wide = pd.DataFrame(data).pivot(index=["id", "sequence"], columns="period", values="y").reset_index()
    d = (wide[2] - wide[1]).to_numpy()
    one, two = d[wide["sequence"] == "AB"], d[wide["sequence"] == "BA"]
    row = found[found["term"] == "difference"].iloc[0]
    test = stats.ttest_ind(one, two)
    assert row["estimate"] == pytest.approx((one.mean() - two.mean()) / 2, rel=1e-10)
    assert row["p_value"] == pytest.approx(test.pvalue, rel=1e-7)
    assert row["df"] == pytest.approx(test.df, rel=1e-7)


def test_fixed_participants_use_complete_pairs_alone() -> None:
    data = pd.DataFrame(DATA["abba_missing"])
    complete = data[data.groupby("id")["y"].transform(lambda y: y.notna().all())]
    _, with_gaps = analysed(data.to_dict("list"), "participants: fixed")
    _, without = analysed(complete.to_dict("list"))
    columns = ["estimate", "std_error", "df"]
    mine, other = (found.loc[found["term"] == "difference", columns].to_numpy() for found in (with_gaps, without))
    np.testing.assert_allclose(mine, other, rtol=1e-7)
