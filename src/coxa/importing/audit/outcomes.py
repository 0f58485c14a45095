"""Outcomes: scores of a known instrument at intake and at discharge, by name and range, or asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from coxa.cohort.mapping.codes import parse_numbers
from coxa.findings import Finding
from coxa.importing.audit.columns import NONE
from coxa.importing.audit.scales import Choice, Measured, choices_named, published, readable_choices, scale_of
from coxa.importing.audit.used import Used
from coxa.importing.profile import ColumnProfile
from coxa.importing.proposal import Answer, Question, Status
from coxa.importing.roles import Moment, Timed, described, fit, timed
from coxa.importing.words import OutcomeWords, head_key, heads
from coxa.instruments import instrument_names, load_instrument
from coxa.study.outcome import MeasuredOutcome
from coxa.study.scales import outcome_scale

ITEM = re.compile(r"(.+?)(?: (?:item|activity|question|q|p|a|s|sp))? \d+")
"""A head of an instrument's item: `psfs 1`, `hoos p 3`."""

LATER = re.compile(r"\bt [2-9]\b")
NUMBERED = re.compile(r"\bt [1-9]\b")
"""Times that are numbered; t0 is intake, and t1 is discharge where there is no t2."""

ENOUGH, MOSTLY = 20, 2 / 3
"""Where so large a share of at least so many patients gets worse, something can be the other way round."""

MOMENTS: tuple[Moment, Moment] = ("intake", "discharge")


@dataclass(slots=True)
class Columns:
    """The columns of one outcome: per moment those that could be its values, those of no moment, and of its day."""

    measured: Measured
    at: dict[Moment, list[ColumnProfile]] = field(default_factory=lambda: {"intake": [], "discharge": []})
    untimed: list[ColumnProfile] = field(default_factory=list)
    days: list[ColumnProfile] = field(default_factory=list)

    @property
    def all(self) -> list[ColumnProfile]:
        """Every column that could be its value."""
        return [*self.at["intake"], *self.at["discharge"], *self.untimed]


def propose_outcomes(used: Used) -> None:
    """Find the scores of every outcome."""
    for name, columns in _claimed(used).items():
        _moments_asked(used, columns)
        _outcome(used, name, columns)


def has_outcome(profile: ColumnProfile) -> bool:
    """Say whether a column's name is of an outcome."""
    return _measured(timed(profile.parts).rest) is not None


def _claimed(used: Used) -> dict[str, Columns]:
    """Return name of an outcome -> the columns whose heads name it."""
    found: dict[str, Columns] = {}
    numbered = any(LATER.search(head_key(one.column)) for one in used.profiles)
    for profile in list(used.free()):
        head = _without_number(timed(profile.parts), profile) if numbered else timed(profile.parts)
        measured = _measured(head.rest) or _single_item(head.rest)
        if measured is None:
            _note_item(used, profile, head.rest)
            continue
        if profile.kind not in ("number", "date"):
            said = measured.name.replace("_", " ")
            why = f"Its name is of {said}, and its values are no numbers: {described(profile)}."
            used.draft.is_role(profile, "", why, "unused")
            continue
        columns = found.setdefault(_name_of(found, measured), Columns(measured))
        if profile.kind == "date":
            if head.moment == "discharge":
                columns.days.append(profile)
        elif head.moment:
            columns.at[head.moment].append(profile)
        else:
            columns.untimed.append(profile)
    return found


def _without_number(head: Timed, profile: ColumnProfile) -> Timed:
    """Return a head without its t1, t2, ... and without a moment: with a t2 there, t1 need not be discharge."""
    key = head_key(profile.column)
    rest = " ".join(NUMBERED.sub(" ", key).split())
    return head if rest == key else Timed(None, rest)


def _name_of(found: dict[str, Columns], measured: Measured) -> str:
    """Return the name of an outcome; that of its instrument where another has taken the name."""
    other = found.get(measured.name)
    if other is None or other.measured == measured:
        return measured.name
    return measured.choices[0].instrument if measured.choices else f"{measured.name}_2"


def _measured(rest: str) -> Measured | None:
    """Return what a head without its moment says that is measured."""
    for key in _without_ends(rest):
        known = [each for each in heads().outcomes if key in each.heads]
        if known:
            return Measured(known[0].name, (_choice(known[0]),), sure=True)
        for each in heads().measures:
            if key in each.heads:
                every = [choice for name in each.candidates for choice in choices_named(name)]
                return Measured(each.name, tuple(every), sure=False)
    return None


