"""Tables of pain-guided progression and of flares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from coxa.derive.pain_monitor import BANDS, PainBands, band_of
from coxa.report.topics.diary.kept import sizes_of
from coxa.study import Study
from coxa.study.diary import BandDefinition, FlareDefinition, arms_with_diary, diary_of
from coxa.tables.by_arm import ByArm, named_columns
from coxa.tables.formats import cell, number
from coxa.tables.table import Cell, Footnote, Row, RowGroup, Table

BROKEN = {
    "excessive": "A day above acceptable pain",
    "unsettled": "Pain not settled by the next morning",
    "rising": "Mean pain above that of the week before",
}
RATE_DAYS = 28


def progression_table(study: Study, days: pd.DataFrame, weeks: pd.DataFrame, people: pd.DataFrame) -> Table:
    """Describe the days by their band of pain, and the weeks in which progression was kept.

    Parameters
    ----------
    study
        The plan, for labels and bands.
    days : DataFrame
        One row per entry with `arm` and `rating`, the worst pain of the day.
    weeks : DataFrame
        From `coxa.diary.progression`, with `arm`.
    people : DataFrame
        Participants with their `arm`.
    """
    arms = arms_with_diary(study.diary, study.groups)
    bands, rows = diary_of(study.diary).bands, ByArm("diary_progression", arms)
    groups = (
        RowGroup("Days by their worst pain, n/N (%)", tuple(_days(days, bands, rows))),
        RowGroup("Weeks, n/N (%)", tuple(_weeks(weeks, rows))),
        RowGroup("Participants, n (%)", (_always(weeks, rows),)),
    )
    notes = (
        f"Bands: {bands.source}. Weeks with pain on at least {bands.min_recorded} days count. Progression is kept in a "
        f"week without a day above {number(bands.acceptable, 0)} of 10, with pain above {number(bands.safe, 0)} back "
        "at or below it the next morning, and without a rise of the mean"
        + (f" by more than {number(bands.tolerance, 1)} points" if bands.tolerance else "")
        + " from the week before. Means of few days rise and fall by chance.",
    )
    title = "Progression guided by pain"
    columns = named_columns(study, sizes_of(people, arms), term=study.counted_as)
    return Table("diary-progression", title, "Days and weeks", columns, groups, tuple(map(Footnote, notes)))


def _days(days: pd.DataFrame, bands: BandDefinition, rows: ByArm) -> Iterator[Row]:
    rated = days[days["rating"].notna()]
    band, total = band_of(rated["rating"], cuts_of(bands)), rated.groupby("arm", observed=True).size()
    labels = band_labels(bands)
    for name in BANDS:
        n = rated[band == name].groupby("arm", observed=True).size()
        yield rows.shares(labels[name], f"days {name}", n, total, of=True)
    above = rated[(rated["rating"] > bands.safe) & rated["pain_next_morning"].notna()]
    settled = above[above["pain_next_morning"].astype(float) <= bands.safe]
    n, total = (one.groupby("arm", observed=True).size() for one in (settled, above))
    yield rows.shares("Above safe, and settled by the next morning", "days settled", n, total, of=True)


def cuts_of(bands: BandDefinition) -> PainBands:
    """Return the bands of a plan as those that days are put into."""
    return PainBands(bands.safe, bands.acceptable)


def band_labels(bands: BandDefinition) -> dict[str, str]:
    """Return what the bands are called, with their ends.

    Examples
    --------
    >>> band_labels(BandDefinition.model_validate({}))["acceptable"]
    'Acceptable (above 2 to 5)'
    """
    safe, most = (number(end, 0 if end == round(end) else 1) for end in (bands.safe, bands.acceptable))
    return {
        "safe": f"Safe (0 to {safe})",
        "acceptable": f"Acceptable (above {safe} to {most})",
        "excessive": f"Excessive (above {most})",
    }


def _weeks(weeks: pd.DataFrame, rows: ByArm) -> Iterator[Row]:
    known = weeks[weeks["kept"].notna()]
    total = known.groupby("arm", observed=True).size()
    kept = known[known["kept"]].groupby("arm", observed=True).size()
    yield rows.shares("Progression kept", "weeks kept", kept, total, of=True)
    for name, label in BROKEN.items():
        n = known[known[name]].groupby("arm", observed=True).size()
        yield rows.shares(f"Broken: {label.lower()}", f"weeks {name}", n, total, of=True)


def _always(weeks: pd.DataFrame, rows: ByArm) -> Row:
    known = weeks[weeks["kept"].notna()]
    people = known.groupby(["participant_id", "arm"], observed=True)["kept"].all().reset_index()
    n = people[people["kept"]].groupby("arm", observed=True).size()
    return rows.shares("Progression kept in every week known", "always kept", n,
                       people.groupby("arm", observed=True).size())  # fmt: skip


def flares_table(study: Study, found: pd.DataFrame, rates: pd.DataFrame, people: pd.DataFrame) -> Table:
    """Describe the flares: how many people had one, how often, how long, and when the first began.

    Parameters
    ----------
    study
        The plan, for labels and the definition.
    found : DataFrame
        From `coxa.diary.flares`, with `arm`.
    rates : DataFrame
        From `coxa.diary.flare_rates` per 28 days, with `arm`.
    people : DataFrame
        Participants with their `arm`.
    """
    arms = arms_with_diary(study.diary, study.groups)
    rows, definition = ByArm("diary_flares", arms), diary_of(study.diary).flares
    at_risk = rates[rates["days_at_risk"] > 0]
    n = at_risk.groupby("arm", observed=True).size()
    had = at_risk[at_risk["flares"] > 0].groupby("arm", observed=True).size()
    total = rates.groupby("arm", observed=True)[["flares", "days_at_risk"]].sum()
    first = found[found["flare"] == 1]
    made = (
        rows.shares("Participants with a flare, n/N (%)", "with a flare", had, n, of=True),
        rows.counts("Flares", "flares", total["flares"]),
        rows.counts("Days on which one could have begun", "days at risk", total["days_at_risk"]),
        Row(f"Flares per {RATE_DAYS} such days", tuple(_rate(total, arm, rows) for arm in rows.arms)),
        rows.numbers("Length in days, median [Q1, Q3]", "length", "median_iqr", found, "days"),
        rows.numbers("Rise above the reference in points, mean (SD)", "rise", "mean_sd", found, "rise"),
        rows.numbers(
            "Study day of the first, of those with one, median [Q1, Q3]", "first", "median_iqr", first, "start"
        ),
        rows.shares(
            "Seen to end, flares n/N (%)",
            "ended",
            found[found["closed"]].groupby("arm", observed=True).size(),
            total["flares"],
            of=True,
        ),
    )
    columns = named_columns(study, sizes_of(people, arms), term=study.counted_as)
    return Table("diary-flares", "Flares of pain", "Flares", columns, (RowGroup("", made),),
                 tuple(map(Footnote, _flare_notes(definition))))  # fmt: skip


def _rate(total: pd.DataFrame, arm: str, rows: ByArm) -> Cell:
    events, days = (float(total[name].get(arm, 0)) for name in ("flares", "days_at_risk"))
    value = RATE_DAYS * events / days if days else float("nan")
    at = rows.at("rate", arm)
    return replace(
        cell("number", {"n": value}, at, 2), of_people=False, made_from=(replace(at, name="events", value=events),)
    )


def _flare_notes(rule: FlareDefinition) -> Iterator[str]:
    against = {
        "baseline_mean": f"the mean of the first {rule.reference_days} days of the participant's diary",
        "rolling_median": f"the median of the {rule.reference_days} days before",
    }[rule.reference]
    days = "1 day" if rule.days == 1 else f"{rule.days} days"
    yield (
        f"A flare is pain at least {number(rule.rise, 1)} points above {against} on {days} or more in a row, with gaps "
        f"of at most {rule.max_gap} without an entry. "
        + (f"{rule.source}." if rule.source else "Published definitions differ; this one is that of the plan.")
    )
    if rule.reference == "baseline_mean":
        yield (
            "Against the first days an arm or group that improves has fewer flares because it improves; a rolling "
            "median asks for flares about the present level."
        )
