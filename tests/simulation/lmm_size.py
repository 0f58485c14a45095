"""Size, power and coverage with random effects by simulation; the designs are in lmm_trials.py.

Run as a script it makes the table of docs/methods/random-effects-size.md:

    python -m tests.simulation.lmm_size --write docs/methods/random-effects-size.md
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from coxa.models import Fit, fit_lmm, fit_mmrm
from tests.simulation.lmm_intervals import DRAWS, interval_coverage
from tests.simulation.lmm_intervals import FORMULA as INTERVALS
from tests.simulation.lmm_page import page
from tests.simulation.lmm_refits import METHODS, Asked, counted, counted_without, of_variance, summed
from tests.simulation.lmm_trials import (
    LAG,
    LARGE,
    PER_CLINIC,
    SD,
    Drawn,
    between_sd,
    clusters,
    diaries,
    partially_nested,
    trajectories,
)

DESIGNS = 50
"""Designs over which the replicates of a cell are spread: a result is not that of one draw of them."""
LINEAR = (
    ("satterthwaite", "observed"),
    ("satterthwaite", "expected"),
    ("kenward-roger-linear", "observed"),
    ("kenward-roger-linear", "expected"),
    ("kenward-roger", "expected"),
)
WITHOUT = "factor left out"
ARM = "outcome ~ baseline * visit + arm * visit"
CLUSTER = "outcome ~ baseline + arm * visit + (1 | participant_id)"
TRAJECTORY = "outcome ~ arm * week + (week | participant_id)"
DIARY = "outcome ~ load_yesterday + load_mean + (1 | participant_id)"
MODELS = {"ARM": ARM, "CLUSTER": CLUSTER, "TRAJECTORY": TRAJECTORY, "DIARY": DIARY, "INTERVALS": INTERVALS}
LAST = {"arm[exercise]": 1.0, "arm[exercise]:visit[week_52]": 1.0}

Cell = dict[str, object]


def with_therapist(rows: pd.DataFrame) -> Fit:
    """Fit the partially nested trial."""
    return fit_mmrm(f"{ARM} + (1 | therapist)", rows, partially_nested={"therapist": "arm"})


def spread(draw: Callable[[int, str], Drawn], replicates: int) -> list[Drawn]:
    """Return designs with the replicates spread over them."""
    each = max(replicates // DESIGNS, 1)
    return [draw(each, f"design {k}") for k in range(min(DESIGNS, replicates))]


def cells(part: str, cell: Cell, tables: Sequence[tuple[str, pd.DataFrame, float]]) -> list[Cell]:
    """Return the results of one cell: the factor's variance first, then one per method."""
    found = []
    for factor, lines, truth in tables:
        variance = of_variance(lines) if factor else {}
        found += [{"part": part, **cell, **variance, **each} for each in summed(lines, truth).to_dict("records")]
    for each in found:
        print({key: round(value, 2) if isinstance(value, float) else value for key, value in each.items()}, flush=True)  # noqa: T201
    return found


def nested(replicates: int, seed: int) -> list[Cell]:
    """Return the partially nested trial, by number of therapists and intraclass correlation."""
    asked = Asked("", with_therapist, LAST, LINEAR, factor="therapist")
    found = []
    for therapists in (4, 6, 10, 20):
        for icc in (0.0, 0.05, 0.15):
            drawn = spread(
                lambda sets, name, k=therapists, icc=icc: partially_nested(k, icc, sets, name, seed), replicates
            )
            without = counted_without(WITHOUT, ARM, LAST, drawn, "kenward-roger-linear")
            cell = {"therapists": therapists, "icc": icc, "planted": between_sd(icc, SD[-1] ** 2) ** 2}
            found += cells("nested", cell, [("", without, 0.0), ("therapist", counted(asked, drawn), 0.0)])
    return found


def clustered(replicates: int, seed: int) -> list[Cell]:
    """Return the cluster trial, by clinics per arm and intraclass correlation."""
    return in_clinics("clusters", (4, 6, 10), PER_CLINIC, "", replicates, seed)


def few_clusters(replicates: int, seed: int) -> list[Cell]:
    """Return the cluster trial with very few, large clinics."""
    return in_clinics("few", (2, 3), LARGE, "large clinics, ", replicates, seed)