def _choice(words: OutcomeWords) -> Choice:
    return Choice(words.instrument, words.scale)


def _without_ends(key: str) -> Iterator[str]:
    """Yield a head, then without words for a date or a score at its ends."""
    yield key
    words, ends = key.split(), heads().date_words | heads().score_words
    while len(words) > 1 and (words[-1] in ends or words[0] in ends):
        words = words[:-1] if words[-1] in ends else words[1:]
        yield " ".join(words)


def _single_item(rest: str) -> Measured | None:
    """Return what a head with a number is of, where its instrument has one item: `NPRS 2` is no second item."""
    match = ITEM.fullmatch(rest)
    measured = _measured(match[1]) if match else None
    if measured is None:
        return None
    single = all(len(load_instrument(each.instrument).items) == 1 for each in measured.choices)
    return measured if single else None


def _note_item(used: Used, profile: ColumnProfile, rest: str) -> None:
    """Note a column that holds an item of an instrument: an audit takes scores."""
    match = ITEM.fullmatch(rest)
    measured = _measured(match[1]) if match else None
    if measured and profile.kind == "number":
        label = load_instrument(measured.choices[0].instrument).label
        why = f"It is one item of the {label}. An audit takes scores: add a column with the score to use it."
        used.draft.is_role(profile, "", why, "unused")


def _moments_asked(used: Used, columns: Columns) -> None:
    """Ask of columns that name no moment whether they are of intake or of discharge, where one is wanted."""
    if all(columns.at.values()):
        return
    for profile in list(columns.untimed):
        answers = (Answer("intake", "at intake"), Answer("discharge", "at discharge"), Answer(NONE, "neither"))
        question = Question(
            f"moment:{profile.column}", f"When was {profile.column} measured?",
            f"Its name does not say it; {described(profile)}.", answers, (profile.column,), needed=False,
        )  # fmt: skip
        word = used.draft.ask(question)
        if word:
            columns.untimed.remove(profile)
        for moment in MOMENTS:
            if word == moment:
                columns.at[moment].append(profile)


def _outcome(used: Used, name: str, columns: Columns) -> None:
    """Propose one outcome where its columns, its instrument and its range are sure, or asked."""
    for moment in MOMENTS:
        _related(used, name, columns, moment)
    pair = [_one_column(used, name, moment, columns.at[moment]) for moment in MOMENTS]
    first, last = pair
    if first is None or last is None:
        _note_incomplete(used, name, columns)
        return
    scale_keys = scale_of(used, name, columns.measured, (first, last))
    if scale_keys is None:
        return
    keys, low, high, why = scale_keys
    used.draft.put(("outcomes", name), keys, f"{why}{published(keys)}")
    scores: dict[str, str] = {}
    for moment, profile in zip(MOMENTS, (first, last), strict=True):
        column = f"{name}_{moment}"
        fitted = fit(profile, low, high)
        codes = f"; read as missing: {', '.join(fitted.codes)}" if fitted.codes else ""
        used.take(column, profile, f"{why}; {described(profile)}{codes}.", f"outcomes.{name} at {moment}", (low, high))
        whole = {text: int(value) if value.is_integer() else value for text, value in fitted.ratios.items()}
        used.map(column, whole)
        scores[moment] = profile.column
    _note_worse(used, name, keys, (first, last))
    if len(columns.days) == 1:
        used.take(f"{name}_date", columns.days[0], f"It is the day of {last.column}.", f"day of outcomes.{name}")
        scores["date"] = columns.days[0].column
    used.draft.put(("data", "scores", name), scores)


def _note_worse(used: Used, name: str, keys: Mapping[str, object], pair: tuple[ColumnProfile, ColumnProfile]) -> None:
    """Warn where most patients end worse than they began: columns or direction could be the other way round."""
    scale = outcome_scale(MeasuredOutcome.model_validate(keys))
    first, last = (parse_numbers(used.table.frame[one.column], used.table.decimal)[0] for one in pair)
    inside = (np.fmin(first, last) >= scale.low) & (np.fmax(first, last) <= scale.high) & ~np.isnan(first + last)
    change = (last - first)[inside] * (1 if scale.higher_is_better else -1)
    worse = float(np.mean(change < 0)) if len(change) >= ENOUGH else 0.0
    if worse > MOSTLY:
        rule = f"{name.replace('_', ' ')} is worse at discharge than at intake in {worse:.0%} of {len(change)} rows"
        remedy = f"Check whether {pair[0].column} is of intake, {pair[1].column} of discharge, and the direction."
        used.draft.findings.append(Finding("warning", used.table.place, rule, remedy, field=name))


