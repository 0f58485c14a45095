"""Bias and coverage of comparisons without randomisation where the truth is known, next to the naive answer.

`python -m tests.simulation.confounded --write docs/methods/without-randomisation-measured.md` writes the page.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from coxa.causal import Comparison, compare_group_times, compare_groups, compare_matched, compare_matched_times
from coxa.causal.comparison import Kind
from coxa.errors import CoxaError

PEOPLE = 400
REPLICATES = 300
CONFOUNDERS = ["age", "severity"]
HORIZON = 26.0
COMMAND = "python -m tests.simulation.confounded --write docs/methods/without-randomisation-measured.md"


@dataclass(frozen=True, slots=True)
class World:
    """How groups and outcomes come about.

    curved_choice, curved_outcome : whether the choice of the group, or the outcome, depends on age by its square, which
                                    the models of the analyses do not have
    leaving                       : whether censoring depends on severity
    unmeasured                    : log odds and units of the outcome per standard deviation of a variable that no
                                    analysis has
    """

    label: str
    kind: Kind | str = "mean"
    curved_choice: bool = False
    curved_outcome: bool = False
    unmeasured: float = 0.0
    leaving: bool = False


WORLDS = (
    World("difference in means, both models right"),
    World("difference in means, model of the group wrong", curved_choice=True),
    World("difference in means, model of the outcome wrong", curved_outcome=True),
    World("difference in means, both models wrong", curved_choice=True, curved_outcome=True),
    World("difference in means, a confounder not measured", unmeasured=0.7),
    World("risk difference of responders", kind="yes_no"),
    World("rate difference of counts", kind="count"),
    World("difference in restricted means of times, 26 weeks", kind="time"),
    World("difference in restricted means, model of the group wrong", kind="time", curved_choice=True),
    World("difference in restricted means, model of the event wrong", kind="time", curved_outcome=True),
    World("difference in restricted means, censoring by severity", kind="time", leaving=True),
)


def people(world: World, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw participants with their probability of the group and both potential means (linear predictors)."""
    age, severity, hidden = rng.normal(0, 1, n), rng.integers(0, 2, n), rng.normal(0, 1, n)
    bend = age**2 - 1
    choice = -0.5 - 0.7 * age + 0.8 * severity + world.unmeasured * hidden + (0.6 * bend if world.curved_choice else 0)
    level = 2.5 * age - 3.0 * severity - 3.0 * world.unmeasured * hidden + (2.0 * bend if world.curved_outcome else 0)
    gain = -4.0 + 1.0 * age
    return pd.DataFrame(
        {
            "age": 60 + 10 * age,
            "severity": np.where(severity == 1, "severe", "mild"),
            "p": 1 / (1 + np.exp(-choice)),
            "old": level,
            "new": level + gain,
        }
    )


def mean_of(world: World, predictor: np.ndarray) -> np.ndarray:
    """Return the mean of the outcome of each participant, by its linear predictor."""
    if world.kind == "mean":
        return 50 + predictor
    if world.kind == "yes_no":
        return 1 / (1 + np.exp(0.4 + 0.2 * predictor))
    if world.kind == "count":
        return np.exp(0.8 + 0.08 * predictor)
    scale = 20 * np.exp(0.08 * predictor)
    return scale * (1 - np.exp(-HORIZON / scale))


