"""Outcomes: scores of a known instrument at intake and at discharge, by name and range, or asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from coxa.errors import CoxaError, OptionError
from coxa.importing.audit.columns import NONE
from coxa.importing.audit.used import Used
from coxa.importing.profile import ColumnProfile
from coxa.importing.proposal import Answer, Question
from coxa.importing.roles import Moment, described, fit, timed
from coxa.importing.words import OutcomeWords, heads
from coxa.instruments import instrument_names, load_instrument
from coxa.study.parts import MeasuredOutcome
from coxa.study.scales import OutcomeScale, outcome_scale

ITEM = re.compile(r"(.+?)(?: (?:item|activity|question|q|p|a|s|sp))? \d+")
"""A head of an instrument's item: `psfs 1`, `hoos p 3`."""

OTHER = "other"
MOMENTS: tuple[Moment, Moment] = ("intake", "discharge")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a head says that is measured: the outcome's name, and the instruments that it can be of.

    sure : whether the head names the instrument, and its scale where it has several
    """

    name: str
    choices: tuple[Choice, ...]
    sure: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A scale of an instrument in a version; scale and version are None where there is one only."""

    instrument: str
    scale: str | None = None
    version: str | None = None

    @property
    def word(self) -> str:
        """How the choice is answered: `nprs`, `hoos.pain`, `womac.total.lk`."""
        return ".".join(part for part in (self.instrument, self.scale, self.version) if part)

    @property
    def keys(self) -> dict[str, str]:
        """The keys of the outcome in the plan."""
        pairs = (("instrument", self.instrument), ("scale", self.scale), ("version", self.version))
        return {key: value for key, value in pairs if value}

    def range(self) -> OutcomeScale:
        """Return range and direction."""
        return outcome_scale(MeasuredOutcome(**self.keys))


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


def choices_of(instrument: str) -> tuple[Choice, ...]:
    """Return every scale of an instrument in every version.

    Examples
    --------
    >>> [each.word for each in choices_of("nprs")], [each.word for each in choices_of("hos")]
    (['nprs'], ['hos.adl', 'hos.sport'])
    """
    one = load_instrument(instrument)
    scales = list(one.scales) if len(one.scales) > 1 else [None]
    versions = list(one.versions) if len(one.versions) > 1 else [None]
    return tuple(Choice(instrument, scale, version) for scale in scales for version in versions)


def propose_outcomes(used: Used) -> None:
    """Find the scores of every outcome."""
    for name, columns in _claimed(used).items():
        _moments_asked(used, columns)
        _outcome(used, name, columns)


def _claimed(used: Used) -> dict[str, Columns]:
    """Return name of an outcome -> the columns whose heads name it."""
    found: dict[str, Columns] = {}
    for profile in list(used.free()):
        head = timed(profile.parts)
        measured = _measured(head.rest)
        if measured is None:
            _note_item(used, profile, head.rest)
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
                every = [choice for name in each.candidates for choice in choices_of(name)]
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
    pair = [_one_column(used, name, moment, columns.at[moment]) for moment in MOMENTS]
    first, last = pair
    if first is None or last is None:
        _note_incomplete(used, name, columns)
        return
    scale_keys = _instrument(used, name, columns.measured, (first, last))
    if scale_keys is None:
        return
    keys, low, high, why = scale_keys
    used.draft.put(("outcomes", name), keys, why)
    scores: dict[str, str] = {}
    for moment, profile in zip(MOMENTS, (first, last), strict=True):
        column = f"{name}_{moment}"
        fitted = fit(profile, low, high)
        used.take(column, profile, f"{why}; {described(profile)}.", f"outcomes.{name} at {moment}", (low, high))
        whole = {text: int(value) if value.is_integer() else value for text, value in fitted.ratios.items()}
        used.map(column, whole)
        scores[moment] = profile.column
    if len(columns.days) == 1:
        used.take(f"{name}_date", columns.days[0], f"It is the day of {last.column}.", f"day of outcomes.{name}")
        scores["date"] = columns.days[0].column
    used.draft.put(("data", "scores", name), scores)


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
    for moment, other in (MOMENTS, MOMENTS[::-1]):
        for profile in columns.at[moment]:
            if used.draft.free(profile) and not columns.at[other] and not columns.untimed:
                why = f"It is {name.replace('_', ' ')} at {moment}, and no column has its value at {other}."
                used.draft.is_role(profile, "", why, "unused")


ScaleKeys = tuple[dict[str, object], float, float, str]
"""Keys of an outcome, its range, and why it is so."""


