"""Where a plan and its report answer the items of a checklist. Nothing is ticked that is not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from coxa.report.document import Document
from coxa.report.topics.checklists.definition import Guideline, Item, Need
from coxa.report.topics.checklists.places import section_place, sections_by_id, trial_design_place
from coxa.sentences import join_words
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.components import components
from coxa.study.pool.plan import PoolPlan
from coxa.study.reading.keys import has_key, said

Status = Literal["answered", "partly", "gap"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An item, whether it is answered, where, what of it is missing, and under which keys of the plan that is said."""

    item: Item
    status: Status
    where: tuple[str, ...]
    missing: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """A guideline with the answer to each of its items, in order."""

    guideline: Guideline
    answers: tuple[Answer, ...]

    def counts(self) -> dict[Status, int]:
        """Return how many items are answered, partly answered, and gaps."""
        found = Counter(answer.status for answer in self.answers)
        return {"answered": found["answered"], "partly": found["partly"], "gap": found["gap"]}


def fill(guideline: Guideline, study: Study | PoolPlan, document: Document | None = None) -> Checklist:
    """Answer a checklist from a plan, and from its report where there is one.

    Parameters
    ----------
    guideline
        From `load_guideline`.
    study
        The plan of a study, or of a meta-analysis.
    document
        The finished report; without it only the plan can answer.

    Returns
    -------
    Checklist
        An item is answered where each of its needs is met, partly where some are, else a gap.
    """
    return Checklist(guideline, tuple(_answer(item, guideline, study, document) for item in guideline.items()))


def exercise_arms(study: Study) -> list[str]:
    """Return the arms that deliver exercise: by their components, or by exercises prescribed."""
    if not isinstance(study, ComparativeStudy):
        return []
    return [
        name
        for name in study.arm_order
        if any(components()[code].exercise for code in study.arms[name].delivers)
        or has_key(study, f"arms.{name}.delivery.exercises")
    ]


def _answer(item: Item, guideline: Guideline, study: Study | PoolPlan, document: Document | None) -> Answer:
    where: list[str] = []
    missing: list[str] = []
    keys: list[str] = []
    for need in item.needs:
        places, lacking = _met(need, guideline, study, document)
        where += places
        if lacking:
            missing.append(lacking)
            keys += [*need.plan[:1], *(f"arms.*.{key}" for key in need.arms[:1])] if not need.when else []
    status: Status = "gap" if not where else "partly" if missing else "answered"
    return Answer(item, status, _joined(where), tuple(missing), tuple(dict.fromkeys(keys)))


def _joined(places: list[str]) -> tuple[str, ...]:
    """Return each place once; facts of one section together."""
    facts: dict[str, list[str]] = {}
    for place in places:
        section, bracket, fact = place.removesuffix(")").partition(" (")
        facts.setdefault(section, []).extend([fact] if bracket and fact not in facts.get(section, []) else [])
    return tuple(f"{section} ({'; '.join(named)})" if named else section for section, named in facts.items())


def _met(need: Need, guideline: Guideline, study: Study | PoolPlan, document: Document | None) -> tuple[list[str], str]:
    """Return where a need is met, and what of it is missing; one of both is empty, unless only some arms say it."""
    if need.when and not any(has_key(study, key) for key in need.when):
        return [], need.what
    if place := next(_in_report(need, document), ""):
        return [place], ""
    if need.title and need.title in study.title.lower():
        return ["title page" if document else "plan: title"], ""
    for key in need.plan:
        if has_key(study, key):
            return [trial_design_place(document, key) or f"plan: {key}"], ""
    return _in_arms(need, guideline, study, document) if need.arms else ([], need.what)


def _in_report(need: Need, document: Document | None) -> Iterator[str]:
    if document is None:
        return
    found = sections_by_id(document)
    for name in need.report:
        if name in found and (place := section_place(document, found[name], need.figure)):
            yield place


def _in_arms(
    need: Need, guideline: Guideline, study: Study | PoolPlan, document: Document | None
) -> tuple[list[str], str]:
    """Return the first key that each arm says, with the arms that say it, and the arms that say none."""
    if not isinstance(study, ComparativeStudy):
        return [], need.what
    arms = exercise_arms(study) if guideline.arms == "exercise" else list(study.arm_order)
    telling: dict[str, list[str]] = {}
    silent: list[str] = []
    for arm in arms:
        label = study.label("arms", arm)
        key = next((key for key in need.arms if said(study.arms[arm], key.split("."))), "")
        (telling.setdefault(key, []) if key else silent).append(label)
    places = [
        trial_design_place(document, f"arms.*.{key}") or f"plan: {key} of {join_words(labels)}"
        for key, labels in telling.items()
    ]
    if not places or not silent:
        return places, "" if places else need.what
    return places, f"{need.what} of {join_words(silent)}"
