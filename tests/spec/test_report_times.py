"""What a report shows of events with days: curves with numbers at risk, mean numbers of events, and checks."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from coxa.models import aalen_johansen, kaplan_meier, mean_cumulative, rows_at_risk
from coxa.report.topics.analyses.kinds.event_curves import event_curves, numbers_at_risk, plot_event_curves
from coxa.report.topics.analyses.kinds.recurrent import mean_events, plot_mean_events
from coxa.report.topics.analyses.kinds.time import TOLD, curve_tests, proportional_table
from coxa.report.topics.answer.people import events_sentence
from tests.spec.test_methods_times import plan, rows, run


class Made:
    """What the tables of a report read off it."""

    def __init__(self, fits: tuple) -> None:
        self.fits = {"main": fits}


def test_curves_are_those_of_the_estimator() -> None:
    frame, planned = rows(), plan("competing_risks").planned("main")
    curves = event_curves(planned.study.groups, frame, 182)
    usual = frame[frame["arm"] == "usual"]
    expected = aalen_johansen(usual["time"], usual["status"].astype(int)).at([100])["incidence"].iloc[0]
    mine = curves[(curves["arm"] == "usual") & (curves["day"] <= 100)]
    assert mine["share"].iloc[-1] == pytest.approx(expected)
    risk = numbers_at_risk(planned.study.groups, frame, 182).set_index(["arm", "day"])["n"]
    assert risk["usual", 0.0] == len(usual)
    assert risk["usual", 182.0] == int((usual["time"] >= 182).sum())


def test_without_competing_events_curves_are_those_of_kaplan_and_meier() -> None:
    frame, planned = rows(competing=False), plan("cox").planned("main")
    usual = frame[frame["arm"] == "usual"]
    end = event_curves(planned.study.groups, frame, 182).groupby("arm")["share"].last()["usual"]
    assert end == pytest.approx(1 - kaplan_meier(usual["time"], usual["status"] == 1).survival[-1])


def test_a_figure_of_curves_says_its_numbers_and_is_not_shared() -> None:
    frame, planned = rows(), plan("competing_risks").planned("main")
    figure = plot_event_curves(planned, frame, "month_6", figure_id="curves", title="Return to sport")
    assert figure.of_people
    assert "Usual care: " in figure.alt
    assert "had an event that prevents this one" in figure.alt
    assert figure.svg().startswith("<svg")


def test_an_arm_without_events_is_a_line_at_zero() -> None:
    frame = rows(competing=False)
    frame["status"] = frame["status"].where(frame["arm"] != "exercise", 0.0)
    curves = event_curves(plan("kaplan_meier").groups, frame, 182)
    assert curves.loc[curves["arm"] == "exercise", "share"].tolist() == [0.0, 0.0]


def test_mean_numbers_of_events_are_those_of_the_estimator() -> None:
    frame, planned = rows(competing=False, per_year=4), plan("recurrent").planned("main")
    at_risk = rows_at_risk(frame[frame["arm"] == "usual"])
    curve = mean_cumulative(at_risk["stop"], at_risk["event"], at_risk["participant_id"], start=at_risk["start"])
    ends = mean_events(planned, frame, 182).groupby("arm")["mean"].last()
    assert ends["usual"] == pytest.approx(curve.mean[-1])
    assert plot_mean_events(planned, frame, "month_6").svg().startswith("<svg")


def test_hazards_that_are_not_proportional_have_a_remedy_and_a_warning() -> None:
    rng = np.random.default_rng(3)
    frame = rows(200, competing=False)
    late = (frame["arm"] == "exercise").to_numpy()
    day = np.where(late, 90 + 60 * rng.random(200), 170 * rng.random(200))
    frame = frame.assign(time=np.ceil(day), status=1.0)
    study = plan("cox")
    fits, found = run(study, frame)
    table = proportional_table(Made(fits), study.planned("main"))
    assert TOLD in [str(note.text) for note in table.footnotes]
    warnings = found.loc[found["term"] == "hazard_ratio", "warning"]
    assert warnings.str.contains("hazards of the arms are not proportional").all()


def test_tests_of_curves_have_the_name_of_the_test() -> None:
    study = plan("competing_risks")
    _, found = run(study, rows())
    table = curve_tests(study.planned("main"), pd.DataFrame(found[found["term"] == "joint_test"]))
    assert [row.label for row in table.groups[0].rows] == ["Month 6: Gray's test"]


def test_page_one_says_the_share_of_each_arm_that_the_estimates_have() -> None:
    study = plan("cox")
    _, found = run(study, rows(competing=False))
    said = events_sentence(SimpleNamespace(estimates=SimpleNamespace(frame=found)), study.planned("main"))
    assert said is not None
    risks = found[found["term"] == "risk"].set_index("arm")["estimate"]
    assert len(risks) == len(study.arms)
    for arm, risk in risks.items():
        assert f"{100 * risk:.1f}% ({study.label('arms', str(arm))})" in str(said)


def test_without_shares_page_one_says_none() -> None:
    made = SimpleNamespace(
        estimates=SimpleNamespace(frame=pd.DataFrame(columns=["analysis", "term", "visit", "estimate"]))
    )
    assert events_sentence(made, plan("cox").planned("main")) is None