def _related(used: Used, name: str, columns: Columns, moment: Moment) -> None:
    """Ask whether a column that names the outcome and another time has its value at a moment that no column has."""
    if columns.at[moment] or not any(columns.at.values()) or columns.untimed:
        return
    words = {word for choice in columns.measured.choices for word in choice.instrument.split("_")} | {name}
    related = [
        one for one in used.free()
        if one.kind == "number" and words & set(head_key(one.column).split()) and one not in columns.all
    ]  # fmt: skip
    if not related:
        return
    answers = (*(Answer(one.column, described(one)) for one in related), Answer(NONE, "none of these"))
    question = Question(
        f"column:{name}.{moment}", f"Which column holds {name} at {moment}?", "No column has a name that says it.",
        answers, tuple(one.column for one in related), needed=False,
    )  # fmt: skip
    word = used.draft.ask(question)
    if word and word != NONE:
        columns.at[moment].append(used.named(word))


def _one_column(used: Used, name: str, moment: Moment, profiles: Sequence[ColumnProfile]) -> ColumnProfile | None:
    if len(profiles) < 2:
        return profiles[0] if profiles else None
    answers = (*(Answer(one.column, described(one)) for one in profiles), Answer(NONE, "none of these"))
    question = Question(
        f"column:{name}.{moment}", f"Which column holds {name} at {moment}?",
        f"{len(profiles)} columns have its name.", answers, tuple(one.column for one in profiles), needed=False,
    )  # fmt: skip
    word = used.draft.ask(question)
    return used.named(word) if word and word != NONE else None


def _note_incomplete(used: Used, name: str, columns: Columns) -> None:
    """Note columns of an outcome that lacks its value at intake or at discharge."""
    said = name.replace("_", " ")
    for moment, other in (MOMENTS, MOMENTS[::-1]):
        is_open = bool(columns.untimed) or used.draft.is_open(f"column:{name}.{other}")
        for profile in columns.at[moment]:
            if used.draft.free(profile) and not columns.at[other]:
                rest = (
                    f"which column has its value at {other} is asked"
                    if is_open
                    else f"no column has its value at {other}"
                )
                status: Status = "asked" if is_open else "unused"
                used.draft.is_role(profile, "", f"It is {said} at {moment}, and {rest}.", status)


def ask_for_an_outcome(used: Used) -> None:
    """Ask for the columns and the instrument of an outcome, where none was found; without one there is no audit."""
    if used.draft.plan.get("outcomes"):
        return
    if _now_needed(used):
        return
    candidates = [one for one in used.free() if one.kind == "number" and not one.constant]
    if len(candidates) < len(MOMENTS):
        rule = "no two columns can be the value of an outcome at intake and at discharge"
        remedy = "Export the scores in the table of the episodes, a column for intake and one for discharge."
        used.draft.findings.append(Finding("error", used.table.place, rule, remedy))
        return
    pair = [_candidate(used, moment, candidates) for moment in MOMENTS]
    if pair[0] is None or pair[1] is None:
        return
    every = tuple(choice for name in instrument_names() for choice in readable_choices(name))
    columns = Columns(Measured("outcome", every, sure=False))
    columns.at = {"intake": [pair[0]], "discharge": [pair[1]]}
    _outcome(used, "outcome", columns)
    _now_needed(used)


OF_OUTCOMES = re.compile(r"(moment|instrument|range|direction):|column:.+\.(intake|discharge)$")
"""Keys of the questions about outcomes."""


def _now_needed(used: Used) -> bool:
    """Make the open questions about outcomes needed ones, and say whether there are any."""
    waiting = [bool(OF_OUTCOMES.match(each.key)) for each in used.draft.questions]
    used.draft.questions[:] = [
        replace(each, needed=True) if of_outcome else each
        for each, of_outcome in zip(used.draft.questions, waiting, strict=True)
    ]
    return any(waiting)


def _candidate(used: Used, moment: Moment, candidates: Sequence[ColumnProfile]) -> ColumnProfile | None:
    answers = tuple(Answer(one.column, f"{one.column}: {described(one)}") for one in candidates)
    question = Question(
        f"column:outcome.{moment}", f"Which column holds the main outcome at {moment}?",
        "No column has a name that is known for an outcome at intake and at discharge.", answers,
        tuple(one.column for one in candidates),
    )  # fmt: skip
    word = used.draft.ask(question)
    return used.named(word) if word else None
