"""`model: win_ratio` of a plan: its steps as endpoints, its numbers, and what the methods section says."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.analyses.methods import Telling, method_of
from coxa.analyses.methods.win_ratio import endpoints_of, step_words
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.errors import PlanError
from coxa.estimates import Estimates, MeasuredEndpoint, TimeEndpoint, win_statistics
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.study.reading.read import parse_study

PLAN: dict[str, Any] = {
    "study": "ranked",
    "title": "Ranked",
    "design": "parallel",
    "arms": {"usual": {"label": "Usual care", "reference": True}, "exercise": {"label": "Exercise"}},
    "visits": {"baseline": {"day": 0}, "month_6": {"day": 182}},
    "covariates": {"site": {"type": "category", "levels": ["north", "south"]}},
    "outcomes": {"pain": {"label": "Pain", "range": [0, 10], "higher_is_better": False}},
    "events": {
        "surgery": {"label": "Hip surgery", "higher_is_better": False},
        "sport": {"label": "Return to sport", "higher_is_better": True},
    },
    "composites": {
        "overall": {
            "label": "Overall",
            "order": [
                {"outcome": "surgery", "measure": "time", "at_least": 7},
                {"outcome": "sport", "measure": "time"},
                {"outcome": "pain", "measure": "change", "at_least": 1},
            ],
        }
    },
    "estimands": {
        "overall": {
            "treatment": {"compare": "exercise", "against": "usual"},
            "endpoint": {"outcome": "overall", "measure": "ranking", "visit": "month_6"},
            "summary": "win_ratio",
        }
    },
}


def plan(**options: Any) -> ComparativeStudy:
    content = {**PLAN, "analyses": {"main": {"estimand": "overall", "model": "win_ratio", **options}}}
    return with_arms(parse_study(json.dumps(content).encode()), "a test")


def rows(n: int = 60) -> pd.DataFrame:
    """Return n participants with days of surgery and of a return to sport, and a change in pain that some lack."""
    rng = np.random.default_rng(6)
    arm = np.tile(["usual", "exercise"], n // 2)
    first, second = rng.integers(20, 300, n), rng.integers(20, 250, n)
    change = rng.integers(-6, 3, n).astype(float)
    change[::7] = np.nan
    return pd.DataFrame(
        {
            "participant_id": range(n),
            "arm": arm,
            "visit": pd.Categorical(["month_6"] * n),
            "site": np.where(np.arange(n) % 3 > 0, "north", "south"),
            "step_1": np.minimum(first, 182.0),
            "step_1_event": (first < 182) * 1.0,
            "step_2": np.minimum(second, 182.0),
            "step_2_event": np.where(second < 182, 1.0, np.arange(n) % 2 * 2.0),
            "step_3": change,
            "ranking": 1.0,
        }
    )


def run(study: ComparativeStudy, d: pd.DataFrame) -> Estimates:
    return run_analysis(study, "main", study.analyses["main"], SimulatedRows(d, "ranking"))[1]


def expected(d: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Return the numbers with the endpoints written out: surgery late, sport soon, pain low."""
    steps = [
        TimeEndpoint(d["step_1"], d["step_1_event"] == 1, margin=7),
        TimeEndpoint(d["step_2"], d["step_2_event"] == 1, good=True),
        MeasuredEndpoint(d["step_3"], margin=1, higher_is_better=False),
    ]
    found = win_statistics(steps, (d["arm"] == "exercise").astype(int), missing="tie", **options)
    return found.table.set_index("statistic")


@pytest.mark.parametrize("variance", ["u_statistic", "no_difference"])
def test_the_numbers_are_those_of_the_steps_in_their_directions(variance: str) -> None:
    estimates, table = run(plan(variance=variance), rows()).frame, expected(rows(), variance=variance)
    assert estimates["term"].tolist() == ["win_ratio", "win_odds", "net_benefit"]
    for row in estimates.to_dict("records"):
        for name, column in (("estimate", "estimate"), ("std_error", "se"), ("conf_low", "conf_low")):
            assert row[name] == pytest.approx(table.loc[row["term"], column])
        assert (row["arm"], row["reference"], row["visit"]) == ("exercise", "usual", "month_6")
        assert row["n_participants"] == 60


def test_the_recorded_call_gives_the_comparison_again() -> None:
    study, d = plan(strata="site", variance="no_difference"), rows()
    fits, estimates, _ = run_analysis(study, "main", study.analyses["main"], SimulatedRows(d, "ranking"))
    names = {"win_statistics": win_statistics, "TimeEndpoint": TimeEndpoint, "MeasuredEndpoint": MeasuredEndpoint}
    (again,) = eval(fits[0].spec.call(), {**names, "data": d})
    assert again.table["estimate"][0] == estimates.frame["estimate"][0]
    assert fits[0].n_participants == 60


def test_a_participant_without_a_stratum_is_left_out_and_listed() -> None:
    study, d = plan(strata="site"), rows()
    d.loc[3, "site"] = None
    fits, estimates, _ = run_analysis(study, "main", study.analyses["main"], SimulatedRows(d, "ranking"))
    assert fits[0].left_out[["participant_id", "reason"]].values.tolist() == [[3, "no stratum"]]
    assert estimates.frame["n_participants"].tolist() == [59] * 3


def test_strata_are_levels_of_covariates() -> None:
    d = rows()
    table = expected(d, strata=d["site"])
    assert run(plan(strata="site"), d).frame["estimate"][0] == pytest.approx(table.loc["win_ratio", "estimate"])


def test_a_missing_step_is_no_missing_participant() -> None:
    d = rows()
    planned = plan().planned("main")
    pain = endpoints_of(planned, d)[2]
    assert np.isnan(np.asarray(pain.value)).sum() == 9  # type: ignore[union-attr]
    assert "9" not in run(plan(), d).frame["warning"][0]


def test_the_methods_name_the_steps_in_order() -> None:
    study = plan(variance="no_difference")
    planned = study.planned("main")
    cited: list[str] = []

    def cite(*words: str) -> str:
        cited.extend(words)
        return ""

    telling = Telling(planned, (), cite, str)
    said = " ".join(method_of(planned.analysis).sentences(telling))
    assert "time to hip surgery (by at least 7), time to return to sport then change in pain (by at least 1)" in said
    assert cited == ["win_ratio", "win-null"]
    assert [step_words(planned, step) for step in planned.outcome.order][1] == "time to return to sport"  # type: ignore[union-attr]


def test_a_plan_names_a_summary_that_wins_have() -> None:
    content = json.loads(json.dumps(PLAN))
    content["estimands"]["overall"]["summary"] = "risk_ratio"
    content["analyses"] = {"main": {"estimand": "overall", "model": "win_ratio"}}
    with pytest.raises(PlanError, match="a risk ratio does not fit"):
        parse_study(json.dumps(content).encode())
