"""Limits of proportions in a plan: those of the functions of counts, and the words that a report has of them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from coxa.analyses.methods import method_of
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.design.by_simulation.run import Piece, run_piece
from coxa.errors import FitError
from coxa.estimates import compare_proportions
from coxa.study import Study
from tests.spec.power_plan import power_plan

COUNTS = {"usual_care": (4, 20), "exercise": (11, 19), "manual_therapy": (0, 18)}


def plan(**options: Any) -> Study:
    """Return the plan of the tests of power with one comparison of proportions."""
    return power_plan({"only": {"estimand": "response", "model": "proportions", **options}})


def rows(counts: dict[str, tuple[int, int]] = COUNTS) -> SimulatedRows:
    """Return participants with these events in each arm, and one without a response."""
    arms = [arm for arm, (_, n) in counts.items() for _ in range(n)]
    values = [float(k < events) for events, n in counts.values() for k in range(n)]
    arm = pd.Categorical([*arms, "exercise"], ["usual_care", "exercise", "manual_therapy"])
    frame = pd.DataFrame({"arm": arm, "responder": [*values, None], "visit": "w26"})
    return SimulatedRows(frame.assign(participant_id=range(len(frame))), "responder")


@pytest.mark.parametrize("limits", ["miettinen-nurminen", "exact"])
def test_limits_and_tests_are_those_of_the_counts(limits: Any) -> None:
    study = plan(limits=limits)
    _, found, _ = run_analysis(study, "only", study.analyses["only"], rows())
    for arm in ("exercise", "manual_therapy"):
        frame = found.frame[(found.frame["arm"] == arm) & found.frame["reference"].ne("")].set_index("term")
        by_hand = compare_proportions(COUNTS[arm], COUNTS["usual_care"], limits=limits).frame.set_index("term")
        assert list(frame.index) == list(by_hand.index)
        for column in ("estimate", "conf_low", "conf_high", "p_value"):
            assert frame[column].to_numpy(dtype=float) == pytest.approx(by_hand[column].to_numpy(dtype=float))
    assert (found.frame["term"] == "risk").sum() == 3


def test_newcombe_is_the_default() -> None:
    study = plan()
    _, found, _ = run_analysis(study, "only", study.analyses["only"], rows())
    row = found.frame[(found.frame["arm"] == "exercise") & found.frame["term"].eq("risk_difference")].iloc[0]
    by_hand = compare_proportions(COUNTS["exercise"], COUNTS["usual_care"], limits="newcombe").frame.iloc[0]
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((by_hand["conf_low"], by_hand["conf_high"]))


def test_power_is_that_of_the_test_of_the_limits() -> None:
    study = plan(limits="miettinen-nurminen")
    table = run_piece(Piece(study, 60, ("only",), 1, 0, 5))
    assert table["estimate"].notna().all()
    assert (table["shown"] == ((table["conf_low"] > 0) | (table["conf_high"] < 0))).all()
    assert method_of(study.analyses["only"]).together(study.planned("only")) is None


def test_what_has_no_such_limits_is_refused() -> None:
    with pytest.raises(ValidationError, match="`margin` is tested with `limits: newcombe`"):
        plan(limits="exact", margin={"type": "noninferiority", "value": 0.1})
    assert plan(limits="exact").analyses["only"].summary_problem("risk_ratio")
    large = dict.fromkeys(COUNTS, (400, 1000))
    study = plan(limits="exact")
    with pytest.raises(FitError, match="Exact limits take too long for 3000 participants"):
        run_analysis(study, "only", study.analyses["only"], rows(large))
