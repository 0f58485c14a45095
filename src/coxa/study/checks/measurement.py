"""Where what is asked of scores does not fit outcomes and visits of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.errors import not_allowed
from coxa.study.base import Problem
from coxa.study.measurement import AnchorPlan, ReliableChangePlan, ScoreMeasurement, Stable
from coxa.study.plan import Study


def measurement_problems(study: Study) -> Iterator[Problem]:
    """Yield where what is asked of scores does not fit outcomes and visits of a plan."""
    for name, asked in study.measurement.items():
        at = ("measurement", name)
        outcome = study.outcomes.get(name)
        if outcome is None:
            yield Problem(at, not_allowed("outcome", name, study.outcomes))
            continue
        if getattr(outcome, "kind", "") != "score":
            yield Problem(at, f"outcome {name} is no score; choose an outcome of `kind: score`")
            continue
        yield from _visit_problems(study, asked, at)
        yield from _anchor_problems(study, asked, at)


def _visit_problems(study: Study, asked: ScoreMeasurement, at: tuple[str, ...]) -> Iterator[Problem]:
    named: list[tuple[tuple[str, ...], str]] = [
        (("repeated", "visits"), visit) for visit in (asked.repeated.visits if asked.repeated else ())
    ]
    if stable := _stable(asked):
        named.append((("repeated", "stable", "visit"), stable.visit))
    named += [((key, "visit"), part.visit) for key, part in _after(asked)]
    for path, visit in named:
        if visit not in study.visits:
            yield Problem((*at, *path), not_allowed("visit", visit, study.visits))
    for key, part in _after(asked):
        if study.visits.get(part.visit) and part.visit not in study.later_visits:
            yield Problem((*at, key, "visit"), f"{part.visit} is the baseline; choose a visit after it")
    if asked.repeated and len(set(asked.repeated.visits)) < len(asked.repeated.visits):
        yield Problem((*at, "repeated", "visits"), "a visit is named twice; name each once")


def _after(asked: ScoreMeasurement) -> list[tuple[str, ReliableChangePlan | AnchorPlan]]:
    parts: tuple[tuple[str, ReliableChangePlan | AnchorPlan | None], ...] = (
        ("change", asked.change),
        ("important", asked.important),
    )
    return [(key, part) for key, part in parts if part is not None]


def _stable(asked: ScoreMeasurement) -> Stable | None:
    return asked.repeated.stable if asked.repeated else None


def _anchor_problems(study: Study, asked: ScoreMeasurement, at: tuple[str, ...]) -> Iterator[Problem]:
    if (stable := _stable(asked)) and stable.outcome not in study.outcomes:
        yield Problem((*at, "repeated", "stable", "outcome"), not_allowed("outcome", stable.outcome, study.outcomes))
    important = asked.important
    if important is None:
        return
    if important.anchor not in study.outcomes:
        yield Problem((*at, "important", "anchor"), not_allowed("outcome", important.anchor, study.outcomes))
        return
    if important.anchor == at[-1]:
        yield Problem((*at, "important", "anchor"), "the score is its own anchor; choose another outcome")
        return
    better = study.scale(important.anchor).higher_is_better
    sign = 1 if better else -1
    if important.little is not None and sign * important.little < sign * important.improved:
        yield Problem(
            (*at, "important", "little"),
            f"{important.little:g} is worse than `improved` {important.improved:g}; give an answer as good or better",
        )
