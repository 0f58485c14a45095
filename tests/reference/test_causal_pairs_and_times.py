"""Matched pairs against MatchIt and sandwich, and times by models against survival, in R."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.causal import Matched, balance_of, compare_group_times, compare_matched, match_nearest
from tests.reference.causal_times_numbers import HORIZON, KEPT, times
from tests.reference.lmm_cases import packaged
from tests.reference.tolerances import CLOSED_FORM

NUMBERS: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
CONFOUNDERS = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]
OTHER_FIT = 1e-7
"""Relative. R stops its logistic and Cox regressions at 1e-8 of the deviance, 1e-9 of the likelihood."""


@cache
def lalonde() -> pd.DataFrame:
    found = packaged("MatchIt", "lalonde")
    return found.assign(y5=(found["re78"] > 5000).astype(float))


@cache
def ours() -> Matched:
    return match_nearest(lalonde(), group="treat", treated=1, confounders=CONFOUNDERS, caliper=None, distance="score")


def theirs() -> Matched:
    """Return MatchIt's pairs as a record."""
    kept = NUMBERS["matched"]
    rows = [(int(new) - 1, int(old) - 1, 0.0) for new, old in zip(kept["names"], kept["match"], strict=True)]
    weight = np.zeros(len(lalonde()))
    weight[[row for pair in rows for row in pair[:2]]] = 1.0
    return replace(ours(), pairs=pd.DataFrame(rows, columns=["treated", "reference", "distance"]), weight=weight)


def test_pairs_are_those_of_matchit_but_where_a_nearer_one_was_free() -> None:
    """MatchIt 4.5.1 takes no partner above the treated participant, even where it is nearer: 6 of 185."""
    mine = ours().pairs.set_index("treated")["reference"]
    other = theirs().pairs.set_index("treated")["reference"]
    differ = mine.index[mine != other.loc[mine.index]]
    assert (len(mine), len(differ)) == (185, 6)
    score = ours().score
    assert (score[other.index] >= score[other.to_numpy()] - 1e-9).all()
    for row in differ:
        assert abs(score[row] - score[mine[row]]) < abs(score[row] - score[other[row]])


@pytest.mark.parametrize(("outcome", "kind"), [("re78", "mean"), ("y5", "yes_no")])
def test_errors_by_pair_are_those_of_sandwich(outcome: str, kind: Any) -> None:
    found = compare_matched(
        lalonde(), outcome=outcome, group="treat", treated=1, confounders=CONFOUNDERS, kind=kind, pairs=theirs()
    ).estimates.frame
    row = found[found["term"].isin(["difference", "risk_difference"])].iloc[0]
    assert [row["estimate"], row["std_error"]] == pytest.approx(NUMBERS["matched"][outcome], rel=CLOSED_FORM)


def test_the_balance_of_matchit_s_pairs_is_that_which_it_prints() -> None:
    table = balance_of(lalonde(), theirs(), CONFOUNDERS).table.set_index("confounder")["after"]
    printed = NUMBERS["matched"]["balance"]
    assert table.loc[list(printed)].to_dict() == pytest.approx(printed, abs=1e-6)


@pytest.mark.parametrize("estimator", ["doubly_robust", "g_computation"])
def test_restricted_means_and_shares_by_models_are_those_of_explicit_sums_in_r(estimator: Any) -> None:
    found = compare_group_times(
        times(), time="time", event="event", group="a", treated=1, confounders=["x", "z"], horizon=HORIZON,
        estimator=estimator,
    ).estimates  # fmt: skip
    means = found.only(term="restricted_mean").frame["estimate"]
    risks = found.only(term="risk").frame["estimate"]
    assert [*means, *(1 - risks)] == pytest.approx(NUMBERS["times"][estimator], rel=OTHER_FIT)
