"""Tables of training: weeks from the diary, measures of load, and what was asked about sport."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import get_args

import pandas as pd

from coxa.cohort.dictionary import load_table
from coxa.derive.training_weeks import TEN_PERCENT
from coxa.derive.workload_ratio import ROUNDING, WORKLOAD_VARIANTS, Variant
from coxa.report.topics.training.faults import EVERY_RATIO, MONOTONY, RATIOS, RULE_OF_TEN, ratio_label
from coxa.study import Study
from coxa.study.diary import LoadOptions
from coxa.study.parts import readable
from coxa.tables.by_arm import ByArm, named_columns
from coxa.tables.formats import number
from coxa.tables.table import Footnote, Row, RowGroup, Table

Sizes = Mapping[str, int]

SUMMED = ("sessions", "minutes", "distance", "load", "hard_sessions")
"""Columns that are added up over the sports of a participant in a week or at a visit; the others are averaged."""

AVERAGED = ("years", "exertion", "footwear_months", "footwear_distance")
WORDS = ("sport", "level", "surface", "footwear")


def weeks_table(study: Study, weeks: pd.DataFrame, options: LoadOptions, sizes: Sizes) -> Table:
    """Describe the weeks of training by arm or group.

    Parameters
    ----------
    study
        The plan, for labels.
    weeks : DataFrame
        From `coxa.diary.training_weeks`, with `arm`; `distance` where the diary has it.
    options
        Which column is the load, and how missing days are taken.
    sizes
        Participants of each arm or group.
    """
    rows = ByArm("training_weeks", tuple(sizes))
    unit = load_table("daily_diary").fields[options.field].unit
    people = weeks.groupby(["participant_id", "arm"], observed=True)
    means = people[["load", "sessions"]].mean(numeric_only=True).reset_index()
    means = means.assign(**{
        name: people[name].median().reset_index()[name].astype(float) for name in ("monotony", "strain")
    })  # fmt: skip
    made = [
        rows.counts("Weeks with a load", "weeks", weeks[weeks["load"].notna()].groupby("arm", observed=True).size()),
        rows.numbers(
            f"{readable(options.field)} per week ({unit}), mean (SD)", "load", "mean_sd", means, "load", decimals=0
        ),
        rows.numbers("Days with training per week, mean (SD)", "days", "mean_sd", means, "sessions"),
    ]
    if "distance" in weeks and options.field != "distance":
        known = weeks.dropna(subset="distance").groupby(["participant_id", "arm"], observed=True)["distance"]
        made.append(rows.numbers("Distance per week (km), mean (SD)", "distance", "mean_sd",
                                 known.mean().reset_index(), "distance"))  # fmt: skip
    changed = weeks[weeks["change"].notna()]
    above = changed[changed["above_ten_percent"]].groupby("arm", observed=True).size()
    made += [
        rows.shares(f"Weeks of more than {TEN_PERCENT:.0%} above the week before, n/N (%)", "above ten percent", above,
                    changed.groupby("arm", observed=True).size(), of=True),
        rows.numbers("Monotony, median [Q1, Q3]", "monotony", "median_iqr", means, "monotony", decimals=2),
        rows.numbers(f"Strain ({unit}), median [Q1, Q3]", "strain", "median_iqr", means, "strain", decimals=0),
    ]  # fmt: skip
    missing = "is taken for a day of rest" if options.missing == "zero" else "is not known"
    notes = (
        f"From the diary: means, and of monotony and strain medians, of each participant's weeks. A day without an "
        f"entry {missing}; a week needs {options.min_recorded:.0%} of its days.",
        RULE_OF_TEN,
        MONOTONY,
    )
    columns = named_columns(study, sizes, term=study.counted_as)
    return Table("training-weeks", "Training by week", "Training", columns, (RowGroup("", tuple(made)),),
                 tuple(map(Footnote, notes)))  # fmt: skip


def ratios_table(study: Study, ratios: Mapping[Variant, pd.DataFrame], options: LoadOptions, sizes: Sizes) -> Table:
    """Describe recent load against earlier load in every variant, on days with training.

    Parameters
    ----------
    study
        The plan, for labels.
    ratios
        Variant -> days of training with `arm` and `workload_ratio`.
    options, sizes
        As for `weeks_table`.
    """
    rows, groups = ByArm("training_ratios", tuple(sizes)), []
    for variant, days in ratios.items():
        known, mark = days[days["workload_ratio"].notna()], WORKLOAD_VARIANTS[variant].mark
        n = known.groupby("arm", observed=True).size()
        high = known[known["workload_ratio"] >= mark - ROUNDING].groupby("arm", observed=True).size()
        total = days.groupby("arm", observed=True).size()
        made = (
            rows.numbers(
                "Ratio, median [Q1, Q3]", f"{variant} ratio", "median_iqr", known, "workload_ratio", decimals=2
            ),
            rows.shares(
                f"Days with a ratio of at least {number(mark, 1)}, n/N (%)", f"{variant} high", high, n, of=True
            ),
            rows.shares("Days of training with a ratio, n/N (%)", f"{variant} known", n, total, of=True),
        )
        groups.append(RowGroup(ratio_label(variant), made))
    notes = (*(RATIOS[variant] for variant in get_args(Variant)), EVERY_RATIO)
    columns = named_columns(study, sizes, term=study.counted_as)
    title = f"Recent {readable(options.field).lower()} against earlier, on days with training"
    return Table("training-ratios", title, "Acute to chronic", columns, tuple(groups), tuple(map(Footnote, notes)))


def sport_table(study: Study, rows: pd.DataFrame, sizes: Sizes) -> Table:
    """Describe what was asked about sport: at visits, or by week.

    Parameters
    ----------
    study
        The plan, for labels.
    rows : DataFrame
        Table `sport_training` with `arm`.
    sizes
        Participants of each arm or group.
    """
    made = ByArm("sport_training", tuple(sizes))
    groups = []
    for title, term, part in _occasions(study, rows):
        of_part = [*_numbers(part, term, made), *_words(part, term, made)]
        if of_part:
            groups.append(RowGroup(title, tuple(of_part)))
    notes = (
        "Sessions, minutes, distance and load are added up over the sports of a participant. Percentages of words are "
        "of participants with an answer, who may have several sports.",
    )
    columns = named_columns(study, sizes, term=study.counted_as)
    return Table("sport-training", "Sport and training, as reported", "Sport", columns, tuple(groups),
                 tuple(map(Footnote, notes)))  # fmt: skip


def _occasions(study: Study, rows: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield heading, address and rows: of each visit, and of weeks with the means of participants over them."""
    for visit in study.visits:
        part = rows[rows["visit"].astype(str) == visit]
        if len(part):
            yield study.label("visits", visit), visit, part.assign(occasion=0)
    weekly = rows[rows["visit"].isna()]
    if len(weekly):
        yield "Weeks: means of participants", "weeks", weekly.assign(occasion=weekly["week_start"].astype(str))


