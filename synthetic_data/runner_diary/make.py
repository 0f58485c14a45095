"""Make the files of this folder: `python -m synthetic_data.runner_diary.make`. Same seed, same bytes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coxa.simulate import Truth
from synthetic_data.runner_diary.simulator.design import RunnerDesign
from synthetic_data.runner_diary.simulator.study import simulate_runner_diary

SEED = 2026
N_PER_ARM = 30
WEEKS = 8

FILES = {
    "participants": "one row per participant randomised",
    "diary": "one row per day that was written down; a day without a row is not known",
}

COLUMNS = {
    "participant_id": "identifier, in order of enrolment",
    "arm": "arm allocated: usual_care, movement_retraining",
    "therapist": "treating therapist, T1 to T5; empty under usual care",
    "randomised_on": "date of randomisation, study day 0",
    "age": "years at randomisation",
    "sex": "F or M",
    "pain_week_0": "average hip pain of the week before, rated in the clinic at randomisation, 0 to 10",
    "pain_week_8": "the same after the last day of the diary; empty for those who gave up",
    "left_on": "first day without a diary for good; empty if it was kept to the end",
    "left_why": "why it was given up",
    "study_day": "days since randomisation; the diary is due on days 1 to 56",
    "pain": "hip pain over the day, 0 (none) to 10, on a line read to one decimal",
    "pain_next_morning": "hip pain on waking the next day, 0 to 10",
    "training_minutes": "minutes of training; 0 on a day of rest",
    "perceived_exertion": "perceived exertion of the training, 1 to 10; empty on a day of rest",
    "sleep_hours": "hours of sleep in the night before",
    "exercises_prescribed": "sets of home exercises prescribed for the day",
    "exercises_done": "sets written down as done",
}

README = """# Synthetic runner diary

Made up by a computer; no row stems from a person. Recreational runners with hip-related pain, movement retraining
against usual care, {n_per_arm} in each arm, a diary of {weeks} weeks.

Made by `python -m synthetic_data.runner_diary.make` with seed {seed} (`simulator/`), which
also wrote this page. A test rebuilds every file and compares the bytes. The analysis is in `analyses/runner_diary`.

## Data dictionary

{dictionary}

## Planted truth

Pain follows a linear mixed model: the coefficients below, what persons and therapists add, and a deviation from day to
day. It is then cut to 0 to 10 and rounded to one decimal.

| coefficient | planted | unit |
| --- | --- | --- |
{effects}

`week` is study day / 7; load is minutes times exertion, in units of 100 AU, of the day before; `within` is the
deviation from the person's mean, `between` that mean less {load_usual:g} AU a day, or {sleep_usual:g} hours. With
between parts that are centred elsewhere the intercept is another.

| standard deviation or correlation | planted |
| --- | --- |
| pain at randomisation, between persons | {pain.person_sd:g} |
| change per week, between persons | {pain.slope_sd:g} |
| correlation of the two | {pain.person_slope:g} |
| between therapists, retraining only | {pain.therapist_sd:g} |
| from day to day | {pain.day_sd:g} |
| correlation of two days in a row | {pain.day_correlation:g} |

On the scale of the ratings, where the ends take a little away. {how}.

| estimand | measure | movement_retraining less usual_care | Monte Carlo error |
| --- | --- | --- | --- |
{truth}

## How the data came about

- The numbers are chosen, not estimated from runners.
- Load and sleep do not follow from pain. In life runners in pain rest, and an effect of load is harder to see.
- Arms do not train differently; the effect of retraining does not go through load.
- A therapist's effect is there from the first day. Five therapists treat the {n_per_arm} of the retraining arm.
- There is no process of flares of its own: flares are stretches of bad days, and become rarer as pain falls.
- Pain the next morning is {morning.relief:g} points below that of the day on average; after a hard day it settles less.
- {done:.0%} of the prescribed sets are done; of the others {over:.0%} are written down as done, so that the diary
  reports a quarter more than was done.
- Single days ({single:.0%}) and runs of days (mean {length:g} days) are missed at random. Giving up is the likelier,
  the worse the pain written down the week before was; nothing else drives it, so given the diary the missing days are
  missing at random. Single cells are empty at random ({blank:.0%}).
- Every parameter is in `truth.json` under `planted`.
"""

UNITS = {
    "Intercept": "points",
    "arm[movement_retraining]": "points",
    "week": "points per week, usual care",
    "arm[movement_retraining]:week": "points per week, added by retraining",
    "load_lag1_within": "points per 100 AU",
    "load_lag1_between": "points per 100 AU a day",
    "sleep_within": "points per hour",
    "sleep_between": "points per hour",
}


def build() -> dict[str, bytes]:
    """Return file name -> bytes of everything in this folder but this script."""
    tables, truth = simulate_runner_diary(SEED, N_PER_ARM, WEEKS)
    files = {f"{name}.csv": frame.to_csv(index=False, lineterminator="\n") for name, frame in tables.items()}
    files["truth.json"] = truth.to_json()
    files["README.md"] = readme(tables, truth, RunnerDesign())
    return {name: text.encode("utf-8") for name, text in files.items()}


def readme(tables: dict[str, pd.DataFrame], truth: Truth, design: RunnerDesign) -> str:
    """Return the page that describes the folder."""
    effects = design.fixed_effects().items()
    return README.format(
        n_per_arm=N_PER_ARM,
        weeks=WEEKS,
        seed=SEED,
        dictionary="\n\n".join(table_section(name, frame) for name, frame in tables.items()),
        effects="\n".join(f"| `{name}` | {value:g} | {UNITS[name]} |" for name, value in effects),
        load_usual=design.days.load_usual,
        sleep_usual=design.days.sleep_usual,
        pain=design.pain,
        how=truth.how,
        truth="\n".join(
            f"| {row.estimand} | {row.outcome}, {row.measure} | {row.value:.4f} | {row.monte_carlo_error:.4f} |"
            for row in truth.values
        ),
        morning=design.morning,
        done=design.exercises.done,
        over=design.exercises.over_report,
        single=design.entries.single,
        length=design.entries.length,
        blank=design.entries.blank,
    )


def table_section(name: str, frame: pd.DataFrame) -> str:
    """Return the dictionary of one file."""
    rows = [f"| `{word}` | {meaning} |" for word, meaning in COLUMNS.items() if word in frame]
    head = f"### {name}.csv\n\n{FILES[name]}; {len(frame)} rows.\n\n| column | meaning |\n| --- | --- |\n"
    return head + "\n".join(rows)


if __name__ == "__main__":
    folder = Path(__file__).parent
    for file_name, raw in build().items():
        (folder / file_name).write_bytes(raw)
        print(f"{file_name}: {len(raw):,} bytes")
