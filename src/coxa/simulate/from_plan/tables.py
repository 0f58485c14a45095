"""The raw tables of a simulated trial, with its screening log, as a trial would hand them over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.events import draw_event_counts
from coxa.simulate.from_plan.calendar import dates, enrolment, first_day
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.endpoints import recorded_events
from coxa.simulate.from_plan.event_outcomes import EventDays
from coxa.simulate.from_plan.mix import CONDITION, NumberMix
from coxa.simulate.from_plan.own_sequences import blocks_of, sequence_words
from coxa.simulate.from_plan.strategies import cluster_names
from coxa.simulate.identifiers import participant_ids
from coxa.simulate.seeds import generator
from coxa.study.assumptions.numbers import by_name
from coxa.study.assumptions.trial import AssumedScreening
from coxa.study.blocks import SEQUENCE
from coxa.study.events import DATES

if TYPE_CHECKING:
    import pandas as pd


MOST_GOALS = 20
"""Highest number of a goal."""

LONGEST_WAIT = 28
"""Days from assessment to randomisation, at most."""


@dataclass(frozen=True, slots=True)
class NotEnrolled:
    """People who were assessed and did not take part, and why.

    eligible, consented : as in the log; `consented` is None of people who were not asked
    number              : how many from 1, or below 1 their share of all who were assessed
    """

    reason: str
    number: float
    eligible: bool = True
    consented: bool | None = None


def numbers_of(outside: Sequence[NotEnrolled], enrolled: int) -> list[int]:
    """Return how many people each reason has, given how many took part.

    Shares are of everybody who was assessed: those who took part, those given as numbers, and those given as shares.

    Examples
    --------
    >>> numbers_of([NotEnrolled("surgery planned", 20), NotEnrolled("no time", 0.4)], 100)
    [20, 80]
    """
    shares = sum(group.number for group in outside if group.number < 1)
    counts = sum(group.number for group in outside if group.number >= 1)
    assessed = (enrolled + counts) / (1.0 - shares)
    return [round(group.number if group.number >= 1 else group.number * assessed) for group in outside]


def draw_log(rng: np.random.Generator, outside: Sequence[NotEnrolled], enrolled: int, entry: NDArray[np.int64]
             ) -> pd.DataFrame:  # fmt: skip
    """Draw who was assessed, and when.

    Parameters
    ----------
    outside
        Groups of people who did not take part.
    enrolled
        Participants; each was assessed in the four weeks before randomisation.
    entry
        (enrolled,) day of randomisation, counted from any day.

    Returns
    -------
    DataFrame
        A row per person in the order of assessment: `like` (place of the participant; for somebody else of one at whose
        clinic, and about whose time, the assessment was), `wait` (days before that participant's randomisation),
        `enrolled`, `eligible`, `consented`, `reason`.
    """
    import pandas as pd

    numbers = numbers_of(outside, enrolled)
    others = [group for group, number in zip(outside, numbers, strict=True) for _ in range(number)]
    like = np.concatenate([np.arange(enrolled), rng.integers(0, enrolled, len(others))])
    wait = rng.integers(1, LONGEST_WAIT + 1, len(like))
    frame = pd.DataFrame(
        {
            "like": like,
            "wait": wait,
            "enrolled": np.arange(len(like)) < enrolled,
            "eligible": [True] * enrolled + [group.eligible for group in others],
            "consented": [True] * enrolled + [group.consented for group in others],
            "reason": [""] * enrolled + [group.reason for group in others],
        }
    )
    day = entry[like] - wait
    return frame.iloc[np.lexsort((rng.random(len(like)), day))].reset_index(drop=True)


def log_columns(log: pd.DataFrame, participants: NDArray[np.str_]) -> dict[str, object]:
    """Return number, answers, reason and participant of a drawn log, as they are written."""
    words = {True: "yes", False: "no", None: ""}
    ids = np.where(log["enrolled"], participants[log["like"].to_numpy()], "")
    return {
        "screening_id": [f"S{number:04d}" for number in range(1, len(log) + 1)],
        "eligible": [words[said] for said in log["eligible"]],
        "consented": [words[said] for said in log["consented"]],
        "exclusion_reason": log["reason"].tolist(),
        "participant_id": ids,
    }


Floats = NDArray[np.float64]

Rows = NDArray[np.intp]


# Share, term, severity and relation to treatment of adverse events; plain words, made up.
ADVERSE = (
    (0.40, "muscle soreness over two days", "mild", "probable"),
    (0.25, "low back pain", "mild", "possible"),
    (0.20, "knee pain", "moderate", "possible"),
    (0.10, "fall", "moderate", "unlikely"),
    (0.05, "admission to hospital", "severe", "unrelated"),
)

PRONENESS = 0.5
"""Variance of the gamma multiplier of personal rates of adverse events."""


class Calendar:
    """Turns a participant's study days into dates."""

    def __init__(self, start: date, entry: NDArray[np.int64]) -> None:
        self.start, self.entry = start, entry

    def __call__(self, rows: Rows, day: Floats) -> pd.Series:
        """Return the dates (r,) of study days of participants."""
        return dates(self.start, self.entry[rows], day)


def calendar_of(design: TrialDesign, n: int, seed: int) -> Calendar:
    """Return the calendar of a trial."""
    return Calendar(first_day(design), enrolment(design, n, seed))


def participants_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar) -> pd.DataFrame:
    """Return one row per participant, in order of enrolment."""
    import pandas as pd

    n = len(drawn.arm)
    everyone = np.arange(n)
    columns: dict[str, object] = {"participant_id": participant_ids(n)}
    for name, code in drawn.clusters.items():
        if name not in design.study.covariates:
            columns[name] = words_of(code, cluster_names(name, int(code.max(initial=-1)) + 1))
    arms = np.array(design.arms)
    columns |= {
        "arm": arms[drawn.arm],
        "arm_received": arms[drawn.received],
        "randomisation_date": when(everyone, np.zeros(n)),
    }
    if (blocks := blocks_of(design.study)) is not None:
        del columns["arm"], columns["arm_received"]
        columns[SEQUENCE] = sequence_words(blocks, n, drawn.seed)
    own = {name: covariate for name, covariate in design.study.covariates.items() if covariate.source is None}
    for name, covariate in own.items():
        mix, values = design.mix[name], drawn.covariates[name]
        if isinstance(mix, NumberMix):
            columns[name] = values.astype(int) if mix.digits == 0 else values
        else:
            columns[name] = words_of(values, list(covariate.level_labels()))
    if CONDITION in design.mix:
        columns[CONDITION] = words_of(drawn.covariates[CONDITION], list(design.assumptions.conditions))
    left = ~np.isnan(drawn.left)
    columns["discontinuation_date"] = when(everyone, drawn.left)
    columns["discontinuation_reason"] = words_of(
        np.where(left, 0, -1), ["left the trial" if design.study.words.allocates else "left the study"]
    )
    return pd.DataFrame(columns)


