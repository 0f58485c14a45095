"""What a report shows of rankings, step by step, and of responders three ways."""

from __future__ import annotations

import pytest

from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.estimates import compare_responders
from coxa.report.topics.analyses.kinds.ranking import decided_figure, decided_pairs, decided_table
from coxa.report.topics.analyses.kinds.responder_gap import three_ways
from tests.spec import test_methods_responder_mmrm as responders
from tests.spec import test_methods_win_ratio as wins


class Made:
    """What the tables of a report read off it."""

    def __init__(self, fits: tuple) -> None:
        self.fits = {"main": fits}


def test_the_steps_decide_all_pairs_that_are_not_tied() -> None:
    study = wins.plan()
    fits, estimates, _ = run_analysis(study, "main", study.analyses["main"], SimulatedRows(wins.rows(), "ranking"))
    planned = study.planned("main")
    decided = decided_pairs(Made(fits), planned)  # type: ignore[arg-type]
    assert decided["step"].tolist()[0] == "Time to hip surgery (by at least 7)"
    net = estimates.only(term="net_benefit").frame["estimate"][0]
    assert decided["wins"].sum() - decided["losses"].sum() == pytest.approx(net)
    assert decided["wins"].sum() + decided["losses"].sum() + decided["ties"].iloc[-1] == pytest.approx(1)
    table = decided_table(planned, decided)
    shown = [cell.text for cell in table.groups[0].rows[0].cells]
    assert shown == [f"{100 * decided[side][0]:.0f}" for side in ("wins", "losses", "ties")]
    figure = decided_figure(planned, decided, "exercise")
    assert figure.of_people
    assert figure.svg().startswith("<svg")
    assert "Change in pain (by at least 1): " in str(figure.alt)


def test_responders_three_ways_have_their_differences_and_why_they_differ() -> None:
    study = responders.plan()
    fits, _ = responders.run(study, responders.rows())
    planned = study.planned("main")
    table = three_ways(planned, fits[0])  # type: ignore[arg-type]
    found = compare_responders(fits[0], 8, higher_is_better=True, visits=["week_12"])  # type: ignore[arg-type]
    texts = [row.cells[0].text for row in table.groups[0].rows]
    for way, text in zip(("model", "adjusted", "counted"), texts, strict=True):
        value = 100 * found.estimates.only(analysis=way, term="risk_difference").frame["estimate"][0]
        assert text.startswith(f"{value:.1f} (")
    parts = found.parts.set_index("arm")
    missing = 100 * (parts.loc["exercise", "missing"] - parts.loc["usual_care", "missing"])
    note = str(table.footnotes[0].text).replace("\N{MINUS SIGN}", "-")
    assert f"{missing:.1f} come from outcomes that are missing" in note