def _numbers(part: pd.DataFrame, term: str, made: ByArm) -> Iterator[Row]:
    fields = load_table("sport_training").fields
    keys = ["participant_id", "arm", "occasion"]
    for name in (*SUMMED, *AVERAGED):
        if name not in part or not part[name].notna().any():
            continue
        known = part.dropna(subset=name).astype({name: float}).groupby(keys, observed=True)[name]
        once = (known.sum() if name in SUMMED else known.mean()).reset_index()
        own = once.groupby(["participant_id", "arm"], observed=True)[name].mean().reset_index()
        label = f"{readable(name)} ({fields[name].unit}), mean (SD)"
        yield made.numbers(label, f"{name} {term}", "mean_sd", own, name)


def _words(part: pd.DataFrame, term: str, made: ByArm) -> Iterator[Row]:
    fields = load_table("sport_training").fields
    for name in WORDS:
        known = part.dropna(subset=name)[["participant_id", "arm", name]].astype({name: str}).drop_duplicates()
        if known.empty:
            continue
        total = known.drop_duplicates("participant_id").groupby("arm", observed=True).size()
        yield made.counts(f"{readable(name)}, participants with an answer", f"{name} known {term}", total)
        levels = fields[name].levels
        order = [level for level in levels if level in set(known[name])] if levels else _by_number(known[name])
        for level in order:
            n = known[known[name] == level].groupby("arm", observed=True).size()
            row = made.shares(levels.get(level, readable(level)), f"{name} {level} {term}", n, total, 1)
            yield replace(row, found=not levels)


def _by_number(words: pd.Series) -> list[str]:
    """Return words from the most frequent to the least, like ones by the alphabet."""
    n = words.value_counts()
    return sorted(map(str, n.index), key=lambda word: (-int(n[word]), word))