def _instrument(
    used: Used, name: str, measured: Measured, pair: tuple[ColumnProfile, ColumnProfile]
) -> ScaleKeys | None:
    """Return what an outcome is of: by its head, where its values agree, or by an answer."""
    fitting = [choice for choice in measured.choices if _fits(choice, pair)]
    if measured.sure and fitting:
        return _of_instrument(fitting[0], "Its name is that of the instrument, and its values are in its range")
    both = " and ".join(one.column for one in pair)
    shown = "; ".join(f"{one.column}: {described(one)}" for one in pair)
    answers = (
        *(Answer(choice.word, _label(choice)) for choice in fitting),
        Answer(OTHER, "another measure, whose range and direction are asked"),
        Answer(NONE, "it is not to be used"),
    )
    known = measured.choices[0].range() if measured.sure else None
    out = f" The range of the {known.source} is {known.low:g} to {known.high:g}." if known else ""
    question = Question(
        f"instrument:{name}", f"Which instrument is {both} of?", f"{shown}.{out}", answers,
        tuple(one.column for one in pair), needed=False,
    )  # fmt: skip
    word = used.draft.ask(question)
    if word == OTHER:
        return _own_scale(used, name, pair)
    chosen = next((choice for choice in fitting if choice.word == word), None)
    return _of_instrument(chosen, "The instrument was answered") if chosen else None


def _fits(choice: Choice, pair: Sequence[ColumnProfile]) -> bool:
    """Say whether both columns are in the range of a scale, and one of them reaches a quarter of it."""
    scale = choice.range()
    inside = all(fit(one, scale.low, scale.high).agree for one in pair)
    return inside and any(fit(one, scale.low, scale.high, reach=True).agree for one in pair)


def _of_instrument(choice: Choice, why: str) -> ScaleKeys:
    scale = choice.range()
    reason = f"{why} ({scale.low:g} to {scale.high:g}; {scale.direction})"
    return dict(choice.keys), scale.low, scale.high, reason


def _label(choice: Choice) -> str:
    scale, one = choice.range(), load_instrument(choice.instrument)
    part = f", {one.scales[choice.scale].label}" if choice.scale else ""
    return f"{one.label}{part}: {scale.low:g} to {scale.high:g}, {scale.direction}"


def _own_scale(used: Used, name: str, pair: Sequence[ColumnProfile]) -> ScaleKeys | None:
    """Return the range and direction of a measure of no known instrument, as answered."""
    columns = tuple(one.column for one in pair)
    text = used.draft.ask(
        Question(f"range:{name}", f"What are the lowest and the highest possible value of {columns[0]}?",
                 "Write two numbers, such as 0 100.", (), columns, needed=False)
    )  # fmt: skip
    better = used.draft.ask(
        Question(f"direction:{name}", f"Which values of {columns[0]} are better?", "The file does not say it.",
                 (Answer("higher", "higher values"), Answer("lower", "lower values")), columns, needed=False)
    )  # fmt: skip
    if not text or not better:
        return None
    low, high = _two_numbers(text, name)
    keys: dict[str, object] = {"range": [low, high], "higher_is_better": better == "higher"}
    return keys, low, high, "Range and direction were answered"


def _two_numbers(text: str, name: str) -> tuple[float, float]:
    numbers = [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", text)]
    if len(numbers) != 2 or numbers[0] >= numbers[1]:
        raise OptionError(f"{text} is no range. Answer `range:{name}` with two numbers, such as 0 100.")
    return numbers[0], numbers[1]


def ask_for_an_outcome(used: Used) -> None:
    """Ask for the columns and the instrument of an outcome, where none was found; without one there is no audit."""
    if used.draft.plan.get("outcomes"):
        return
    waiting = [question for question in used.draft.questions if question.key.startswith(OUTCOME_QUESTIONS)]
    if waiting:
        needed = [replace(each, needed=True) if each in waiting else each for each in used.draft.questions]
        used.draft.questions[:] = needed
        return
    candidates = [one for one in used.free() if one.kind == "number" and not one.constant]
    pair = [_candidate(used, moment, candidates) for moment in MOMENTS]
    if pair[0] is None or pair[1] is None:
        return
    every = tuple(choice for name in instrument_names() for choice in _readable_choices(name))
    columns = Columns(Measured("outcome", every, sure=False))
    columns.at = {"intake": [pair[0]], "discharge": [pair[1]]}
    _outcome(used, "outcome", columns)
    used.draft.questions[:] = [
        replace(each, needed=True) if each.key.startswith(OUTCOME_QUESTIONS) else each for each in used.draft.questions
    ]


OUTCOME_QUESTIONS = ("moment:", "instrument:", "range:", "direction:", "column:outcome.")


def _readable_choices(name: str) -> list[Choice]:
    """Return the scales of an instrument whose range is known."""
    kept = []
    for choice in choices_of(name):
        try:
            choice.range()
        except CoxaError:
            continue
        kept.append(choice)
    return kept


def _candidate(used: Used, moment: Moment, candidates: Sequence[ColumnProfile]) -> ColumnProfile | None:
    answers = tuple(Answer(one.column, f"{one.column}: {described(one)}") for one in candidates)
    question = Question(
        f"column:outcome.{moment}", f"Which column holds the main outcome at {moment}?",
        "No column has a name that is known for an outcome at intake and at discharge.", answers,
        tuple(one.column for one in candidates),
    )  # fmt: skip
    word = used.draft.ask(question)
    return used.named(word) if word else None