def drawn(world: World, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw one cohort: confounders, group and outcome."""
    rows = people(world, n, rng)
    treated = rng.random(n) < rows["p"].to_numpy()
    predictor = np.where(treated, rows["new"], rows["old"])
    mean = mean_of(world, predictor)
    made = rows[CONFOUNDERS].assign(group=np.where(treated, "new", "old"))
    if world.kind == "mean":
        return made.assign(y=mean + rng.normal(0, 8, n))
    if world.kind == "yes_no":
        return made.assign(y=(rng.random(n) < mean).astype(float))
    if world.kind == "count":
        return made.assign(y=rng.poisson(mean * rng.gamma(2, 0.5, n)).astype(float))
    time, end = rng.exponential(20 * np.exp(0.08 * predictor)), rng.uniform(HORIZON, 2 * HORIZON, n)
    if world.leaving:
        end = np.minimum(end, rng.exponential(np.where(rows["severity"] == "severe", 20, 120)))
    return made.assign(y=np.minimum(time, end), seen=(time <= end).astype(int))


def truths(world: World, seed: int = 7, n: int = 2_000_000) -> dict[str, float]:
    """Return the effect in all, in the treated and in the overlap population, from many participants."""
    rows = people(world, n, np.random.default_rng(seed))
    gain = mean_of(world, rows["new"].to_numpy()) - mean_of(world, rows["old"].to_numpy())
    p = rows["p"].to_numpy()
    # of overlap weights the target is the odds of the model, which is the right one unless it is curved
    return {"ATE": float(gain.mean()), "ATT": float(np.average(gain, weights=p)),
            "ATO": float(np.average(gain, weights=p * (1 - p)))}  # fmt: skip


Interval = tuple[float, float, float]


def _compared(rows: pd.DataFrame, world: World, **options: object) -> Interval:
    shared = {"group": "group", "treated": "new", "confounders": CONFOUNDERS, **options}
    if world.kind == "time":
        found = compare_group_times(rows, time="y", event="seen", horizon=HORIZON, **shared)  # type: ignore[arg-type]
    else:
        found = compare_groups(rows, outcome="y", kind=world.kind, **shared)  # type: ignore[arg-type]
    return _difference(found)


def _naive(rows: pd.DataFrame, world: World) -> Interval:
    if world.kind == "time":
        flat = rows.assign(age=np.random.default_rng(len(rows)).normal(size=len(rows)))
        return _compared(flat, world, confounders=["age"])
    new, old = (rows.loc[rows["group"] == name, "y"] for name in ("new", "old"))
    estimate = new.mean() - old.mean()
    half = 1.959964 * np.sqrt(new.var(ddof=1) / len(new) + old.var(ddof=1) / len(old))
    return float(estimate), float(estimate - half), float(estimate + half)


def _matched(rows: pd.DataFrame, world: World) -> Interval:
    shared = {"group": "group", "treated": "new", "confounders": CONFOUNDERS}
    if world.kind == "time":
        found = compare_matched_times(rows, time="y", event="seen", horizon=HORIZON, **shared)  # type: ignore[arg-type]
    else:
        found = compare_matched(rows, outcome="y", kind=world.kind, **shared)  # type: ignore[arg-type]
    return _difference(found)


def _difference(found: Comparison) -> Interval:
    frame = found.estimates.frame
    row = frame[frame["term"].str.contains("difference")].iloc[0]
    return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])


def methods(world: World) -> Iterator[tuple[str, str, Callable[[pd.DataFrame], Interval]]]:
    """Yield name, target and function of each method that an outcome of this kind has."""
    yield "naive", "ATE", lambda rows: _naive(rows, world)
    for target in ("ATE", "ATT", "ATO"):
        yield "weighted", target, lambda rows, target=target: _compared(rows, world, target=target)
    yield "entropy balancing", "ATT", lambda rows: _compared(rows, world, target="ATT", method="entropy")
    yield "standardised", "ATE", lambda rows: _compared(rows, world, estimator="g_computation")
    yield "doubly robust", "ATE", lambda rows: _compared(rows, world, estimator="doubly_robust")
    yield "matched, caliper 0.2", "ATT", lambda rows: _matched(rows, world)


def measured(world: World, replicates: int = REPLICATES, seed: int = 1, n: int = PEOPLE) -> pd.DataFrame:
    """Return bias, its Monte Carlo error and coverage of each method, in percent."""
    truth, used = truths(world), list(methods(world))
    found: dict[tuple[str, str], list[Interval]] = {(name, target): [] for name, target, _ in used}
    for replicate in range(replicates):
        rows = drawn(world, n, np.random.default_rng([seed, replicate]))
        for name, target, function in used:
            try:
                found[name, target].append(function(rows))
            except CoxaError:
                continue
    out = []
    for (name, target), intervals in found.items():
        values = np.array(intervals)
        inside = (values[:, 1] <= truth[target]) & (truth[target] <= values[:, 2])
        out.append(
            {
                "method": name,
                "target": target,
                "truth": truth[target],
                "mean": values[:, 0].mean(),
                "bias": values[:, 0].mean() - truth[target],
                "mc_error": values[:, 0].std(ddof=1) / np.sqrt(len(values)),
                "coverage": 100 * inside.mean(),
                "answers": len(values),
            }
        )
    return pd.DataFrame(out)


def page(replicates: int) -> str:
    """Return the page of all worlds."""
    error = 100 * np.sqrt(0.05 * 0.95 / replicates)
    said = [
        "# Comparisons without randomisation, measured\n",
        f"{replicates} cohorts of {PEOPLE} participants are simulated in each setting: the group depends on age and\n"
        "severity, and so does the outcome; the effect depends on age, so that all (ATE), the treated (ATT) and the\n"
        "overlap population (ATO) have truths of their own, each from two million participants. Models of the\n"
        "analyses have age and severity as they are. `bias` is the mean estimate less the truth, with its Monte Carlo\n"
        "error; `coverage` the share of 95% intervals with the truth inside (Monte Carlo error "
        f"{error:.1f} points at 95).\nWhere a model is wrong, it lacks the square of age. The overlap population is "
        "that of\nthe true probabilities. `answers` counts the cohorts that gave a number. Written by:\n",
        f"```sh\n{COMMAND} --replicates {replicates}\n```\n",
    ]
    for world in WORLDS:
        said += [f"## {world.label[:1].upper()}{world.label[1:]}\n"]
        said += [
            "| method | target | truth | mean estimate | bias (MC error) | coverage, % | answers |",
            "|---|---|---|---|---|---|---|",
        ]
        for row in measured(world, replicates).itertuples():
            said.append(
                f"| {row.method} | {row.target} | {row.truth:.3f} | {row.mean:.3f} | {row.bias:+.3f} "
                f"({row.mc_error:.3f}) | {row.coverage:.1f} | {row.answers} |"
            )
        said.append("")
    return "\n".join(said)


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--replicates", type=int, default=REPLICATES)
    given = parser.parse_args()
    text = page(given.replicates)
    if given.write:
        given.write.write_text(text, encoding="utf-8")
    else:
        print(text)  # noqa: T201


if __name__ == "__main__":
    main()