def words_of(code: Rows, words: list[str]) -> NDArray[np.object_]:
    """Return words of codes, None for -1."""
    return np.array([*words, None], dtype=object)[code]


def visit_rows(design: TrialDesign, drawn: DrawnTrial, when: Calendar) -> tuple[pd.DataFrame, Rows, Rows]:
    """Return participant, visit and date of every visit that took place, and the places of both."""
    import pandas as pd

    person, visit = np.nonzero(drawn.present)
    frame = pd.DataFrame(
        {
            "participant_id": participant_ids(len(drawn.arm))[person],
            "visit": np.array(design.visits)[visit],
            "assessment_date": when(person, drawn.day[person, visit]),
        }
    )
    return frame, person, visit


def assessments_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar) -> pd.DataFrame:
    """Return one row per visit, with the outcomes side by side that have neither items nor a table of their own."""
    frame, person, visit = visit_rows(design, drawn, when)
    for k, name in enumerate(design.outcomes):
        if not design.measures[k].items and design.study.outcomes[name].source is None:
            value = drawn.value[person, k, visit]
            step = design.measures[k].step
            if not design.measures[k].is_score:
                frame[name] = value.astype(int)
                continue
            decimals = 6 if step else max(0, 3 - int(np.floor(np.log10(design.sd[k].min()))))
            frame[name] = np.round(value, decimals)
            if step and float(step).is_integer():
                frame[name] = frame[name].astype(int)
    return frame


def events_table(drawn: DrawnTrial, when: Calendar) -> pd.DataFrame:
    """Return one row per intercurrent event."""
    import pandas as pd

    ids = participant_ids(len(drawn.arm))
    parts = []
    for name, day in drawn.events.items():
        rows = np.flatnonzero(~np.isnan(day))
        parts.append(pd.DataFrame({"participant_id": ids[rows], "event": name, "event_date": when(rows, day[rows])}))
    return pd.concat(parts).sort_values(["participant_id", "event_date"], kind="stable", ignore_index=True)


def happenings_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar, name: str) -> pd.DataFrame:
    """Return one row per event of one kind that happened before a participant left, as its table has it."""
    import pandas as pd

    event = design.study.events[name]
    found = recorded_events(design, drawn, name)
    rows: dict[str, object] = {"participant_id": participant_ids(found.n)[found.person]}
    if event.source.table == "outcome_events":
        rows["outcome"] = name
    if event.source.table == "adverse_events":
        rows |= {"event_number": 1000 - np.arange(len(found.person)) % 900, "term": event.label or name}
    rows |= {column: words[0] for column, words in event.source.where.items()}
    if event.source.table == "goals":
        return goals_met_table(found, rows, when)
    rows[event.source.date or DATES[event.source.table]] = when(found.person, found.day)
    frame = pd.DataFrame(rows)
    return frame.drop_duplicates(ignore_index=True)  # two events of one day are one row, as in a record of days


