"""Where analyses of the days of a diary, and what they estimate, do not fit the outcome."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.study.analysis import Analysis
from coxa.study.base import Problem, known
from coxa.study.comparative import ComparativeStudy
from coxa.study.outcome_sources.daily_diary import YES_OR_NO, DailyDiarySource

LEAST_DAYS = 3
"""Days of a window below which a standard deviation of days says nothing."""


def day_problems(study: ComparativeStudy) -> Iterator[Problem]:
    """Yield analyses of days, and ratios of SDs of days, of outcomes that are not means of days."""
    for name, estimand in study.estimands.items():
        if estimand.summary == "within_person_sd_ratio" and (why := _why(study, estimand.endpoint.outcome)):
            yield Problem(("estimands", name, "summary"), f"{SUMMARY}, and {why}")
    for name, analysis in study.analyses.items():
        yield from _analysis(study, name, analysis)


SUMMARY = "a ratio of standard deviations within persons is of an outcome that is a mean of days of the diary"


def _analysis(study: ComparativeStudy, name: str, analysis: Analysis) -> Iterator[Problem]:
    estimand = study.estimands.get(analysis.estimand)
    if not analysis.of_days or estimand is None:
        return
    yield from known(analysis.option("missing_days").in_arms, study.arms, "arm", ("analyses", name, "missing_days"))
    if why := _why(study, estimand.endpoint.outcome):
        what = f"`{analysis.model}` models the days behind a mean of them"
        yield Problem(("analyses", name, "model"), f"{what}, and {why}")


def _why(study: ComparativeStudy, name: str) -> str | None:
    """Return why an outcome is no mean of days, with the remedy; None where it is one."""
    outcome = study.outcomes.get(name)
    source = outcome.source if outcome else None
    if not isinstance(source, DailyDiarySource):
        example = "source: {table: daily_diary, field: pain, take: mean, days: 14}"
        return f"'{name}' has no days; write for example `{example}` for the outcome"
    if source.take != "mean" or source.field in YES_OR_NO:
        return f"'{name}' is not a mean of numbers; write `take: mean` of a column with numbers"
    if source.length < LEAST_DAYS:
        return f"the window of '{name}' has {source.length} days; write `days: 14`"
    return None
