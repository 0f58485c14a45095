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


def _same(order: Any, caliper: float | None, theirs: list[int]) -> tuple[int, int]:
    """Return how many of 185 treated have the partner that MatchIt gives them (0: none), and how many have one."""
    found = match_nearest(
        lalonde(), group="treat", treated=1, confounders=CONFOUNDERS, caliper=caliper, distance="score", order=order
    )
    mine = found.pairs.set_index("treated")["reference"] + 1
    treated = np.flatnonzero(found.treated)
    return sum(mine.get(row, 0) == other for row, other in zip(treated, theirs, strict=True)), len(mine)


@pytest.mark.parametrize("order", ["largest", "smallest", "data"])
def test_pairs_are_those_of_matchit_with_scores_that_it_does_not_cut(order: Any) -> None:
    assert _same(order, None, NUMBERS["matched"]["whole"][order]) == (185, 185)


@pytest.mark.parametrize(("caliper", "pairs"), [("0.2", 112), ("0.05", 108), ("0.01", 77)])
def test_pairs_within_a_caliper_are_those_of_matchit_with_scores_that_it_does_not_cut(caliper: str, pairs: int) -> None:
    assert _same("largest", float(caliper), NUMBERS["matched"]["within"][caliper]) == (185, pairs)


def test_matchit_4_5_1_cuts_distances_down_to_whole_numbers() -> None:
    """Treated at 0.50, others at 0.40 (row 2) and 0.51 (row 3): the farther one is taken, over a caliper of 0.005."""
    assert NUMBERS["matched"]["cut"] == {"one": 2, "caliper": 2, "thousand": 3}


@pytest.mark.parametrize("order", ["largest", "smallest", "data"])
def test_pairs_of_matchit_with_scores_as_they_are_follow_from_distances_that_are_all_zero(order: str) -> None:
    """All distances of scores below one are cut to zero: the next free one below is taken, without one the next above.

    Of 185 pairs by the largest score first this changes six, in which a nearer one was free above.
    """
    kept = NUMBERS["matched"]
    other = kept["match"] if order == "largest" else kept["orders"][order]
    score, treated = np.round(ours().score, 10), ours().treated
    rank = np.lexsort((np.arange(len(score)), score)).argsort()
    key = {"largest": -score, "smallest": score, "data": np.zeros(len(score))}[order]
    free, found = set(np.flatnonzero(~treated)), {}
    for row in (row for row in np.argsort(key, kind="stable") if treated[row]):
        below = [one for one in free if rank[one] < rank[row]]
        found[row] = max(below, key=lambda k: rank[k]) if below else min(free, key=lambda k: rank[k])
        free.remove(found[row])
    assert [found[row] + 1 for row in np.flatnonzero(treated)] == [int(one) for one in other]
    if order == "largest":
        mine = ours().pairs.set_index("treated")["reference"]
        differ = [row for row in mine.index if mine[row] != found[row]]
        assert len(differ) == 6
        assert all(abs(score[row] - score[mine[row]]) < abs(score[row] - score[found[row]]) for row in differ)


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
