"""Registries in which it is known which clinics differ: how many clinics an audit finds outside its limits.

Run as a script it makes the table of docs/audit-registries.md:

    python -m tests.simulation.audit_registries --registries 200 --jobs 2 --write docs/audit-registries.md
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from coxa.audit import funnel_means
from coxa.clinics.measures.case_mix import case_mix
from coxa.clinics.measures.groups import grouped
from coxa.clinics.measures.loss_weights import loss_weights
from coxa.clinics.measures.reached import changed_sql
from coxa.episodes.episodes import Episodes, episodes_of_frame
from coxa.simulate import SimulatedRegistry, simulate_registry
from coxa.study import RegistryAssumptions
from coxa.study.audit.assumptions import PlantedImprovement

EPISODES = 6_000
LEVELS = (0.95, 0.998)
HOW = ("raw", "adjusted", "adjusted and weighted")
LIMITS = {"none": "of patients", "additive": "with over-dispersion"}
"""How over-dispersion is dealt with -> what limits are called."""


BETTER = PlantedImprovement(clinic=6, start=date(2023, 4, 1), effect=1.0)
"""A clinic that gets better by as much as the outliers differ, so late that a mean of all years hides it."""


def assumed(*, over_dispersion: bool, depends_on: str) -> RegistryAssumptions:
    """Return a registry in which all clinics are equal, or differ as units do for no special cause."""
    null = RegistryAssumptions().equal_clinics(over_dispersion=over_dispersion)
    return null.model_copy(update={"lost": null.lost.model_copy(update={"depends_on": depends_on})})


SETTINGS: Mapping[str, RegistryAssumptions] = {
    "equal clinics, loss at random": assumed(over_dispersion=False, depends_on="nothing"),
    "equal clinics, loss by patients": assumed(over_dispersion=False, depends_on="patients"),
    "equal clinics, loss by patients and outcome": assumed(over_dispersion=False, depends_on="patients_and_outcome"),
    "clinics and therapists vary, loss at random": assumed(over_dispersion=True, depends_on="nothing"),
    "clinics and therapists vary, loss by patients and outcome": assumed(
        over_dispersion=True, depends_on="patients_and_outcome"
    ),
    "planted outliers, loss by patients and outcome": RegistryAssumptions(better_from=BETTER),
}
"""What is simulated, in words -> what is assumed."""


@dataclass(frozen=True, slots=True)
class Measures:
    """One registry as an audit sees it: per clinic, how it is measured -> value and standard error.

    n : patients of each clinic with an outcome; the target is the mean of all of them
    """

    clinics: tuple[str, ...]
    n: np.ndarray
    values: Mapping[str, np.ndarray]
    errors: Mapping[str, np.ndarray]


def measures(episodes: Episodes) -> Measures:
    """Return raw, adjusted, and adjusted and weighted changes of the clinics, with their standard errors."""
    main = episodes.plan.main
    change = f"({main}_intake - {main}_discharge)"
    found = {"n": "COUNT(*)", "mean": f"AVG({change})", "sd": f"STDDEV_SAMP({change})"}
    raw = grouped(episodes, [("clinic",), ()], found, changed_sql(main))
    by_clinic = raw["clinic",].sort_values("clinic")
    sd = float(raw[()]["sd"].iloc[0])
    mix = case_mix(episodes, main, loss_weights(episodes).weight)
    if mix.without:
        raise RuntimeError(mix.without)
    frame = mix.clinics.sort_values("clinic")
    weighted = frame["weighted"].fillna(frame["adjusted"])
    error = frame["std_error"].to_numpy()
    values = (by_clinic["mean"], frame["adjusted"], weighted)
    errors = (sd / np.sqrt(by_clinic["n"].to_numpy(float)), error, error)
    return Measures(
        tuple(frame["clinic"]),
        frame["n"].to_numpy(float),
        {name: each.to_numpy(float) for name, each in zip(HOW, values, strict=True)},
        dict(zip(HOW, errors, strict=True)),
    )


def positions(found: Measures) -> pd.DataFrame:
    """Return where each clinic is: how, limits, level, clinic, position (-1 low, 0 within, 1 high), mean (of all)."""
    rows = []
    for how in HOW:
        target = float(np.average(found.values[how], weights=found.n))
        for adjust in LIMITS:
            funnel = funnel_means(
                found.values[how], found.errors[how], target=target, adjust=adjust, screen="winsorised"
            )
            for level in LEVELS:
                keys = {"how": how, "limits": LIMITS[adjust], "level": level}
                own = {"clinic": found.clinics, "position": funnel.outliers(level), "mean": target}
                rows.append(pd.DataFrame({**keys, **own}))
    return pd.concat(rows, ignore_index=True)


def audited(seed: int, setting: str) -> pd.DataFrame:
    """Simulate and audit one registry; return the positions of its clinics, with what was planted."""
    registry = simulate_registry(SETTINGS[setting], seed=seed, episodes=EPISODES)
    found = positions(measures(episodes_of_frame(registry.plan, registry.episodes)))
    return found.merge(planted(registry), on="clinic").assign(setting=setting, seed=seed)


def planted(registry: SimulatedRegistry) -> pd.DataFrame:
    """Return clinic, what was planted in it, and the mean change of all before any were lost."""
    return registry.truth.clinics[["clinic", "planted"]].assign(truth=registry.truth.change)


def outside(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the share of clinics in which nothing was planted that are outside, with its Monte Carlo error.

    The error is that between registries: the clinics of one share their limits.
    """
    null = rows[rows["planted"] == ""]
    keys = ["setting", "how", "limits", "level"]
    each = (null["position"] != 0).groupby([null[key] for key in [*keys, "seed"]], sort=False).mean()
    by = each.groupby(keys, sort=False)
    return pd.DataFrame({"outside": by.mean(), "error": by.std() / np.sqrt(by.size())}).reset_index()