def goals_met_table(found: EventDays, rows: dict[str, object], when: Calendar) -> pd.DataFrame:
    """Return a row for each goal that was met, with its date, and one for a goal of everybody who met none.

    Goals are set at randomisation; `with_goals` numbers them.
    """
    import pandas as pd

    met = pd.DataFrame({**rows, "achieved": "yes", "met_date": when(found.person, found.day)})
    without = np.setdiff1d(np.arange(found.n), found.person)
    unmet = pd.DataFrame({**rows, "participant_id": participant_ids(found.n)[without], "achieved": "no"})
    person = np.concatenate([found.person, without])
    frame = pd.concat([met, unmet], ignore_index=True)
    return frame.assign(set_date=when(person, np.zeros(len(person))))


def with_goals(held: pd.DataFrame | None, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the goals that there are with those of an event, numbered from the highest down: none is a rated one."""
    import pandas as pd

    goals = rows if held is None else pd.concat([held, rows], ignore_index=True)
    rated = goals["visit"].notna() if "visit" in goals else pd.Series(False, index=goals.index)
    number = MOST_GOALS - goals[~rated].groupby("participant_id").cumcount()
    if rated.any():
        number = number.reindex(goals.index).where(~rated, goals["goal_number"]).astype(int)
    numbered = goals.assign(goal_number=number)
    return numbered[numbered["goal_number"] > 0].sort_values("participant_id", kind="stable", ignore_index=True)


def with_date(people: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the participants with the date of an event that their table has; the earlier of two dates stays."""
    date = rows.columns[-1]
    first = rows.groupby("participant_id")[date].min()
    new = people["participant_id"].map(first)
    held = people.get(date, new)
    return people.assign(**{date: new.where(held.isna() | (new < held), held)})


def adverse_events_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar, seed: int) -> pd.DataFrame:
    """Return one row per adverse event or flare before a participant left."""
    import pandas as pd

    n, last = len(drawn.arm), int(design.days[-1])
    kinds: tuple[tuple[str, Callable[[str], float]], ...] = (
        ("adverse_event", lambda arm: by_name(design.assumptions.adverse_events, arm)),
        ("flare", lambda arm: by_name(design.assumptions.flares, arm)),
    )
    people, days, chosen, kind = [], [], [], []
    for name, rate in kinds:
        rng = generator(name, seed)
        rates = np.array([rate(arm) for arm in design.arms])[drawn.received]
        person = np.repeat(np.arange(n), draw_event_counts(rng, rates, PRONENESS))
        people.append(person)
        days.append(rng.integers(1, max(last, 2), len(person)).astype(float))
        chosen.append(rng.choice(len(ADVERSE), len(person), p=[row[0] for row in ADVERSE]))
        kind.append(np.full(len(person), name))
    frame = pd.DataFrame({"person": np.concatenate(people), "day": np.concatenate(days),
                          "term": np.concatenate(chosen), "kind": np.concatenate(kind)})  # fmt: skip
    frame = frame[~(frame["day"] > drawn.left[frame["person"]])]
    frame = frame.sort_values(["person", "day", "kind"], kind="stable", ignore_index=True)
    rows, flare = frame["person"].to_numpy(), frame["kind"].to_numpy() == "flare"
    told = [ADVERSE[place] for place in frame["term"]]
    severity = np.where(flare, "mild", [row[2] for row in told])
    return pd.DataFrame(
        {
            "participant_id": participant_ids(n)[rows],
            "event_number": frame.groupby("person").cumcount() + 1,
            "kind": frame["kind"],
            "term": np.where(flare, "flare of symptoms", [row[1] for row in told]),
            "start_date": when(rows, frame["day"].to_numpy()),
            "severity": severity,
            "serious": np.where(severity == "severe", "yes", "no"),
            "relatedness": np.where(flare, "probable", [row[3] for row in told]),
        }
    )


def screening_table(part: AssumedScreening, people: pd.DataFrame, when: Calendar, seed: int) -> pd.DataFrame:
    """Return one row per person assessed, in the order of assessment.

    Parameters
    ----------
    people
        Table participants; its sites, where it has any, are those of the log.
    """
    import pandas as pd

    n = len(people)
    log = draw_log(generator("screening", seed), not_enrolled(part), n, when.entry)
    like = log["like"].to_numpy()
    columns = log_columns(log, participant_ids(n))
    first = {"screening_id": columns.pop("screening_id")}
    sites = {"site_id": people["site_id"].to_numpy()[like]} if "site_id" in people else {}
    dates = when(like, -log["wait"].to_numpy(dtype=np.float64)).tolist()
    return pd.DataFrame({**first, "screening_date": dates, **sites, **columns})


def not_enrolled(part: AssumedScreening) -> list[NotEnrolled]:
    """Return the groups of people who were assessed and did not take part."""
    declined = part.declined if isinstance(part.declined, dict) else {"": part.declined}
    return [
        *(NotEnrolled(reason, number, eligible=False) for reason, number in part.excluded.items()),
        *(NotEnrolled(reason, number, consented=False) for reason, number in declined.items()),
        *(NotEnrolled(reason, number, consented=None) for reason, number in part.other.items()),
    ]
