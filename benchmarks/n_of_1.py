"""Run `python -m benchmarks.n_of_1 [replicates]`: size and coverage of series of n-of-1 trials and of one person."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from coxa.design import simulated_power
from coxa.errors import CoxaError
from coxa.n_of_1 import day_effect, person_effect, pool_series
from coxa.simulate.seeds import generator
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study

PLAN = Path(__file__).parents[1] / "analyses" / "n_of_1" / "study.yaml"
SEED = 11
NULL = ("treatments: {heat: -1.0}", "treatments: {heat: 0}")
SAME = ("treatment_sd: {heat: 0.7}", "treatment_sd: {heat: 0}")
FEW = ("participants: 24", "participants: 8")
LASTING = ("carry_over_days: 0.8", "carry_over_days: 3")
WASHOUT = ("  period_days: 7", "  period_days: 7\n  washout_days: 7")
LONGER = ("last_day: 56", "last_day: 105")
PLANS: dict[str, tuple[tuple[str, str], ...]] = {
    "as planned": (),
    "no effect on average": (NULL,),
    "no effect in anybody": (NULL, SAME),
    "no effect on average, 8 people": (NULL, FEW),
    "no effect in anybody, 8 people": (NULL, SAME, FEW),
    "effect fades in 3 days": (LASTING,),
    "effect fades in 3 days, no run-in": (LASTING, ("run_in_days: 2", "run_in_days: 0")),
    "effect fades in 3 days, 7 days of washout": (LASTING, WASHOUT, LONGER),
    "effect fades in 3 days, 7 days of washout, 5 of run-in": (
        LASTING,
        WASHOUT,
        LONGER,
        ("run_in_days: 2", "run_in_days: 5"),
    ),
    "effect fades in 3 days, periods of 14 days, 9 of run-in": (
        LASTING,
        ("period_days: 7", "period_days: 14"),
        ("run_in_days: 2", "run_in_days: 9"),
        ("last_day: 56", "last_day: 112"),
    ),
}
"""Setting -> what is written in place of what."""

SERIES = {"8 people, 4 blocks": (8, 4), "24 people, 4 blocks": (24, 4), "24 people, 2 blocks": (24, 2)}
BETWEEN, WITHIN, MEAN = 0.7, 0.8, -1.0
PERSON = {"correlation 0": 0.0, "correlation 0.4": 0.4, "correlation 0.7": 0.7}


def plans() -> Iterator[tuple[str, ComparativeStudy]]:
    """Yield the settings and their studies."""
    text = PLAN.read_text(encoding="utf-8")
    for setting, pairs in PLANS.items():
        changed = text
        for old, new in pairs:
            if old not in changed:
                raise ValueError(f"the plan has no {old!r}")
            changed = changed.replace(old, new)
        study = parse_study(changed.encode())
        assert isinstance(study, ComparativeStudy)
        yield setting, study


def through_the_plan(replicates: int) -> None:
    """Print a row for each setting of the plan."""
    print("| setting | truth | bias (MC error) | coverage | significant |\n|---|---|---|---|---|")
    for setting, study in plans():
        found = simulated_power(study, analyses=("primary",), replicates=replicates, seed=SEED)
        for row in found.frame.to_dict("records"):
            print(
                f"| {setting} | {row['truth']:.2f} | {row['bias']:+.3f} ({row['bias_error']:.3f}) | "
                f"{row['coverage']:.1%} | {row['power']:.1%} |",
                flush=True,
            )


def of_series(replicates: int) -> None:
    """Print how often the intervals of a series hold what they are of."""
    print("\n| series | mean effect | SD between people | next person | shrunken effects |\n|---|---|---|---|---|")
    for name, (people, blocks) in SERIES.items():
        rng, kept = generator(name, SEED), []
        who = np.repeat(np.arange(people), blocks).astype(str)
        for _ in range(replicates):
            true = MEAN + BETWEEN * rng.standard_normal(people + 1)
            drawn = np.repeat(true[:people], blocks) + WITHIN * rng.standard_normal(people * blocks)
            order = rng.choice([-0.5, 0.5], people * blocks)
            rows = pd.DataFrame({"participant_id": who, "difference": drawn, "order": order})
            found = pool_series(rows)
            own = found.people.set_index("participant_id")
            mine = pd.Series(true[:people], index=[str(k) for k in range(people)])
            inside = own["shrunken_low"].le(mine) & own["shrunken_high"].ge(mine)
            kept.append(
                [
                    found.conf_low <= MEAN <= found.conf_high,
                    found.sd_between_low <= BETWEEN <= found.sd_between_high,
                    found.prediction_low <= true[-1] <= found.prediction_high,
                    inside.mean(),
                ]
            )
        shares = np.array(kept, dtype=float).mean(axis=0)
        print(f"| {name} | " + " | ".join(f"{share:.1%}" for share in shares) + " |", flush=True)


def of_one_person(replicates: int) -> None:
    """Print how often tests of one person without an effect are significant: six blocks of two weeks."""
    print("\n| days of one person | blocks, t test | blocks, randomisation | regression on days |\n|---|---|---|---|")
    for name, rho in PERSON.items():
        rng, kept = generator(name, SEED), []
        for _ in range(replicates):
            days = np.empty(84)
            days[0] = rng.standard_normal()
            for day in range(1, 84):
                days[day] = rho * days[day - 1] + np.sqrt(1 - rho**2) * rng.standard_normal()
            first = rng.integers(0, 2, 6)
            treated = np.repeat(np.column_stack([first, 1 - first]).ravel(), 7).astype(float)
            used = np.arange(84) % 7 >= 2
            means = np.array([days[p * 7 + 2 : p * 7 + 7].mean() for p in range(12)]).reshape(6, 2)
            differences = np.where(first == 1, means[:, 0] - means[:, 1], means[:, 1] - means[:, 0])
            found = person_effect(differences)
            try:
                by_day = day_effect(days[used], treated[used], np.arange(84)[used]).p_value < 0.05
            except CoxaError:
                by_day = False
            kept.append([found.p_value < 0.05, found.randomisation_p < 0.05, by_day])
        shares = np.array(kept, dtype=float).mean(axis=0)
        print(f"| {name} | " + " | ".join(f"{share:.1%}" for share in shares) + " |", flush=True)


def main(replicates: int) -> None:
    """Print the three tables."""
    through_the_plan(replicates)
    of_series(replicates)
    of_one_person(5 * replicates)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
