"""Whether the assumed diary has the days from which the outcomes of a plan are taken."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.sentences import join_words
from coxa.study.assumptions.diary import AssumedDiary
from coxa.study.comparative import ComparativeStudy
from coxa.study.diary import arms_with_diary
from coxa.study.outcome_sources.daily_diary import DailyDiarySource
from coxa.study.plan import baseline_candidates

FROM_BASELINE = ("change", "percent_change")
"""Measures that need the value at baseline."""


def diary_window_problems(study: ComparativeStudy) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield for each outcome that follows from the assumed diary a window with too few of its days, with its path.

    Looked at are the visits of the estimands, and the baseline where an analysis needs it.
    """
    part = study.assumptions
    if part is None or part.diary is None:
        return
    for name, outcome in study.outcomes.items():
        source = outcome.source
        if not isinstance(source, DailyDiarySource) or name in part.outcomes:
            continue
        for visit in visits_needed(study, name):
            if problem := window_problem(part.diary, source, name, visit, study.visits[visit].day):
                yield problem


def diary_arm_problems(study: ComparativeStudy) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield for each estimand of something in the diary the arms that it compares and that keep none, with its path."""
    kept = arms_with_diary(study.diary, study.groups)
    for name, estimand in study.estimands.items():
        outcome = estimand.endpoint.outcome
        source = getattr(study.outcomes.get(outcome) or study.events.get(outcome), "source", None)
        if not (isinstance(source, DailyDiarySource) or getattr(source, "flare", False)):
            continue
        without = [arm for arm in (*estimand.treatment.compare, estimand.treatment.against) if arm not in kept]
        if without and study.received_in_periods is None:
            yield (
                ("estimands", name),
                f"`{outcome}` is taken from the diary, which {join_words(without)} does not keep; add the arm to "
                "`diary: only_in`, or take it out of the estimand",
            )


def visits_needed(study: ComparativeStudy, outcome: str) -> tuple[str, ...]:
    """Return the visits at which an outcome is analysed, or adjusted for."""
    found: list[str] = []
    for analysis in study.analyses.values():
        endpoint = study.estimands[analysis.estimand].endpoint if analysis.estimand in study.estimands else None
        if endpoint is None or endpoint.outcome != outcome:
            continue
        if endpoint.measure in FROM_BASELINE or "baseline" in analysis.names_used():
            found += baseline_candidates(study.visits)
        found += [visit for visit in endpoint.visit if visit in study.visits]
    return tuple(dict.fromkeys(found))


def window_problem(
    diary: AssumedDiary, source: DailyDiarySource, name: str, visit: str, day: int
) -> tuple[tuple[str, ...], str] | None:
    """Return what is wrong with the window of a visit, with its path; None where enough of its days are assumed."""
    first, last = source.days_at(day)
    there = min(last, diary.last_day) - max(first, diary.first_day) + 1
    if there >= source.needed:
        return None
    early = first < diary.first_day
    key, value = ("first_day", min(first, 1)) if early else ("last_day", last)
    return (
        ("diary", key),
        f"`{name}` at {visit} is taken from study days {first} to {last}, of which {source.needed} are needed, and the "
        f"assumed diary has {max(there, 0)} of them; write `{key}: {value}`",
    )
