"""Tables of goals: set and met by term and arm, how long it took, and how they were rated at each visit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from coxa.derive.goals import Goals, GoalStatistic, goal_values
from coxa.figures.dots import mean_and_limits
from coxa.study import Study
from coxa.tables.by_arm import ByArm, known_by_arm, summarised
from coxa.tables.cells import Cell
from coxa.tables.formats import cell, counted
from coxa.tables.phrases import abbreviations
from coxa.tables.prose import with_n
from coxa.tables.table import Column, Footnote, Row, RowGroup, Table

TERMS = {"short": "Short-term", "long": "Long-term", "": "Term not recorded"}
STATISTICS: dict[GoalStatistic, str] = {
    "mean_rating": "Mean rating of the goals (0 to 10, higher is better), mean (SD)",
    "share_met": "Goals met so far (%), mean (SD) of participants",
    "attainment": "Goal attainment score (T-score, 50 is as expected), mean (SD)",
}


def met_table(study: Study, goals: Goals, sizes: Mapping[str, int]) -> Table:
    """Count goals set and met, and describe the time from setting to meeting, by term and arm.

    Parameters
    ----------
    study
        The plan, for labels.
    goals
        From `coxa.derive.goals.derive_goals`.
    sizes
        Arm -> its participants, for the headings.
    """
    arms = tuple(sizes)
    rows = ByArm("goals", arms)
    of_term = {term: goals.goals[goals.goals["term"] == term] for term in TERMS}
    of_term = {term: mine for term, mine in of_term.items() if len(mine)}
    groups = [RowGroup("All goals", tuple(_counted(rows, "all goals", goals.goals, sizes)))]
    if len(of_term) > 1:
        groups += [RowGroup(_kind(term), tuple(_counted(rows, _kind(term), of_term[term], sizes))) for term in of_term]
    columns = [
        Column(with_n(study.groups[arm], counted(sizes[arm], "participants", study.counted_as, arm))) for arm in arms
    ]
    undated = int((goals.goals["met"] & ~goals.goals["dated"]).sum())
    dated = "the date on which it was met" if not undated else "the date on which it was met, else of the visit"
    notes = (
        f"{study.words.membership}. A goal is met where the data say so, by its level or by its target rating. Time to "
        f"a goal is from the day on which it was set to {dated}, of the goals that were met: goals still open are not "
        "in it.",
        abbreviations(["Q1"]),
    )
    title = study.words.say("Goals set and met by {arm}")
    return Table("goals-met", title, "Goal", tuple(columns), tuple(groups), tuple(map(Footnote, notes)))


def _kind(term: str) -> str:
    return f"{TERMS[term]} goals" if term else TERMS[term]


def _counted(rows: ByArm, term: str, goals: pd.DataFrame, sizes: Mapping[str, int]) -> Iterator[Row]:
    by_arm = goals.groupby("arm")
    people, met = by_arm["participant_id"].nunique(), goals[goals["met"]]
    of_person = goals.groupby(["arm", "participant_id"])["met"]
    yield rows.shares("Participants who set one, n (%)", f"{term}: participants", people, sizes)
    yield rows.counts("Goals set", f"{term}: set", by_arm.size())
    met_n = met.groupby("arm").size()
    yield rows.shares("Goals met, n/N (%)", f"{term}: met", met_n, by_arm.size(), of=True)
    some = of_person.any().groupby("arm").sum()
    yield rows.shares("Participants who met one, n/N (%)", f"{term}: met one", some, people, of=True)
    every = of_person.all().groupby("arm").sum()
    yield rows.shares("Participants who met all, n/N (%)", f"{term}: met all", every, people, of=True)
    took = met.assign(days=met["met_day"] - met["set_day"])
    if took["days"].notna().any():
        yield rows.numbers("Days to a goal met, median [Q1, Q3]", f"{term}: days", "median_iqr", took, "days")


def rated_table(study: Study, goals: Goals, sizes: Mapping[str, int]) -> Table | None:
    """Describe ratings, goals met and the score of attainment at each visit by arm; None where there is none."""
    arms = tuple(sizes)
    groups = [group for statistic in STATISTICS for group in _rated_groups(study, goals, statistic, arms)]
    if not groups:
        return None
    columns = [
        Column(label, spanner=with_n(study.groups[arm], counted(sizes[arm], "participants", study.counted_as, arm)))
        for arm in arms
        for label in ("n", "Value")
    ]
    notes = (
        "Ratings and levels are of the goals of a participant's first visit, where all of them are rated; goals met "
        "are of those set until the visit. Observed, without a model.",
        "Goal attainment score: Kiresuk and Sherman 1968, with a correlation of 0.3 between a participant's goals.",
        abbreviations(["SD"]),
    )
    title = f"Goals {study.words.by_visit}"
    kept = notes if any("attainment" in group.label for group in groups) else (notes[0], notes[2])
    return Table("goals-rated", title, "Visit", tuple(columns), tuple(groups), tuple(map(Footnote, kept)))


def _rated_groups(study: Study, goals: Goals, statistic: GoalStatistic, arms: tuple[str, ...]) -> Iterator[RowGroup]:
    """Yield the rows of a statistic of all goals; by term where it is known of the goals of one term only."""
    if rows := tuple(_at_visits(study, goals, statistic, None, arms)):
        yield RowGroup(STATISTICS[statistic], rows)
        return
    for term in ("short", "long"):
        if rows := tuple(_at_visits(study, goals, statistic, term, arms)):
            yield RowGroup(f"{_kind(term)}. {STATISTICS[statistic]}", rows)


def _at_visits(
    study: Study, goals: Goals, statistic: GoalStatistic, term: str | None, arms: tuple[str, ...]
) -> Iterator[Row]:
    values = goal_values(goals, statistic, term).merge(goals.people, on="participant_id")
    values = values[values["value"].notna()]
    rows = ByArm("goals", arms)
    of = f"{term} {statistic}" if term else statistic
    for visit in sorted(values["visit"].unique(), key=lambda visit: study.visits[visit].day):
        cells: list[Cell] = []
        for arm, known in known_by_arm(values[values["visit"] == visit], "value", arms).items():
            at = rows.at(of, arm, visit)
            cells += [cell("count", {"n": len(known)}, at), summarised("mean_sd", known, at)]
        yield Row(study.label("visits", visit), tuple(cells))


def met_means(study: Study, goals: Goals, arms: tuple[str, ...]) -> pd.DataFrame:
    """Return the mean share of goals met by term, at the last two visits after baseline, by arm, with t-intervals.

    Returns
    -------
    DataFrame
        label, visit, arm, mean, conf_low, conf_high, n; empty where no goal is known to be met or not.
    """
    there = [term for term in TERMS if term and (goals.goals["term"] == term).any()]
    kinds: dict[str | None, str] = {term: _kind(term) for term in there} if len(there) > 1 else {None: "Goals"}
    found = {
        label: goal_values(goals, "share_met", term).merge(goals.people, on="participant_id")
        for term, label in kinds.items()
    }
    visits = [visit for visit in study.post_visits if any((rows["visit"] == visit).any() for rows in found.values())]
    rows = []
    for visit in visits[-2:]:
        for label, values in found.items():
            for arm, known in known_by_arm(values[values["visit"] == visit], "value", arms).items():
                if len(known):
                    rows.append((label, visit, arm, *mean_and_limits(known), len(known)))
    return pd.DataFrame(rows, columns=["label", "visit", "arm", "mean", "conf_low", "conf_high", "n"])