def found_outliers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the share of registries in which each planted clinic is outside on its side."""
    special = rows[rows["planted"] != ""]
    right = special["position"] == np.where(special["planted"] == "worse", -1, 1)
    keys = ["how", "limits", "level", "planted"]
    return right.groupby([special[key] for key in keys], sort=False).mean().rename("found").reset_index()


def bias(rows: pd.DataFrame) -> pd.DataFrame:
    """Return by how much the mean change of all is off the mean of all before any were lost, with its error."""
    one = rows.drop_duplicates(["setting", "seed", "how"])
    by = (one["mean"] - one["truth"]).groupby([one["setting"], one["how"]], sort=False)
    return pd.DataFrame({"bias": by.mean(), "error": by.std() / np.sqrt(by.size())}).reset_index()


def run(registries: int, jobs: int, kept: Path | None = None) -> pd.DataFrame:
    """Return the positions of the clinics of all registries of all settings; what is kept is not run anew."""
    parts = []
    with get_context("spawn").Pool(jobs) as pool:
        for place, setting in enumerate(SETTINGS):
            start, path = perf_counter(), kept / f"{place}-{registries}.parquet" if kept else None
            if path is not None and path.exists():
                parts.append(pd.read_parquet(path))
                continue
            found = pool.map(partial(audited, setting=setting), range(1, registries + 1), chunksize=5)
            parts.append(pd.concat(found, ignore_index=True).astype({"clinic": str}))
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                parts[-1].to_parquet(path)
            print(f"{setting}: {perf_counter() - start:.0f} s", flush=True)  # noqa: T201
    return pd.concat(parts, ignore_index=True)


def cell(value: float, error: float | None = None) -> str:
    """Return a share as per cent."""
    return f"{100 * value:.1f}" if error is None else f"{100 * value:.1f} ({100 * error:.1f})"


def outside_table(shares: pd.DataFrame) -> str:
    """Return the shares outside as a table, a line for each setting and way of measuring."""
    columns = [(limits, level) for limits in LIMITS.values() for level in LEVELS]
    head = ["registries", "change", *(f"{limits}, {100 * level:g} %" for limits, level in columns)]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for (setting, how), part in shares.groupby(["setting", "how"], sort=False):
        at = part.set_index(["limits", "level"])
        cells = [cell(at.loc[each, "outside"], at.loc[each, "error"]) for each in columns]
        lines.append(f"| {setting} | {how} | {' | '.join(cells)} |")
    return "\n".join(lines)


def found_table(shares: pd.DataFrame) -> str:
    """Return how often planted clinics are found as a table."""
    columns = [(limits, level) for limits in LIMITS.values() for level in LEVELS]
    head = ["clinic", "change", *(f"{limits}, {100 * level:g} %" for limits, level in columns)]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for (what, how), part in shares.groupby(["planted", "how"], sort=False):
        at = part.set_index(["limits", "level"])["found"]
        lines.append(f"| {what} | {how} | {' | '.join(cell(at.loc[each]) for each in columns)} |")
    return "\n".join(lines)


def bias_table(off: pd.DataFrame) -> str:
    """Return the bias of the mean of all as a table."""
    head = ["registries", "of those seen", "weighted"]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for setting, part in off.groupby("setting", sort=False):
        at = part.set_index("how")
        cells = [f"{at.loc[how, 'bias']:+.3f} ({at.loc[how, 'error']:.3f})" for how in (HOW[0], HOW[2])]
        lines.append(f"| {setting} | {' | '.join(cells)} |")
    return "\n".join(lines)


PAGE = """# What an audit finds in registries whose truth is known

