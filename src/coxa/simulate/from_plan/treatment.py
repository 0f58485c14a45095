"""The tables of treatment, sessions and exercise at home, and of what comes with it: fidelity, soreness, other care.

Each part of what comes with it has a seed of its own name, so that it moves nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.events import draw_event_counts
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.dose import draw_attendance
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.sets import end_of_treatment, minutes_of, supervised_sessions
from coxa.simulate.from_plan.tables import PRONENESS, Calendar
from coxa.simulate.identifiers import participant_ids
from coxa.simulate.seeds import generator
from coxa.study.assumptions.numbers import Probabilities, by_name

if TYPE_CHECKING:
    import pandas as pd


Floats = NDArray[np.float64]

SETS = 3
"""Sets of exercises of a session at home."""


@dataclass(frozen=True, slots=True)
class HomeExercise:
    """Sessions at home of n participants.

    days     : (s,) study days on which a session is asked for
    done     : (n, s) sessions done
    reported : (n, s) sessions that the diary reports
    """

    days: Floats
    done: NDArray[np.bool_]
    reported: NDArray[np.bool_]


def home_days(per_week: float, last_day: int) -> Floats:
    """Return study days of sessions at home, evenly spread over the weeks.

    Examples
    --------
    >>> home_days(2, 14).tolist()
    [3.0, 6.0, 10.0, 13.0]
    """
    count = int(np.floor(per_week * last_day / 7.0 + 1e-9))
    gap = 7.0 / per_week if per_week > 0 else 0.0
    return np.asarray(np.floor((np.arange(count) + 1.0) * gap - 1e-9))


def draw_home(rng: np.random.Generator, n: int, days: Floats, share: float, consistency: float, over_reporting: float,
              agreement: float) -> HomeExercise:  # fmt: skip
    """Draw what is done and what is reported.

    Parameters
    ----------
    rng
        Generator.
    n
        Participants.
    days
        (s,) days on which a session is asked for.
    share, consistency
        Mean share done, and how alike participants are.
    over_reporting
        Mean number reported, as a multiple of the mean number done.
    agreement
        Correlation between participants of numbers done and reported, before reports are cut at all and none.

    Returns
    -------
    HomeExercise
        Reported sessions are done ones first, others as far as more are reported.
    """
    s = len(days)
    if share in (0.0, 1.0):
        done = np.full((n, s), share == 1.0)
    else:
        done = draw_attendance(rng, np.full(n, share), s, consistency)
    count = done.sum(axis=1)
    mean, sd = s * share, np.sqrt(s * share * (1 - share) * (s + consistency) / (consistency + 1))
    noise = rng.standard_normal(n) * sd
    told = over_reporting * (mean + agreement * (count - mean) + np.sqrt(1 - agreement**2) * noise)
    number = np.clip(np.floor(told + rng.random(n)), 0, s)
    order = np.argsort(rng.random((n, s)) - done, axis=1)
    reported = np.empty((n, s), dtype=bool)
    np.put_along_axis(reported, order, np.arange(s) < number[:, None], axis=1)
    return HomeExercise(days, done, reported)


def sessions_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar) -> pd.DataFrame:
    """Return one row per planned session, attended or not; none after a participant left or treatment ended."""
    import pandas as pd

    ids, frames = participant_ids(len(drawn.arm)), []
    for part in supervised_sessions(design, drawn):
        here, planned = part.attended.ravel(), part.attended.shape[1]
        person = np.repeat(part.rows, planned)
        minutes = pd.Series(minutes_of(design, part)).where(here).astype("Int64")
        frames.append(
            pd.DataFrame(
                {
                    "participant_id": ids[person],
                    "session_number": np.tile(np.arange(1, planned + 1), len(part.rows)),
                    "session_date": when(person, part.day.ravel()),
                    "setting": "supervised",
                    "attended": np.where(here, "yes", "no"),
                    "minutes": minutes,
                    "components": ";".join(design.study.arms[part.arm].delivers) or None,
                }
            )
        )
    if not frames:
        return pd.DataFrame(columns=["participant_id", "session_number", "session_date", "setting", "attended"])
    every = pd.concat(frames, ignore_index=True)
    return every.sort_values(["participant_id", "session_number"], kind="stable", ignore_index=True)


def home_tables(
    design: TrialDesign, drawn: DrawnTrial, when: Calendar, written: NDArray[np.bool_] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the diary of exercise at home, one row per day on which it was asked for, and what was really done.

    Parameters
    ----------
    design, drawn, when
        The trial and its calendar.
    written
        (n, t) days, from day 1, on which the diary is written; every day unless given, and every later one.

    Returns
    -------
    diary : DataFrame
        Up to the day of leaving, or the end of treatment.
    done : DataFrame
        participant_id, sessions asked for, done and reported; it is no part of a trial's data.
    """
    import pandas as pd

    part = design.assumptions.sessions
    assert part is not None
    stop, ids, diaries, totals = end_of_treatment(design, drawn), participant_ids(len(drawn.arm)), [], []
    for place, arm in enumerate(design.arms):
        rows = np.flatnonzero(drawn.received == place)
        days = home_days(by_name(part.home_per_week, arm), part.last_day)
        if not len(days) or not len(rows):
            continue
        rng = generator(f"exercise at home in {arm}", drawn.seed)
        share = by_name(part.home, arm)
        home = draw_home(rng, len(rows), days, share, part.consistency, part.over_reporting, part.agreement)
        until = days <= stop[rows, None]
        seen = until if written is None else until & _written_on(written[rows], days)
        person, day = np.nonzero(seen)
        diaries.append(
            pd.DataFrame(
                {
                    "participant_id": ids[rows[person]],
                    "diary_date": when(rows[person], days[day]),
                    "exercises_prescribed": SETS,
                    "exercises_done": SETS * home.reported[person, day],
                }
            )
        )
        counts = {"asked": until, "done": home.done & until, "reported": home.reported & seen}
        summed = {key: one.sum(axis=1) for key, one in counts.items()}
        totals.append(pd.DataFrame({"participant_id": ids[rows], **summed}))
    if not diaries:
        return pd.DataFrame(), pd.DataFrame()
    keys = ["participant_id", "diary_date"]
    return (
        pd.concat(diaries).sort_values(keys, kind="stable", ignore_index=True),
        pd.concat(totals).sort_values("participant_id", kind="stable", ignore_index=True),
    )


