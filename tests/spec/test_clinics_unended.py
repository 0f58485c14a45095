"""Episodes without a day of discharge: they are never due, it is said, and a plan can count them as ended."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from coxa.clinics.measures.unended import unended_of
from coxa.episodes import Episodes, episodes_of_frame
from coxa.study.audit.plan import AuditPlan


def episodes(n_open: int, **follow_up: object) -> Episodes:
    """Return ten episodes of sixty days, of which some have no day of discharge, and no score then."""
    ended = [pd.Timestamp("2024-03-07")] * (10 - n_open) + [pd.NaT] * n_open
    scores = [3.0] * (9 - n_open) + [None] * (n_open + 1)
    rows = {"patient": list("abcdefghij"), "clinic": "A", "intake_date": pd.Timestamp("2024-01-07")}
    frame = pd.DataFrame(rows | {"discharge_date": ended, "pain_intake": 7.0, "pain_discharge": scores})
    given = {"audit": "tiny", "title": "Tiny", "data": {"file": "a.csv"}, "outcomes": {"pain": {"instrument": "nprs"}}}
    plan = AuditPlan.model_validate(given | {"follow_up": follow_up})
    return episodes_of_frame(plan, frame, data_cut=date(2024, 12, 31))


def due(asked: Episodes) -> tuple[int, int]:
    row = asked.query("SELECT COUNT(*) FILTER (WHERE due) AS due, COUNT(*) FILTER (WHERE done) AS done FROM episodes")
    return int(row["due"].iloc[0]), int(row["done"].iloc[0])


def test_an_episode_without_a_day_of_discharge_is_not_due_and_the_audit_says_what_that_does() -> None:
    asked = episodes(4)
    assert due(asked) == (6, 5)
    found = unended_of(asked)
    assert found is not None
    assert (found.n, found.of, found.days) == (4, 10, 60)
    assert found.ago == 60 + asked.plan.follow_up.days + asked.plan.follow_up.window[1]
    assert f"4 of 10 episodes that began {found.ago} days or more before the data cut" in found.sentence()
    assert f"began {found.ago} days or more" in found.caution()
    assert "completeness is 50.0%" in found.sentence()
    assert "longest: 60" in found.finding().remedy
    assert found.finding().severity == "warning"


def test_with_a_longest_episode_it_is_due_and_nothing_has_to_be_said() -> None:
    asked = episodes(4, longest=90)
    assert due(asked) == (10, 5)
    assert unended_of(asked) is None


def test_where_every_episode_has_its_day_nothing_is_said() -> None:
    assert unended_of(episodes(0)) is None


def test_a_longest_episode_is_refused_where_questionnaires_are_due_after_intake() -> None:
    with pytest.raises(ValueError, match="`longest` is of no use"):
        episodes(1, after="intake", days=90, longest=90)
