"""The visits of a study: from times in names, from the values of a column, and from answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from coxa.errors import OptionError
from coxa.importing.draft import Draft
from coxa.importing.study.questions import ask
from coxa.importing.study.times import Time, in_order, name_of, parse_time, visit_name

UNITS = (
    ("weeks", "the numbers are weeks after baseline"),
    ("months", "the numbers are months after baseline"),
    ("days", "the numbers are days after baseline"),
    ("order", "the numbers only count the visits"),
)


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits that are known.

    names : time in lower case, as the files write it -> name of the visit; those that are asked for are not there
    days  : visit -> planned day
    by_date : whether visits of rows are found from their dates, by windows
    """

    names: Mapping[str, str]
    days: Mapping[str, int]
    by_date: bool = False

    def name(self, time: Time) -> str | None:
        """Return the visit of a time, None where it is asked for."""
        return self.names.get(time.text.strip().lower())

    def like(self, text: str) -> str | None:
        """Return the visit that a text names in other words, such as `6w` where outcomes are at `6 weeks`."""
        time = parse_time(text)
        name = None if time is None else name_of(time)
        return name if name in self.days else None


def find_visits(draft: Draft, times: Iterable[Time], columns: Sequence[str], medians: Mapping[str, float]) -> Visits:
    """Return the visits of times, and ask for what the times do not say.

    Parameters
    ----------
    draft
        Takes the questions.
    times
        All times in names of columns and in columns of visits.
    columns
        Columns that they were found in.
    medians
        Time in lower case -> median day of its dates, or of its study days, after randomisation or baseline.
    """
    once = in_order(times)
    bare = [time for time in once if time.unit == "number" and time.number != 0]
    if bare:
        unit = _unit(draft, bare, columns, medians)
        once = [_with_unit(time, unit) for time in once]
    days = {time.text.lower(): (name_of(time), time.day) for time in once if name_of(time)}
    asked = [time for time in once if time.day is None and (time.unit != "number")]
    if asked:
        days |= _days(draft, once, asked, columns, medians)
    names = {text: str(name) for text, (name, _) in days.items()}
    planned = {str(name): int(day) for name, day in days.values() if day is not None}
    return Visits(names, dict(sorted(planned.items(), key=lambda pair: pair[1])))


def _with_unit(time: Time, unit: str | None) -> Time:
    return time if unit is None else time.counted_in(unit)


def _unit(draft: Draft, bare: Sequence[Time], columns: Sequence[str], medians: Mapping[str, float]) -> str | None:
    numbers = ", ".join(time.text for time in bare)
    why = f"The names have {numbers} and no unit." + _of_dates(bare, medians)
    text = f"What do the numbers {numbers} count?"
    return ask(draft, "visits.unit", text, why, UNITS, columns)


def _of_dates(times: Sequence[Time], medians: Mapping[str, float]) -> str:
    dated = [f"{time.text} on day {medians[time.text.lower()]:.0f}" for time in times if time.text.lower() in medians]
    return f" In the data the median days are {', '.join(dated)}." if dated else ""


def _days(
    draft: Draft, once: Sequence[Time], asked: Sequence[Time], columns: Sequence[str], medians: Mapping[str, float]
) -> dict[str, tuple[str, int]]:
    """Return time -> visit and day, from an answer such as `t1:42 t2:84`."""
    example = " ".join(
        f"{time.text.replace(' ', '_')}:{_suggested(place, time, medians)}" for place, time in enumerate(asked, start=1)
    )
    text = f"On which day after baseline was each of {', '.join(time.text for time in asked)} planned?"
    why = f"The names give an order and no days.{_of_dates(asked, medians)} Write for example `{example}`."
    given = ask(draft, "visits.days", text, why, (), columns)
    found = dict(re.findall(r"(\S+?)\s*[:=]\s*(-?\d+)", (given or "").lower()))
    lacking = [time.text for time in asked if time.text.strip().lower().replace(" ", "_") not in found]
    if given is not None and lacking:
        raise OptionError(f"`{given}` has no day for {', '.join(lacking)}. Write for example `{example}`.")
    return {
        time.text.lower(): (visit_name(int(day)), int(day))
        for time in once
        if (day := found.get(time.text.strip().lower().replace(" ", "_"))) is not None
    }


