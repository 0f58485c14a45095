"""Which scale of which instrument columns are of: by their name, where their values agree, or by an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coxa.errors import CoxaError, OptionError
from coxa.importing.audit.columns import NONE
from coxa.importing.audit.used import Used
from coxa.importing.profile import ColumnProfile
from coxa.importing.proposal import Answer, Question
from coxa.importing.roles import described, fit
from coxa.instruments import load_instrument
from coxa.study.outcome import MeasuredOutcome
from coxa.study.scales import OutcomeScale, outcome_scale

RANGE = re.compile(r"(\d+) ?(?:-|\u2013|to|bis) ?(\d+)")
PERCENT = re.compile(r"%|\bper ?cent\b|\bprozent\b", re.IGNORECASE)

OLD_OXFORD = 12
"""Lowest Oxford hip score of its first version (12 to 60), in which lower is better; today's is from 0 to 48."""

OTHER = "other"

TENTH = "/10"
"""Ends the answer that a scale of 0 to 100 was written from 0 to 10, as centimetres of a line of 100 mm are."""


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


@dataclass(frozen=True, slots=True)
class Measured:
    """What a head says that is measured: the outcome's name, and the instruments that it can be of.

    sure : whether the head names the instrument, and its scale where it has several
    """

    name: str
    choices: tuple[Choice, ...]
    sure: bool


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


def choices_named(word: str) -> tuple[Choice, ...]:
    """Return the scales of an instrument, or one scale of it in every version.

    Examples
    --------
    >>> [each.word for each in choices_named("hos")], [each.word for each in choices_named("hoos.pain")]
    (['hos.adl', 'hos.sport'], ['hoos.pain'])
    """
    every = choices_of(word.partition(".")[0])
    return tuple(each for each in every if f"{each.word}.".startswith(f"{word}."))


def readable_choices(name: str) -> list[Choice]:
    """Return the scales of an instrument whose range is known."""
    kept = []
    for choice in choices_of(name):
        try:
            choice.range()
        except CoxaError:
            continue
        kept.append(choice)
    return kept


ScaleKeys = tuple[dict[str, object], float, float, str]
"""Keys of an outcome, its range, and why it is so."""


def scale_of(used: Used, name: str, measured: Measured, pair: tuple[ColumnProfile, ColumnProfile]) -> ScaleKeys | None:
    """Return what an outcome is of: by its head, where its values agree, or by an answer."""
    fitting = [choice for choice in measured.choices if _fits(choice, pair)]
    if measured.sure and fitting and not _contradicted(fitting[0], pair):
        return _of_instrument(fitting[0], "Its name is that of the instrument, and its values are in its range")
    tenths = [choice for choice in measured.choices if measured.sure and not fitting and _fits_tenth(choice, pair)]
    both = " and ".join(one.column for one in pair)
    shown = "; ".join(f"{one.column}: {described(one)}" for one in pair)
    answers = (
        *(Answer(choice.word, _label(choice)) for choice in fitting),
        *(Answer(f"{choice.word}{TENTH}", _tenth_label(choice)) for choice in tenths),
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
    tenth = next((choice for choice in tenths if f"{choice.word}{TENTH}" == word), None)
    if tenth is not None:
        better = tenth.range().higher_is_better
        keys: dict[str, object] = {"range": [0.0, 10.0], "unit": "points", "higher_is_better": better}
        return keys, 0.0, 10.0, f"Answered: the {tenth.range().source} in tenths (0 to 10; {tenth.range().direction})"
    chosen = next((choice for choice in fitting if choice.word == word), None)
    return _of_instrument(chosen, "The instrument was answered") if chosen else None


def _fits(choice: Choice, pair: Sequence[ColumnProfile]) -> bool:
    """Say whether both columns are in the range of a scale, and one of them reaches a quarter of it."""
    scale = choice.range()
    inside = all(fit(one, scale.low, scale.high).agree for one in pair)
    return inside and any(fit(one, scale.low, scale.high, reach=True).agree for one in pair)


def _fits_tenth(choice: Choice, pair: Sequence[ColumnProfile]) -> bool:
    """Say whether a scale of 0 to 100 seems to be written from 0 to 10."""
    scale = choice.range()
    inside = (scale.low, scale.high) == (0, 100) and all(fit(one, 0, 10).agree for one in pair)
    return inside and any(fit(one, 0, 10, reach=True).agree for one in pair)


def _contradicted(choice: Choice, pair: Sequence[ColumnProfile]) -> bool:
    """Say whether a head names another range than that of the scale, such as `LEFS %`, or values hint at one."""
    scale = choice.range()
    if choice.instrument == "ohs" and all((one.low or 0) >= OLD_OXFORD for one in pair):
        return True
    for one in pair:
        named = RANGE.search(one.column)
        if named and (float(named[1]), float(named[2])) != (scale.low, scale.high):
            return True
        if PERCENT.search(one.column) and (scale.low, scale.high) != (0, 100):
            return True
    return False


def _of_instrument(choice: Choice, why: str) -> ScaleKeys:
    scale = choice.range()
    reason = f"{why} ({scale.low:g} to {scale.high:g}; {scale.direction})"
    return dict(choice.keys), scale.low, scale.high, reason


def _label(choice: Choice) -> str:
    scale, one = choice.range(), load_instrument(choice.instrument)
    part = f", {one.scales[choice.scale].label}" if choice.scale else ""
    return f"{one.label}{part}: {scale.low:g} to {scale.high:g}, {scale.direction}"


def _tenth_label(choice: Choice) -> str:
    scale = choice.range()
    return f"the {scale.source}, written from 0 to 10, {scale.direction}"


def _own_scale(used: Used, name: str, pair: Sequence[ColumnProfile]) -> ScaleKeys | None:
    """Return the range and direction of a measure of no known instrument, as answered."""
    columns = tuple(one.column for one in pair)
    text = used.draft.ask(
        Question(f"range:{name}", f"What are the lowest and the highest possible value of {columns[0]}?",
                 "Write two numbers, such as 0 100.", (), columns, needed=False)
    )  # fmt: skip
    limits = _two_numbers(text, name) if text else None
    better = used.draft.ask(
        Question(f"direction:{name}", f"Which values of {columns[0]} are better?", "The file does not say it.",
                 (Answer("higher", "higher values"), Answer("lower", "lower values")), columns, needed=False)
    )  # fmt: skip
    if limits is None or not better:
        return None
    low, high = limits
    keys: dict[str, object] = {"range": [low, high], "higher_is_better": better == "higher"}
    return keys, low, high, "Range and direction were answered"


def _two_numbers(text: str, name: str) -> tuple[float, float]:
    numbers = [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", text)]
    if len(numbers) != 2 or numbers[0] >= numbers[1]:
        raise OptionError(f"{text} is no range. Answer `range:{name}` with two numbers, such as 0 100.")
    return numbers[0], numbers[1]


def published(keys: Mapping[str, object]) -> str:
    """Return the published improvements that patients call important, and the keys that take one; nothing if none.

    Examples
    --------
    >>> published({"instrument": "nprs"})
    '. Published as important: 2 (`important: published`, `population: chronic_pain`)'
    """
    if "instrument" not in keys:
        return ""
    one = load_instrument(str(keys["instrument"]))
    scale = keys.get("scale") or next(iter(one.scales))
    found = [each for each in one.thresholds if each.kind == "mic" and each.value is not None and each.scale == scale]
    shown = [f"{each.value:g} (`important: published`, `population: {each.population}`)" for each in found]
    return f". Published as important: {', '.join(shown)}" if shown else ""
