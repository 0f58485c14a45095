"""Figures of the diary: mean pain by week, the bands of pain in each arm, and the days of single participants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from coxa.derive.diary_kept import KeptDiary
from coxa.derive.pain_monitor import BANDS, band_of
from coxa.derive.participant_days import DAYS_PER_WEEK
from coxa.figures.drawing import Drawing, rect, text
from coxa.figures.figure import Figure
from coxa.figures.means import MEAN_COLUMNS
from coxa.figures.panels import columns_of
from coxa.figures.profile import plot_profile
from coxa.figures.theme import GREY, INK, TEXT_SIZE, WIDTH, options, themed
from coxa.report.topics.diary.guided import band_labels, cuts_of
from coxa.report.topics.diary.kept import period_label
from coxa.sentences import mid_sentence
from coxa.study import Study
from coxa.study.diary import BandDefinition
from coxa.study.outcome import Outcome
from coxa.study.parts import Visit
from coxa.tables.formats import number
from coxa.tables.records import records

NO_ENTRY = "No entry"
COLOURS = {"safe": "#9ecae1", "acceptable": "#fdae61", "excessive": "#b2182b", NO_ENTRY: "#e8eaed"}
"""From light to dark with pain, so that bands are told apart without colour."""

HEIGHT = 200
MOST = 30
"""Participants of an arm whose days are drawn."""
ROW, LEAST_ROW, ROOM_OF_ARM, TALLEST = 9.0, 2.0, 32.0, 860.0
"""Height of the line of a participant, at least and at most, of what an arm has around it, and of all of it."""


def period_means(
    study: Study, days: pd.DataFrame, kept: KeptDiary, column: str, frame_day: str = "study_day"
) -> pd.DataFrame:
    """Return mean, 95% limits and n by arm and period, of the means of participants, as a profile of visits has them.

    Parameters
    ----------
    study
        The plan, for the order of the arms.
    days : DataFrame
        Rows with `participant_id`, `arm`, a study day and the column.
    kept
        First and last day, and the length of a period.
    column, frame_day
        What is averaged, and the column of the study day.
    """
    due = days[days[frame_day].between(kept.first_day, kept.last_day)].dropna(subset=column)
    length = kept.period_weeks * DAYS_PER_WEEK
    period = (due[frame_day] - kept.first_day) // length + 1
    own = due.assign(period=period).astype({column: float, "arm": str})
    means = own.groupby(["period", "arm", "participant_id"], observed=True)[column].mean().reset_index()
    found = means.groupby(["period", "arm"])[column].agg(["mean", "std", "count"]).reset_index()
    n, place = found["count"], found["arm"].map({arm: k for k, arm in enumerate(study.groups)})
    half = stats.t.ppf(0.975, (n - 1).clip(lower=1)) * found["std"] / np.sqrt(n)
    return (
        found.assign(
            visit=[f"period_{k:.0f}" for k in found["period"]],
            day=(found["period"] * length).astype(int),
            conf_low=found["mean"] - half,
            conf_high=found["mean"] + half,
            n=n,
            place=place,
        )
        .sort_values(["day", "place"], ignore_index=True)[list(MEAN_COLUMNS)]
        .astype({"n": int})
    )


def plot_periods(
    study: Study,
    means: pd.DataFrame,
    kept: KeptDiary,
    measure: Outcome,
    figure_id: str,
    title: str,
    directed: bool = True,
) -> Figure:
    """Draw means by period as those of visits are drawn, with the participants behind each mean below the axis.

    Parameters
    ----------
    study
        The plan, for labels of arms.
    means : DataFrame
        From `period_means`.
    kept
        Names of the periods.
    measure
        Label, unit and direction of what is averaged.
    figure_id, title
        Identifier and caption.
    directed
        Whether more or less of it is better.
    """
    visits = {
        row["visit"]: Visit(label=_short(period_label(kept, int(row["visit"].removeprefix("period_")))), day=row["day"])
        for row in records(means[["visit", "day"]].drop_duplicates())
    }
    by_period = study.model_copy(update={"visits": visits, "outcomes": {"measure": measure}})
    quantity = f"Mean {mid_sentence(str(measure.label))}"
    return plot_profile(by_period, means, "measure", quantity=quantity, figure_id=figure_id, title=title,
                        over="weeks of the diary", directed=directed)  # fmt: skip


def plot_course(study: Study, days: pd.DataFrame, kept: KeptDiary) -> Figure:
    """Draw mean pain by period with confidence intervals, and the participants behind each mean below the axis."""
    pain = Outcome(label="Pain", range=(0.0, 10.0), unit="points", higher_is_better=False)
    title = f"Pain in the diary: means of participants by {period_words(kept)}, with 95% confidence interval"
    return plot_periods(study, period_means(study, days, kept, "pain"), kept, pain, "diary-course", title)


def period_words(kept: KeptDiary) -> str:
    """Return what a period is: a week, or four of them."""
    return "week" if kept.period_weeks == 1 else "four weeks"


def _short(label: str) -> str:
    """Return the name of a period for an axis."""
    return label.replace("Weeks ", "W").replace("Week ", "W").replace(" to ", "\N{EN DASH}")


def plot_bands(study: Study, days: pd.DataFrame, kept: KeptDiary, bands: BandDefinition) -> Figure:
    """Draw, in a panel for each arm, the days due by their band of pain, those without an entry among them."""
    return _bands_figure(study, band_shares(days, kept, bands), kept, bands)


def _bands_figure(study: Study, shares: pd.DataFrame, kept: KeptDiary, bands: BandDefinition) -> Figure:
    """Return the figure of shares; where it is shared and a count is not shown, of shares to the nearest tenth."""
    labels = {**band_labels(bands), NO_ENTRY: NO_ENTRY}
    drawn = shares.drop(columns="count", errors="ignore").assign(
        arm_label=shares["arm"].map(study.groups),
        band_label=shares["band"].map(labels),
        order=shares["band"].map({name: place for place, name in enumerate(labels)}),
        period_label=[_short(period_label(kept, int(period))).removeprefix("W") for period in shares["period"]],
    )
    arms = [label for arm, label in study.groups.items() if (shares["arm"] == arm).any()]
    what = "Week" if kept.period_weeks == 1 else "Weeks"
    title = f"Days of the diary by their band of pain, by {what.lower()}"

    def draw(_: Any) -> Any:
        return themed(_stacked(drawn, arms, labels, what))

    def hiding(_: Any) -> Figure:
        coarse = shares.drop(columns="count", errors="ignore")
        return _bands_figure(study, coarse.assign(share=coarse["share"].round(1)), kept, bands)

    words = _bands_text(study, shares, labels)
    return Figure(
        "diary-bands", title, draw, words, shares, along=("period",), digits={"share": 3, "count": 9}, hiding=hiding
    )


def band_shares(days: pd.DataFrame, kept: KeptDiary, bands: BandDefinition) -> pd.DataFrame:
    """Return arm, period, band (or no entry), share of the days due and number of days."""
    due = kept.periods.groupby(["arm", "period"])["days_due"].sum().reset_index()
    rated = days[days["study_day"].between(kept.first_day, kept.last_day) & days["rating"].notna()]
    period = (rated["study_day"] - kept.first_day) // (kept.period_weeks * DAYS_PER_WEEK) + 1
    band = band_of(rated["rating"], cuts_of(bands)).astype(str)
    n = rated.assign(period=period, band=band, arm=rated["arm"].astype(str)).groupby(["arm", "period", "band"]).size()
    rows = []
    for row in records(due[due["days_due"] > 0]):
        arm, one, total = row["arm"], row["period"], row["days_due"]
        shares: dict[str, float] = {name: float(n.get((arm, one, name), 0)) / total for name in BANDS}
        shares[NO_ENTRY] = max(1.0 - sum(shares.values()), 0.0)
        rows += [(arm, int(one), name, share, round(share * total)) for name, share in shares.items()]
    return pd.DataFrame(rows, columns=["arm", "period", "band", "share", "count"])


def _stacked(drawn: pd.DataFrame, arms: list[str], labels: Mapping[str, str], what: str) -> Any:
    import altair as alt

    periods = list(dict.fromkeys(drawn.sort_values("period")["period_label"]))
    colour = alt.Color("band_label:N", scale=options(domain=list(labels.values()), range=list(COLOURS.values())),
                       sort=list(labels.values()), title=None,
                       legend=options(symbolType="square", symbolStrokeWidth=0, columns=2))  # fmt: skip
    columns = min(columns_of(len(arms)), 2)
    width = round(WIDTH / columns) - 30
    every = -(-len(periods) * 26 // width)
    shown = periods[:: max(every, 1)]
    return (
        alt.Chart(drawn)
        .mark_bar(stroke="white", strokeWidth=0.5)
        .encode(
            x=alt.X("period_label:N", sort=periods, title=what, axis=options(labelAngle=0, values=shown)),
            y=alt.Y("share:Q", title="Share of the days due", axis=options(format="%", tickCount=5),
                    scale=options(domain=[0, 1], nice=False)),
            color=colour,
            order=alt.Order("order:Q"),
        )
        .properties(width=width, height=HEIGHT)
        .facet(facet=alt.Facet("arm_label:N", sort=arms, title=None, header=options(labelFontSize=TEXT_SIZE)),
               columns=columns)
    )  # fmt: skip


def _bands_text(study: Study, shares: pd.DataFrame, labels: Mapping[str, str]) -> str:
    said = ["Stacked bars of the days due in each period."]
    last = shares["period"].max()
    for arm in (name for name in study.groups if (shares["arm"] == name).any()):
        rows = shares[shares["arm"] == arm]
        first, end = rows[rows["period"] == rows["period"].min()], rows[rows["period"] == last]
        points = [
            f"{label.lower()} {_percent(first, name)} in the first and {_percent(end, name)} in the last"
            for name, label in labels.items()
        ]
        said.append(f"{study.groups[str(arm)]}: {'; '.join(points)}.")
    return " ".join(said)


def _percent(rows: pd.DataFrame, band: str) -> str:
    found = rows.loc[rows["band"] == band, "share"]
    return f"{found.iloc[0]:.0%}" if len(found) else "none"


def plot_people(study: Study, days: pd.DataFrame, kept: KeptDiary, bands: BandDefinition) -> Figure:
    """Draw the days of single participants, a line for each, by their band of pain; never shown where it is shared.

    Of an arm with more than MOST participants those evenly spaced in the order of their mean pain are drawn.
    """
    lines = people_runs(days, kept, bands, tuple(study.groups))
    labels = {**band_labels(bands), NO_ENTRY: NO_ENTRY}
    said = [
        "A line for each participant, from the lowest mean pain to the highest, and a place for each day due; colours "
        "are bands of pain, and grey is a day without an entry."
    ]
    for arm, rows in lines.groupby("arm", sort=False):
        mean = rows.drop_duplicates("line")["mean"]
        span = f"{number(float(mean.min()), 1)} to {number(float(mean.max()), 1)}"
        n = int((kept.people["arm"] == arm).sum())
        said.append(f"{study.groups[str(arm)]}: {rows['line'].nunique()} of {n} participants drawn, mean pain {span}.")
    title = "Days of single participants by their band of pain"
    return Figure("diary-people", title, lambda _: _lasagne(study, lines, kept, labels), " ".join(said), lines,
                  of_people=True)  # fmt: skip


def people_runs(
    days: pd.DataFrame, kept: KeptDiary, bands: BandDefinition, arms: tuple[str, ...], most: int = MOST
) -> pd.DataFrame:
    """Return runs of days in one band: arm, line (place in the order of mean pain), first, last (days), band, mean."""
    due = days[days["study_day"].between(kept.first_day, kept.last_day)]
    rows: list[tuple[str, int, int, int, str, float]] = []
    for arm in arms:
        mine = due[(due["arm"].astype(str) == arm) & due["rating"].notna()]
        means = mine.groupby("participant_id", observed=True)["rating"].mean().sort_values(kind="stable")
        chosen = means if len(means) <= most else means.iloc[np.linspace(0, len(means) - 1, most).round().astype(int)]
        owed = kept.people.set_index("participant_id")["days_due"].to_dict()
        for line, (person, mean) in enumerate(chosen.items()):
            one = mine[mine["participant_id"] == person]
            named = np.full(int(owed[person]), NO_ENTRY, dtype="U16")
            place = (one["study_day"] - kept.first_day).to_numpy()
            within = place < len(named)
            named[place[within]] = band_of(one["rating"], cuts_of(bands)).astype(str).to_numpy()[within]
            starts = np.flatnonzero(np.concatenate([[True], named[1:] != named[:-1]]))
            ends = np.concatenate([starts[1:], [len(named)]])
            rows += [
                (arm, line, int(a) + kept.first_day, int(b) - 1 + kept.first_day, str(named[a]), float(mean))
                for a, b in zip(starts, ends, strict=True)
            ]
    return pd.DataFrame(rows, columns=["arm", "line", "first", "last", "band", "mean"])


def _lasagne(study: Study, lines: pd.DataFrame, kept: KeptDiary, labels: Mapping[str, str]) -> Drawing:
    left, top, width = 12.0, 34.0, float(WIDTH)
    row = _row_height(lines)
    per_day = (width - 2 * left) / (kept.last_day - kept.first_day + 1)
    marks, y = list(_legend(labels, left)), top + 14
    for arm, rows in lines.groupby("arm", sort=False):
        marks.append(text(left, y + 10, study.groups[str(arm)], TEXT_SIZE))
        y += 18
        for run in records(rows):
            x, length = left + (run["first"] - kept.first_day) * per_day, (run["last"] - run["first"] + 1) * per_day
            at, height = y + run["line"] * row, row - min(1.0, row / 6)
            marks.append(rect(x, at, length, height, fill=COLOURS[run["band"]], stroke="none"))
        y += (rows["line"].max() + 1) * row + 14
    for day in _ticks(kept):
        x = left + (day - kept.first_day) * per_day
        marks.append(text(x, y + 4, str(day), TEXT_SIZE - 1, colour=INK))
    marks.append(text(left, y + 22, "Study day", TEXT_SIZE, colour=GREY))
    return Drawing(width, y + 30, tuple(marks))


def _row_height(lines: pd.DataFrame) -> float:
    """Return the height of the line of a participant: less for many, so that all are on one page in full size."""
    drawn = lines.groupby("arm", sort=False)["line"].max() + 1
    return float(np.clip((TALLEST - ROOM_OF_ARM * len(drawn)) / max(int(drawn.sum()), 1), LEAST_ROW, ROW))


def _legend(labels: Mapping[str, str], left: float) -> list[str]:
    marks, x = [], left
    for name, label in labels.items():
        if x + 20 + 6.6 * len(label) > WIDTH:
            break
        marks.append(rect(x, 6, 11, 11, fill=COLOURS[name], stroke=GREY))
        marks.append(text(x + 16, 16, label, TEXT_SIZE - 1))
        x += 30 + 6.2 * len(label)
    return marks


def _ticks(kept: KeptDiary) -> list[int]:
    weeks = -(-(kept.last_day - kept.first_day + 1) // DAYS_PER_WEEK)
    step = DAYS_PER_WEEK * max(1, round(weeks / 8))
    return list(range(kept.first_day, kept.last_day + 1, step))
