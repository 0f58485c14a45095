"""Times in names of columns and in words: `pain_12wk`, `HOOS_S3_t1`, `bl_nprs`, `6 months`, `baseline_arm_1`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from coxa.instruments import instrument_names

Unit = Literal["baseline", "days", "weeks", "months", "years", "number", "order", "after"]

DAYS = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}
"""Unit -> days."""

UNIT_WORDS: Mapping[Unit, str] = {
    "days": "d|day|days|tag|tage",
    "weeks": "w|wk|wks|week|weeks|wo|woche|wochen|kw",
    "months": "m|mo|mon|mos|mth|mths|month|months|monat|monate",
    "years": "y|yr|yrs|year|years|jahr|jahre",
}
BASELINE = "b|bl|base|baseline|basis|baselin|pre|before|intake|vor|vorher|aufnahme|admission|enrolment|enrollment"
AFTER = "post|after|out|discharge|end|final|nach|nachher|entlassung|abschluss|fu|followup|follow-up|last"
ORDER = "t|v|vis|visit|fu|time|timepoint|phase|wave|besuch|zeitpunkt|followup|session|assessment|event"

PAIRS = {"in": "out", "start": "end"}
"""Words that are the baseline only where the other word is a time as well."""

SPANS = {"in", "out", "start", "end", "final", "last"}
"""Words that with a date are the beginning or end of something, such as a treatment."""

SEPARATORS = " _.-"
NUMBERED_NAMES = {name for name in instrument_names() if re.search(r"_\d+$", name)}
"""Instruments whose name ends in a number: `ihot_12` is no time."""


@dataclass(frozen=True, slots=True)
class Time:
    """A time as it is written.

    text   : as the name has it, such as `12wk`
    unit   : what its number counts: a unit of time, `number` where nothing says which, `order` for `t1` or `visit 2`;
             `baseline` and `after` have no number
    number : the number, None where there is none
    """

    text: str
    unit: Unit
    number: float | None = None

    @property
    def day(self) -> int | None:
        """Day after baseline, None where the text does not say it."""
        if self.unit == "baseline" or (self.unit != "after" and self.number == 0):
            return 0
        return round(self.number * DAYS[self.unit]) if self.unit in DAYS and self.number is not None else None

    def counted_in(self, unit: str) -> Time:
        """Return a bare number as one of a unit."""
        return Time(self.text, unit, self.number) if self.unit == "number" else self  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class TimedColumn:
    """A column whose name has a time in it: `hoos_p1_t0` is `hoos_p1_{visit}` at `t0`."""

    column: str
    template: str
    time: Time

    @property
    def stem(self) -> str:
        """Name without the time and its separators."""
        before, after = self.template.split("{visit}")
        return (
            before.rstrip(SEPARATORS) + (SEPARATORS[1] if before and after else "") + after.lstrip(SEPARATORS)
        ).strip()


def parse_time(text: str) -> Time | None:
    """Return what a text says of a time, None where it says nothing.

    Examples
    --------
    >>> parse_time("12wk"), parse_time("Week 6").day, parse_time("baseline_arm_1").unit
    (Time(text='12wk', unit='weeks', number=12.0), 42, 'baseline')
    """
    plain = re.sub(r"_arm_\d+[a-z]?$", "", text.strip().lower())
    plain = re.sub(rf"[{re.escape(SEPARATORS)}]+", " ", plain).strip()
    plain = re.sub(r"^(?:after|at|nach|visit(?= \D))\s+(?=.)|\s+(?:visit|follow up|followup|fu|assessment)$", "", plain)
    if re.fullmatch(BASELINE, plain):
        return Time(text, "baseline")
    if re.fullmatch(AFTER, plain):
        return Time(text, "after")
    for unit, words in UNIT_WORDS.items():
        match = re.fullmatch(rf"(?:(?:{words}) ?(\d+(?:\.\d+)?)|(\d+(?:\.\d+)?) ?(?:{words}))", plain)
        if match:
            return Time(text, unit, float(match[1] or match[2]))
    match = re.fullmatch(rf"(?:{ORDER}) ?(\d{{1,2}})", plain)
    if match:
        return Time(text, "order", float(match[1]))
    return Time(text, "number", float(plain)) if re.fullmatch(r"\d{1,4}", plain) else None


def timed_columns(columns: Sequence[str]) -> dict[str, TimedColumn]:
    """Return the columns that belong to a time: what they measure is there at several, or their time is one of those.

    Examples
    --------
    >>> found = timed_columns(["id", "age", "pain_0", "pain_6", "pain_12", "ihot_12"])
    >>> {name: (each.template, each.time.number) for name, each in found.items()}["pain_6"]
    ('pain_{visit}', 6.0)
    >>> "ihot_12" in found
    False
    """
    readings = {name: list(_readings(name)) for name in columns}
    templates: dict[str, set[str]] = defaultdict(set)
    for several in readings.values():
        for each in several:
            templates[each.template.lower()].add(each.time.text.lower())
    chosen = {name: _chosen(several, templates) for name, several in readings.items()}
    repeated = {
        each.time.text.lower() for each in chosen.values() if each and len(templates[each.template.lower()]) > 1
    }
    found = {}
    for name, several in readings.items():
        best = chosen[name] or next((each for each in several if _alone(each, repeated)), None)
        if best is not None:
            found[name] = best
    return _without_half_pairs(found)


def _alone(each: TimedColumn, repeated: set[str]) -> bool:
    """Say whether a column of its own kind has a time that other columns have at several times."""
    return each.time.text.lower() in repeated and each.time.unit != "number"


def _chosen(readings: Sequence[TimedColumn], templates: Mapping[str, set[str]]) -> TimedColumn | None:
    """Return the reading under which the column is there at the most times."""
    several = [each for each in readings if len(templates[each.template.lower()]) > 1]
    return max(
        several, key=lambda each: (each.time.unit != "number", len(templates[each.template.lower()])), default=None
    )


def _readings(name: str) -> Iterator[TimedColumn]:
    """Yield every way in which a name has a time in it, one at its end first."""
    tokens = [(match.start(), match.end()) for match in re.finditer(rf"[^{re.escape(SEPARATORS)}]+", name)]
    if len(tokens) > 1:
        for length in (2, 1):
            for first in range(len(tokens) - length, -1, -1):
                if length == len(tokens):
                    continue
                start, end = tokens[first][0], tokens[first + length - 1][1]
                time = _time_word(name[start:end])
                if time and _may_be(time, name, start, end):
                    yield TimedColumn(name, f"{name[:start]}{{visit}}{name[end:]}", time)
    yield from _glued(name)


def _time_word(text: str) -> Time | None:
    if text.lower() in PAIRS:
        return Time(text, "baseline")
    return parse_time(text)


def _may_be(time: Time, name: str, start: int, end: int) -> bool:
    """Refuse bare numbers within a name or as part of the name of an instrument, and single letters."""
    if time.text.lower() == "b":
        return False
    folded = re.sub(r"[ .-]", "_", name.lower())
    if time.text.lower() in SPANS and re.fullmatch(
        rf"[{re.escape(SEPARATORS)}]*(date|datum|day|time|fecha)", (name[:start] + name[end:]).lower()
    ):
        return False
    return time.unit != "number" or (end == len(name) and folded not in NUMBERED_NAMES and start > 0)


GLUED = re.compile(
    r"(?P<stem>.*[^\W\d_])(?P<time>\d+(?:wks?|weeks?|mo|mths?|months?|w|m|yrs?|y|d)|(?<=[\d_a-zA-Z])[tT]\d|BL|bl|Pre|Post|pre|post)",
)


def _glued(name: str) -> Iterator[TimedColumn]:
    """Yield the reading of a name with a time at its end and no separator: `pain12wk`, `nprsT0`, `LEFSpre`."""
    match = GLUED.fullmatch(name)
    time = parse_time(match["time"]) if match else None
    if match and time:
        yield TimedColumn(name, f"{match['stem']}{{visit}}", time)


def glued_numbers(columns: Sequence[str]) -> dict[str, TimedColumn]:
    """Return columns such as pk1, pk2, pk5, f1, f2, f5, whose numbers may count visits: it has to be asked.

    They are names in letters with a number at the end, two of them or more with the same numbers, which do not number
    items from 1 on.

    Examples
    --------
    >>> sorted(glued_numbers(["pk1", "pk2", "pk5", "f1", "f2", "f5", "q1", "q2", "q3"]))
    ['f1', 'f2', 'f5', 'pk1', 'pk2', 'pk5']
    """
    stems: dict[str, dict[int, str]] = defaultdict(dict)
    for name in columns:
        match = re.fullmatch(r"([^\W\d]+?)(\d{1,2})", name)
        if match:
            stems[match[1]][int(match[2])] = name
    shared: dict[frozenset[int], list[str]] = defaultdict(list)
    for stem, numbers in stems.items():
        if len(numbers) > 1:
            shared[frozenset(numbers)].append(stem)
    found = {}
    for counted, several in shared.items():
        if len(several) > 1 or 0 in counted:
            for stem in several:
                for number, name in stems[stem].items():
                    found[name] = TimedColumn(name, f"{stem}{{visit}}", Time(str(number), "number", float(number)))
    return found


def _without_half_pairs(found: Mapping[str, TimedColumn]) -> dict[str, TimedColumn]:
    """Return the columns without those at `in` or `start` where nothing is at `out` or `end`."""
    there = {each.time.text.lower() for each in found.values()}
    return {
        name: each for name, each in found.items() if PAIRS.get(each.time.text.lower(), each.time.text.lower()) in there
    }


def visit_name(day: int) -> str:
    """Return the name of a visit by its planned day: whole weeks up to half a year, else months, else days.

    Examples
    --------
    >>> visit_name(0), visit_name(42), visit_name(91), visit_name(182), visit_name(365), visit_name(10)
    ('baseline', 'week_6', 'week_13', 'week_26', 'month_12', 'day_10')
    """
    if day == 0:
        return "baseline"
    if day > 0 and day % 7 == 0:
        return f"week_{day // 7}"
    months = day / DAYS["months"]
    if day > 0 and abs(day - round(months) * DAYS["months"]) <= 1 and round(months):
        return f"month_{round(months)}"
    return f"day_{day}" if day > 0 else f"day_minus_{-day}"


def name_of(time: Time) -> str | None:
    """Return the name of a visit by the words of its time, None where they do not say the day."""
    if time.day is None:
        return None
    if time.day == 0:
        return "baseline"
    assert time.number is not None
    number = time.number * (12 if time.unit == "years" else 1)
    unit = "months" if time.unit == "years" else time.unit
    return f"{unit.removesuffix('s')}_{number:g}".replace(".", "_")


def in_order(times: Iterable[Time]) -> list[Time]:
    """Return times, each once, in the order in which they come."""
    once = {time.text.lower(): time for time in times}
    rank = {"baseline": -1.0, "after": 1e9}
    return sorted(
        once.values(),
        key=lambda time: (
            time.day if time.day is not None else rank.get(time.unit, 0.0),
            time.number or rank.get(time.unit, 0.0),
        ),
    )