Written by `python -m tests.simulation.audit_registries --registries {registries} --write docs/audit-registries.md`
(`nox -s audit_registries`), seeds {first} to {last}, {minutes:.0f} minutes.

{registries} registries of each kind ([simulate.md](simulate.md#a-registry-of-clinics)), each with twelve clinics,
sixty therapists and {episodes:,} episodes. They are measured as an audit measures them (`coxa.clinics.measures`): the
mean change in pain of each clinic as it is (*raw*), adjusted for the case mix by the model (*adjusted*), and with
weights for those who have no discharge questionnaire besides (*adjusted and weighted*, against the limits of the
adjusted). Limits *of patients* have the sampling error of the clinic's patients alone; *with over-dispersion* they have
the variance between clinics as well, by DerSimonian and Laird, which is what an audit shows.

## Clinics outside the limits in which nothing was planted

Per cent of the clinics, with the Monte Carlo error between registries in brackets. By chance 5 and 0.2 would be.

{outside}

## Planted clinics that are found

Per cent of the registries in which the clinic is outside the limits on its side: one clinic is better by 1 point of 10,
one is worse by 1 point, and one gets better by {better_by:g} point from {better_from} on, which is what control charts
are for. Loss depends on patients and outcome.

{found}

## The mean of all

Points by which the mean change of all is off that of all patients who were due, before any were lost; its Monte Carlo
error in brackets.

{bias}

## What follows

{follows}
"""


def follows(shares: pd.DataFrame, found: pd.DataFrame, off: pd.DataFrame) -> str:
    """Return what the tables show, in sentences with their numbers."""
    at = shares.set_index(["setting", "how", "limits", "level"])["outside"]
    side = found.set_index(["planted", "how", "limits", "level"])["found"]
    mean = off.set_index(["setting", "how"])["bias"]
    names = list(SETTINGS)

    def share(setting: int, how: str, adjust: str) -> str:
        return f"{cell(at.loc[names[setting], how, LIMITS[adjust], 0.95])} %"

    def seen(planted: str, adjust: str) -> str:
        both = [cell(side.loc[planted, "adjusted", LIMITS[adjust], level]) for level in LEVELS]
        return f"{both[0]} % of the registries at 95 % and in {both[1]} % at 99.8 %"

    sentences = [
        f"Where clinics are equal, {share(0, 'raw', 'none')} of raw means are outside 95 % limits of patients, because "
        f"the clinics see different patients, and {share(0, 'adjusted', 'none')} of adjusted ones.",
        "Where clinics and therapists vary for no special cause, "
        f"{share(3, 'adjusted', 'none')} of adjusted means are outside 95 % limits of patients, and "
        f"{share(3, 'adjusted', 'additive')} outside those with over-dispersion.",
        f"Where those who improve less are lost, {share(2, 'adjusted', 'none')} of equal clinics are outside 95 % "
        f"limits of patients after adjustment, and {share(2, HOW[2], 'none')} with weights besides. The mean of all is "
        f"{mean.loc[names[2], HOW[0]]:.2f} points too high, and {mean.loc[names[2], HOW[2]]:.2f} with weights: they "
        "answer for what is known of patients, not for an outcome that was not seen.",
        f"The clinic that is worse by 1 point is found in {seen('worse', 'none')} by limits of patients, and in "
        f"{seen('worse', 'additive')} by those with over-dispersion, which the planted clinics widen.",
    ]
    return "\n".join(f"- {sentence}" for sentence in sentences)


def page(registries: int, jobs: int, kept: Path | None) -> str:
    """Run everything and return it as a page of documentation."""
    start = perf_counter()
    rows = run(registries, jobs, kept)
    shares, special, off = outside(rows), found_outliers(rows), bias(rows)
    return PAGE.format(
        registries=registries,
        first=1,
        last=registries,
        minutes=(perf_counter() - start) / 60,
        episodes=EPISODES,
        outside=outside_table(shares),
        found=found_table(special),
        bias=bias_table(off),
        better_by=BETTER.effect,
        better_from=BETTER.start,
        follows=follows(shares, special, off),
    )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registries", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kept", type=Path, help="folder of what is done, so that a stopped run is continued")
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    text = page(asked.registries, asked.jobs, asked.kept)
    print(text)  # noqa: T201
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