def _written_on(written: NDArray[np.bool_], days: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return (r, s) whether the diary is written on some days, given its days from the first on."""
    place = days.astype(int) - 1
    within = (place >= 0) & (place < written.shape[1])
    found = np.ones((len(written), len(days)), dtype=bool)
    found[:, within] = written[:, place[within]]
    return found


RATED = 0.2
"""Share of the sessions that are rated for fidelity."""

FIDELITY_SD = 10.0
"""Spread of the fidelity of sessions, in per cent, before it is cut at 0 and 100."""

SORENESS = ("muscle soreness after a session", "mild", "probable")


# Share, kind and words of co-interventions; plain words, made up.
CO_INTERVENTIONS = (
    (0.60, "analgesic", "pain tablets on most days"),
    (0.25, "physiotherapy", "physiotherapy outside the trial"),
    (0.15, "exercise", "exercise class"),
)

FOR_THE_HIP = 0.8


def with_fidelity(design: TrialDesign, drawn: DrawnTrial, sessions: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the sessions with the fidelity of those that were rated; as they are, where the plan assumes none."""
    import pandas as pd

    part = design.assumptions.sessions
    if part is None or part.fidelity is None or sessions.empty:
        return sessions
    rng = generator("fidelity", seed)
    rated = (rng.random(len(sessions)) < RATED) & sessions["attended"].eq("yes").to_numpy()
    mean = 100 * _of_arms(design, drawn, sessions["participant_id"], part.fidelity)
    percent = np.clip(np.round(rng.normal(mean, FIDELITY_SD)), 0, 100)
    return sessions.assign(
        fidelity=pd.Series(percent, index=sessions.index).where(rated).astype("Int64"),
        fidelity_source=pd.Series("observer", index=sessions.index).where(rated),
    )


def with_soreness(
    design: TrialDesign, drawn: DrawnTrial, events: pd.DataFrame, sessions: pd.DataFrame | None, seed: int
) -> pd.DataFrame:
    """Return the adverse events with soreness after sessions among them, numbered anew by date."""
    import pandas as pd

    risk = design.assumptions.soreness
    if sessions is None or sessions.empty or not _any(risk):
        return events
    happens = generator("soreness", seed).random(len(sessions))
    sore = happens < _of_arms(design, drawn, sessions["participant_id"], risk)
    here = sessions[sore & sessions["attended"].eq("yes")]
    term, severity, related = SORENESS
    more = pd.DataFrame(
        {
            "participant_id": here["participant_id"],
            "kind": "soreness",
            "term": term,
            "start_date": here["session_date"],
            "severity": severity,
            "serious": "no",
            "relatedness": related,
            "expected": "yes",
        }
    )
    every = pd.concat([events.assign(expected="no"), more], ignore_index=True)
    every = every.sort_values(["participant_id", "start_date"], kind="stable", ignore_index=True)
    return every.assign(event_number=every.groupby("participant_id").cumcount() + 1)


def co_interventions_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar, seed: int) -> pd.DataFrame:
    """Return one row per treatment beside those of the trial, from randomisation until a participant left."""
    import pandas as pd

    rng = generator("co-interventions", seed)
    n, rates = len(drawn.arm), design.assumptions.co_interventions
    rate = np.array([by_name(rates, arm) for arm in design.arms])[drawn.received]
    person = np.repeat(np.arange(n), draw_event_counts(rng, rate, PRONENESS))
    frame = pd.DataFrame(
        {
            "person": person,
            "day": rng.integers(0, max(int(design.days[-1]), 1), len(person)).astype(float),
            "chosen": rng.choice(len(CO_INTERVENTIONS), len(person), p=[row[0] for row in CO_INTERVENTIONS]),
            "study_hip": np.where(rng.random(len(person)) < FOR_THE_HIP, "yes", "no"),
        }
    )
    frame = frame[~(frame["day"] > drawn.left[frame["person"]])]
    frame = frame.sort_values(["person", "day"], kind="stable", ignore_index=True)
    rows = frame["person"].to_numpy()
    return pd.DataFrame(
        {
            "participant_id": participant_ids(n)[rows],
            "co_intervention_number": frame.groupby("person").cumcount() + 1,
            "kind": [CO_INTERVENTIONS[place][1] for place in frame["chosen"]],
            "co_intervention": [CO_INTERVENTIONS[place][2] for place in frame["chosen"]],
            "start_date": when(rows, frame["day"].to_numpy()),
            "study_hip": frame["study_hip"],
        }
    )


def _of_arms(design: TrialDesign, drawn: DrawnTrial, participants: pd.Series, given: Probabilities) -> np.ndarray:
    """Return, for each row, the assumed number of the arm that its participant received."""
    import pandas as pd

    received = pd.Series(drawn.received, index=participant_ids(len(drawn.arm)))
    return np.array([by_name(given, arm) for arm in design.arms])[participants.map(received).to_numpy(dtype=int)]


def _any(given: Probabilities) -> bool:
    return any(given.values()) if isinstance(given, dict) else bool(given)
