"""What of a plan can be chosen in a form: outcomes, groups and times of each estimand, or what an audit measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

from coxa.errors import OptionError
from coxa.page.plan_text import with_keys
from coxa.study.audit.plan import AuditPlan
from coxa.study.comparative import ComparativeStudy
from coxa.study.parts import readable
from coxa.study.plan import Study

Control = Literal["one", "several", "number", "yes"]

MEASURES = {"value": "Value", "change": "Change from baseline", "percent_change": "Percent change from baseline"}


class Sent(Protocol):
    """A form that was sent."""

    def getlist(self, key: str) -> list[Any]:
        """Return all values of a field."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose.

    path    : of its key in the plan
    label   : of the field
    control : one of several, several, a number, or yes and no
    options : word -> label
    chosen  : the words that are chosen now; of a number its text
    help    : what it means
    as_list : whether the plan has a list
    """

    path: tuple[str, ...]
    label: str
    control: Control
    options: Mapping[str, str]
    chosen: tuple[str, ...]
    help: str = ""
    as_list: bool = False

    @property
    def field(self) -> str:
        """Name of its field in the form."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class ChoiceGroup:
    """Choices that belong together."""

    title: str
    choices: tuple[Choice, ...]


MAIN = ("outcomes",)
"""Path of the choice of the main outcome of an audit, which is the first of its outcomes."""


def choice_groups(plan: Study | AuditPlan) -> list[ChoiceGroup]:
    """Return what can be chosen in a plan."""
    if isinstance(plan, AuditPlan):
        return list(_of_audit(plan))
    return list(_of_estimands(plan)) if isinstance(plan, ComparativeStudy) else []


def _labels(plan: Study | AuditPlan, kind: str, names: Sequence[str] | None = None) -> dict[str, str]:
    parts = getattr(plan, kind)
    return {name: plan.label(kind, name) for name in (parts if names is None else names)}


def _of_estimands(plan: ComparativeStudy) -> Iterator[ChoiceGroup]:
    outcomes, visits, arms = _labels(plan, "outcomes"), _labels(plan, "visits"), _labels(plan, "arms")
    for name, estimand in plan.estimands.items():
        at = ("estimands", name)
        endpoint, treatment = estimand.endpoint, estimand.treatment
        choices = [Choice((*at, "endpoint", "outcome"), "Outcome", "one", outcomes, (endpoint.outcome,))]
        if endpoint.measure in MEASURES:
            help = "What of the outcome is compared."
            choices.append(Choice((*at, "endpoint", "measure"), "Measure", "one", MEASURES, (endpoint.measure,), help))
        later = {visit: label for visit, label in visits.items() if visit in (*plan.later_visits, *endpoint.visit)}
        if endpoint.visit:
            choices.append(Choice((*at, "endpoint", "visit"), "Visits", "several", later, tuple(endpoint.visit)))
        choices.append(
            Choice(
                (*at, "treatment", "compare"), "Groups that are compared", "several", arms, tuple(treatment.compare),
                as_list=True,
            )
        )  # fmt: skip
        choices.append(Choice((*at, "treatment", "against"), "Compared with", "one", arms, (treatment.against,)))
        yield ChoiceGroup(f"Question: {readable(name)}", tuple(choices))


def _of_audit(plan: AuditPlan) -> Iterator[ChoiceGroup]:
    outcomes, descriptors = _labels(plan, "outcomes"), _labels(plan, "descriptors")
    main = Choice(MAIN, "Main outcome", "one", outcomes, (plan.main,), "The page begins with it.")
    times = {word: word.capitalize() for word in get_args(AuditPlan.model_fields["time"].annotation)}
    repeats = {"each": "Each episode counts", "first": "Only the first episode counts"}
    yield ChoiceGroup(
        "What is measured",
        (
            main,
            Choice(("time",), "A point of a chart is a", "one", times, (plan.time,)),
            Choice(("repeats",), "Patients with several episodes", "one", repeats, (plan.repeats,)),
        ),
    )
    groups = []
    if descriptors:
        adjusted = Choice(
            ("descriptors", "*", "adjust"),
            "Expected outcomes take into account",
            "several",
            descriptors,
            plan.adjusters,
            "What a clinic cannot change about its patients.",
        )
        shown = {
            name: label
            for name, label in descriptors.items()
            if plan.descriptors[name].type == "category" or plan.descriptors[name].bands
        }
        by = Choice(
            ("descriptors", "*", "completeness"),
            "Completeness is shown by",
            "several",
            shown,
            plan.completeness_by,
            "Who is missing from the results.",
        )
        groups = [adjusted, by]
    yield ChoiceGroup("Groups", tuple(groups))
    yield ChoiceGroup(
        "What others may see",
        (
            Choice(
                ("small_cells", "k"), "Hide counts below", "number", {}, (str(plan.small_cells.k),),
                "From 2 to 100; 5, 8, 10 or 11 are usual.",
            ),
            Choice(("unit_names",), "Names of clinics are shown", "yes", {}, ("yes",) if plan.unit_names else ()),
        ),
    )  # fmt: skip


def chosen_text(text: str, plan: Study | AuditPlan, sent: Sent) -> str:
    """Return the text of a plan with what was chosen in the form; what was left as it was stays as it is written.

    Raises
    ------
    OptionError
        A word that is not offered, or nothing where something is needed.
    """
    changed: dict[tuple[str, ...], Any] = {}
    order: dict[str, list[str]] = {}
    for group in choice_groups(plan):
        for choice in group.choices:
            words = _sent_words(choice, sent)
            if set(words) == set(choice.chosen):
                continue
            if choice.path == MAIN:
                order["outcomes"] = list(words)
            elif "*" in choice.path:
                changed |= _of_each(choice, words)
            else:
                changed[_path_in(plan, choice)] = _value(choice, words)
    return with_keys(text, changed, order) if changed or order else text


def _sent_words(choice: Choice, sent: Sent) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(str(word).strip() for word in sent.getlist(choice.field)))
    if choice.control == "number":
        if len(words) != 1 or not words[0].isdecimal():
            raise OptionError(f"{choice.label}: it is not a whole number. Write one.")
        return words
    if choice.control == "yes":
        return ("yes",) if "yes" in words else ()
    if not set(words) <= set(choice.options):
        raise OptionError(f"{choice.label}: the choice is not one of those offered. Choose again.")
    if choice.control == "one" and len(words) != 1:
        raise OptionError(f"{choice.label}: nothing is chosen. Choose one.")
    if not words and "*" not in choice.path:
        raise OptionError(f"{choice.label}: nothing is chosen. Choose at least one.")
    return words


def _value(choice: Choice, words: tuple[str, ...]) -> Any:
    if choice.control == "yes":
        return bool(words)
    if choice.control == "number":
        return int(words[0])
    return list(words) if choice.as_list or len(words) > 1 else words[0]


def _path_in(plan: Study | AuditPlan, choice: Choice) -> tuple[str, ...]:
    """Return the path of a key as plans write it: `small_cells: 5` where only the number is given."""
    short = isinstance(plan, AuditPlan) and choice.path == ("small_cells", "k")
    whole = short and not plan.small_cells.zeros_disclose and plan.small_cells.round_to == 1  # type: ignore[union-attr]
    return ("small_cells",) if whole else choice.path


def _of_each(choice: Choice, words: tuple[str, ...]) -> dict[tuple[str, ...], Any]:
    """Return yes or no for each part of which the choice differs from what it was."""
    differing = set(words) ^ set(choice.chosen)
    start, _, key = choice.path
    return {(start, name, key): name in words for name in choice.options if name in differing}