def in_clinics(
    part: str, numbers: Sequence[int], per_clinic: tuple[int, int], named: str, replicates: int, seed: int
) -> list[Cell]:
    """Return a part of the cluster trial."""
    without = Asked(f"{WITHOUT}: ", lambda rows: fit_lmm(CLUSTER, rows), LAST, METHODS[-1:])
    asked = Asked("", lambda rows: fit_lmm(f"{CLUSTER} + (1 | clinic)", rows), LAST, factor="clinic")
    found = []
    for clinics in numbers:
        for icc in (0.01, 0.05):

            def draw(sets: int, name: str, k: int = clinics, icc: float = icc) -> Drawn:
                return clusters(k, icc, sets, f"{named}{name}", seed, per_clinic)

            drawn = spread(draw, replicates)
            cell = {"clinics": clinics, "icc": icc, "planted": between_sd(icc, 200.0) ** 2}
            tables = [("", counted(without, drawn), 0.0), ("clinic", counted(asked, drawn), 0.0)]
            found += cells(part, cell, tables)
    return found


def sloped(replicates: int, seed: int) -> list[Cell]:
    """Return the trajectories, by number of participants and standard deviation of the slopes."""
    weights = {"arm[exercise]:week": 1.0}
    without = Asked(
        f"{WITHOUT}: ", lambda rows: fit_lmm(TRAJECTORY.replace("(week", "(1"), rows), weights, METHODS[-1:]
    )
    asked = Asked("", lambda rows: fit_lmm(TRAJECTORY, rows), weights, factor="participant_id")
    found = []
    for n in (20, 60):
        for slope_sd in (0.05, 0.15):
            drawn = spread(lambda sets, name, n=n, sd=slope_sd: trajectories(n, sd, sets, name, seed), replicates)
            cell = {"participants": n, "slope_sd": slope_sd, "planted": 64.0}
            tables = [("", counted(without, drawn), 0.0), ("participant_id", counted(asked, drawn), 0.0)]
            found += cells("slopes", cell, tables)
    return found


def daily(replicates: int, seed: int) -> list[Cell]:
    """Return the diary with residuals correlated over the days, and with independent ones."""
    weights = {"load_yesterday": 1.0}
    plain = Asked("residuals independent: ", lambda rows: fit_lmm(DIARY, rows), weights, METHODS[-1:], LAG)
    asked = Asked(
        "", lambda rows: fit_lmm(DIARY, rows, covariance="sp_exp", time="day"), weights, LINEAR, LAG, "participant_id"
    )
    drawn = spread(lambda sets, name: diaries(20, sets, name, seed), replicates)
    tables = [("", counted(plain, drawn), LAG), ("participant_id", counted(asked, drawn), LAG)]
    return cells("diary", {"participants": 20, "planted": 1.0}, tables)


def variance_coverage(replicates: int, seed: int) -> list[Cell]:
    """Return the coverage of intervals of the therapists' standard deviation and intraclass correlation."""
    found: list[Cell] = []
    for therapists in (6, 20):
        for icc in (0.05, 0.15):
            found += interval_coverage(therapists, icc, max(replicates // 4, 10), max(replicates // 20, 2), seed)
            print(*found[-6:], sep="\n", flush=True)  # noqa: T201
    return [{"part": "intervals", **each} for each in found]


PARTS: dict[str, Callable[[int, int], list[Cell]]] = {
    "nested": nested,
    "clusters": clustered,
    "few": few_clusters,
    "slopes": sloped,
    "diary": daily,
    "intervals": variance_coverage,
}


def everything(replicates: int, seed: int, kept: Path | None) -> dict[str, Any]:
    """Run every part and return the results with how they were made; parts that are kept in a file are not run again.

    Raises
    ------
    ValueError
        What is kept was made with other replicates or another seed.
    """
    run: dict[str, Any] = {"replicates": replicates, "seed": seed, "draws": DRAWS, "minutes": 0.0, "parts": {}}
    if kept and kept.exists():
        found = json.loads(kept.read_text(encoding="utf-8"))
        if (found["replicates"], found["seed"]) != (replicates, seed):
            raise ValueError(f"{kept} has {found['replicates']} replicates of seed {found['seed']}; name another file")
        run = found
    for name, part in PARTS.items():
        if name not in run["parts"]:
            start = perf_counter()
            run["parts"][name] = part(replicates, seed)
            run["minutes"] += (perf_counter() - start) / 60
            if kept:
                kept.write_text(json.dumps(run, default=plain_number), encoding="utf-8")
    return run


def plain_number(value: object) -> object:
    """Return a number of numpy as one of Python, for JSON."""
    assert isinstance(value, np.generic)
    return value.item()


def main() -> None:
    """Write the page, or print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--results", type=Path, help="JSON file to keep parts in, so that a run can be taken up again")
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    text = page(everything(asked.replicates, asked.seed, asked.results), MODELS)
    print(text)  # noqa: T201
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