def _suggested(place: int, time: Time, medians: Mapping[str, float]) -> int:
    """Return the whole week that is nearest to the median of a visit's dates, else six weeks for each place."""
    median = medians.get(time.text.lower())
    return round((median if median is not None else 42 * place) / 7) * 7


def median_days(dates: Mapping[str, pd.Series], origin: pd.Series | None) -> dict[str, float]:
    """Return time -> median days from an origin, or from the first of the times, to its dates."""
    if not dates:
        return {}
    start = origin if origin is not None else next(iter(dates.values()))
    found = {text: (column - start).dt.days.median() for text, column in dates.items()}
    return {text: float(days) for text, days in found.items() if pd.notna(days)}


def visits_of_plan(draft: Draft, visits: Visits) -> dict[str, dict[str, object]]:
    """Return `visits` of a plan; windows only where an answer gives them."""
    window = _window(draft) if visits.days else None
    planned: dict[str, dict[str, object]] = {}
    halves = _halves(visits) if visits.by_date else {}
    for name, day in visits.days.items():
        planned[name] = {"day": day}
        if window and day > 0:
            planned[name]["window"] = list(window)
        elif name in halves:
            planned[name]["window"] = halves[name]
            draft.comments[f"visits.{name}"] = (
                "The window reaches half the way to the next visits; set that of the plan"
            )
        if texts := [text for text, visit in visits.names.items() if visit == name]:
            draft.comments[f"visits.{name}"] = f"Written as {', '.join(texts)} in the files"
    return planned


def planned_days(draft: Draft, visits: Visits, columns: Sequence[str]) -> Visits:
    """Return the visits with those of an answer, for rows that have a date and no visit."""
    text = "On which days after baseline were visits planned?"
    why = "Rows have dates and name no visit, which is found from the date. Write for example `0 42 84`."
    given = ask(draft, "visits.planned", text, why, (), columns)
    if given is None:
        return visits
    days = [int(day) for day in re.findall(r"-?\d+", given)]
    if not days or re.sub(r"[-\d\s,]", "", given) or 0 not in days:
        raise OptionError(f"`{given}` is not a list of days with 0 for the baseline. Write for example `0 42 84`.")
    planned = {visit_name(day): day for day in days} | dict(visits.days)
    return Visits(visits.names, dict(sorted(planned.items(), key=lambda pair: pair[1])), by_date=True)


def _halves(visits: Visits) -> dict[str, list[int]]:
    """Return windows that reach half the way to the visits before and after; the outer ones as far out as in."""
    days = list(visits.days.values())
    found = {}
    for k, name in enumerate(visits.days):
        before = (days[k] - days[k - 1]) // 2 if k else None
        after = (days[k + 1] - days[k] - 1) // 2 if k + 1 < len(days) else None
        ends = (after if before is None else before, before if after is None else after)
        found[name] = [-(ends[0] or 0), ends[1] or 0]
    return found


def _window(draft: Draft) -> tuple[int, int] | None:
    text = "How many days before and after its planned day does a visit after baseline count?"
    why = "The files do not say it; without windows no visit is late. Write for example `-14 21`, or `none`."
    given = ask(draft, "visits.window", text, why, needed=False)
    ends = re.fullmatch(r"(-?\d+)[\s,]+(\d+)", given or "")
    if given not in (None, "none") and ends is None:
        raise OptionError(f"`{given}` is not two numbers of days. Write for example `-14 21`, or `none`.")
    return (-abs(int(ends[1])), int(ends[2])) if ends else None
