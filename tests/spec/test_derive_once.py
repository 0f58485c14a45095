"""What a report needs of a cohort is derived once, however many sections ask for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from coxa.derive import analysis_sets, harms, scores
from coxa.derive.analysis_sets import derive_analysis_sets, session_counts
from coxa.derive.build import derive_dataset
from coxa.derive.harms import derive_harms
from coxa.derive.scores import derive_scores
from coxa.report.topics.missing import reasons
from coxa.report.topics.missing.reasons import silent_participants
from tests.spec.small_trial import report
from tests.spec.treated_trial import cohort


def counted(monkeypatch: pytest.MonkeyPatch, *functions: tuple[Any, str]) -> Counter[str]:
    """Count the calls of functions of modules."""
    calls: Counter[str] = Counter()

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            calls[name] += 1
            return function(*given)

        return call

    for module, name in functions:
        monkeypatch.setattr(module, name, counting(name, getattr(module, name)))
    return calls


def test_analysis_sets_harms_and_scores_are_derived_once_for_a_cohort(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch, (analysis_sets, "_excluded"), (harms, "_safety_set"), (scores, "_without_score"))
    made = cohort()
    for estimand in made.study.estimands:
        derive_dataset(made, estimand)
    assert derive_harms(made) is derive_harms(made)
    assert session_counts(made) is not None
    assert calls["_excluded"] == calls["_safety_set"] == 1
    assert calls["_without_score"] <= 1
    derive_analysis_sets(cohort())
    assert calls["_excluded"] == 2, "another cohort is another question"


def test_what_a_caller_changes_is_in_no_later_frame() -> None:
    made = cohort()
    for derive in (derive_analysis_sets, session_counts, lambda given: derive_scores(given)[0]):
        first = derive(made)
        before = first.iloc[0].copy()
        first.iloc[0] = first.iloc[-1]
        first["mine"] = 1
        assert derive(made).iloc[0].equals(before)


def test_who_is_analysed_at_no_visit_is_asked_once_for_a_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch, (reasons, "why_missing"))
    made = report()
    fresh = derive_dataset(made.cohort, "primary")
    first = silent_participants(fresh, made.study)
    assert silent_participants(fresh, made.study).equals(first)
    assert calls["why_missing"] == 1
