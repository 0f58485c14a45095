"""Bias and coverage of three groups, repeated measures, transport and doubly robust times, where the truth is known.

`python -m tests.simulation.confounded_groups --write docs/methods/without-randomisation-groups.md` writes the page.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from coxa.causal import (
    compare_group_courses,
    compare_group_times,
    compare_groups,
    compare_several_groups,
    transport,
    unadjusted,
)
from coxa.errors import CoxaError
from coxa.estimates import Estimates
from tests.simulation.confounded import CONFOUNDERS, HORIZON, World, drawn, truths

Interval = tuple[float, float, float]
Case = tuple[str, float, Callable[[pd.DataFrame], Interval]]
"""What is done, what it ought to give, and how."""
COMMAND = "python -m tests.simulation.confounded_groups --write docs/methods/without-randomisation-groups.md"
REPLICATES = 100


def _row(estimates: Estimates, term: str, arm: str, reference: str) -> Interval:
    frame = estimates.frame
    row = frame[(frame["term"] == term) & (frame["arm"] == arm) & (frame["reference"] == reference)].iloc[0]
    return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])


def three(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw three groups; the effect depends on age, by -3 - age of b and -5 + age of c against a."""
    age, severe = rng.normal(0, 1, n), rng.integers(0, 2, n).astype(float)
    odds = np.column_stack([np.zeros(n), 0.2 + 0.6 * age - 0.4 * severe, -0.2 - 0.5 * age + 0.7 * severe])
    chance = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    place = (chance.cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1)
    gain = np.column_stack([np.zeros(n), -3 - age, -5 + age])
    y = 50 + 3 * age + 4 * severe + gain[np.arange(n), place] + rng.normal(0, 8, n)
    made = pd.DataFrame({"age": age, "severe": severe, "group": np.array(list("abc"))[place], "y": y})
    return made.assign(apart=gain[:, 2] - gain[:, 1], p_c=chance[:, 2], overlap=1 / (1 / chance).sum(axis=1))


def three_groups() -> Iterator[Case]:
    """Yield the difference of c and b, of whom none is the comparator, in each target population."""
    many = three(1_000_000, np.random.default_rng(7))
    of = {"ATE": many["apart"].mean(), "ATT": np.average(many["apart"], weights=many["p_c"]),
          "ATO": np.average(many["apart"], weights=many["overlap"])}  # fmt: skip
    asked: dict[str, Any] = {"outcome": "y", "group": "group"}

    def naive(rows: pd.DataFrame) -> Interval:
        return _row(unadjusted(rows[rows["group"] != "a"], treated="c", **asked), "difference", "c", "b")

    def apart(rows: pd.DataFrame) -> Interval:
        two = rows[rows["group"] != "a"]
        found = compare_groups(two, treated="c", confounders=["age", "severe"], **asked)
        return _row(found.estimates, "difference", "c", "b")

    yield "naive, ATE", float(of["ATE"]), naive
    yield "weighted by a score of the two groups alone, ATE of all three", float(of["ATE"]), apart
    for name, target, options in (
        ("weighted", "ATE", {}),
        ("weighted", "ATT", {"target": "ATT", "focal": "c"}),
        ("overlap weights", "ATO", {"target": "ATO"}),
        ("entropy balancing", "ATE", {"method": "entropy"}),
        ("standardised", "ATE", {"estimator": "g_computation"}),
        ("doubly robust", "ATE", {"estimator": "doubly_robust"}),
    ):

        def together(rows: pd.DataFrame, options: Any = options) -> Interval:
            found = compare_several_groups(rows, against="a", confounders=["age", "severe"], **asked, **options)
            return _row(found.estimates, "difference", "c", "b")

        yield f"{name}, {target}{' of c' if target == 'ATT' else ''}", float(of[target]), together


VISITS = ["w1", "w2", "w3"]


def courses(n: int, rng: np.random.Generator, curved: bool) -> pd.DataFrame:
    """Draw outcomes at three visits; who is older is treated more often, and who has pain leaves more often.

    With `curved` the choice of the group has the square of age, which the models of the analyses do not have.
    """
    people = pd.DataFrame({"participant_id": range(n), "age": rng.normal(0, 1, n), "sex": rng.integers(0, 2, n)})
    choice = 0.7 * people["age"] - 0.4 * people["sex"] + (0.6 * (people["age"] ** 2 - 1) if curved else 0)
    people["group"] = np.where(rng.random(n) < 1 / (1 + np.exp(-choice)), "new", "old")
    level = 5 + 0.8 * people["age"] + 0.3 * people["sex"] + rng.normal(0, 1, n)
    rows, still = [], np.ones(n, dtype=bool)
    for visit, effect in zip(VISITS, (-0.5, -1.0, -1.5), strict=True):
        pain = level + effect * (people["group"] == "new") * (1 + 0.3 * people["age"]) + rng.normal(0, 1, n)
        rows.append(people.assign(visit=visit, pain=pain.where(still)))
        still &= rng.random(n) > 0.45 / (1 + np.exp(-(pain - 5.5)))
    return pd.concat(rows, ignore_index=True)


def repeated() -> Iterator[Case]:
    """Yield the difference at the last visit by each form of the repeated-measures model."""
    asked: dict[str, Any] = {"outcome": "pain", "group": "group", "treated": "new"}

    def naive(rows: pd.DataFrame) -> Interval:
        last = rows[(rows["visit"] == "w3") & rows["pain"].notna()]
        return _row(unadjusted(last, **asked), "difference", "new", "old")

    yield "naive, those who stayed", -1.5, naive
    for dropout in ("likelihood", "weighted"):
        for estimator in ("weighted", "doubly_robust", "g_computation"):

            def fitted(rows: pd.DataFrame, estimator: Any = estimator, dropout: Any = dropout) -> Interval:
                found = compare_group_courses(
                    rows, confounders=["age", "sex"], estimator=estimator, dropout=dropout, **asked
                )
                return _row(found["w3"].estimates, "difference", "new", "old")

            yield f"`estimator: {estimator}`, `dropout: {dropout}`", -1.5, fitted


def trial_and_clinic(n: int, rng: np.random.Generator, curved: bool) -> pd.DataFrame:
    """Draw a trial and, as rows of the arm "", patients of a clinic, who are older and have severe disease more often.

    With `curved` the effect has the square of age too, which the models of the outcome do not have.
    """
    age, severe = rng.uniform(-1.5, 1.5, n), rng.integers(0, 2, n).astype(float)
    older, worse = _clinic(n, rng)
    arm = rng.permutation(np.repeat(["new", "old"], n // 2))
    gain = _gain(age, severe, curved)
    y = 50 + 3 * age + 4 * severe + gain * (arm == "new") + rng.normal(0, 6, n)
    return pd.concat([
        pd.DataFrame({"arm": arm, "age": age, "severe": severe, "y": y}),
        pd.DataFrame({"arm": "", "age": older, "severe": worse, "y": np.nan}),
    ], ignore_index=True)  # fmt: skip


def _clinic(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw age, of the density exp(0.8 age) over the range of the trial, and severity of a clinic."""
    low, high = np.exp(-0.8 * 1.5), np.exp(0.8 * 1.5)
    return np.log(low + (high - low) * rng.random(n)) / 0.8, (rng.random(n) < 0.7).astype(float)


def _gain(age: np.ndarray, severe: np.ndarray, curved: bool) -> np.ndarray:
    return -4 - 2 * age - 2 * severe + (1.5 * age**2 if curved else 0)


def transported(curved: bool) -> Iterator[Case]:
    """Yield the difference of a trial, and carried to a clinic."""
    truth = float(_gain(*_clinic(2_000_000, np.random.default_rng(7)), curved).mean())
    asked: dict[str, Any] = {"outcome": "y", "treated": "new"}
    yield "naive, as in the trial", truth, lambda rows: _row(
        unadjusted(rows[rows["arm"] != ""], group="arm", **asked), "difference", "new", "old"
    )  # fmt: skip
    for estimator in ("weighted", "g_computation", "doubly_robust"):

        def carried(rows: pd.DataFrame, estimator: Any = estimator) -> Interval:
            inside = rows["arm"] != ""
            found = transport(
                rows[inside], rows.loc[~inside, ["age", "severe"]], arm="arm", covariates=["age", "severe"],
                estimator=estimator, **asked,
            )  # fmt: skip
            return _row(found.estimates, "difference", "new", "old")

        yield f"`estimator: {estimator}`".replace("g_computation", "standardised"), truth, carried


def times_of(world: World) -> Iterator[Case]:
    """Yield doubly robust restricted means with the Cox models solved for, and taken as known."""
    truth = truths(world)["ATE"]
    asked: dict[str, Any] = {"time": "y", "event": "seen", "group": "group", "treated": "new", "horizon": HORIZON}

    def stacked(rows: pd.DataFrame) -> Interval:
        found = compare_group_times(rows, confounders=CONFOUNDERS, estimator="doubly_robust", **asked)
        return _row(found.estimates, "difference_in_restricted_means", "new", "old")

    def known(rows: pd.DataFrame) -> Interval:
        with patch("coxa.causal.modelled_times.error_of_model", return_value=0.0):
            return stacked(rows)

    yield "errors of group, event and censoring", truth, stacked
    yield "Cox models taken as known", truth, known


Draw = Callable[[np.random.Generator], pd.DataFrame]


def settings() -> Iterator[tuple[str, Draw, Callable[[], Iterator[Case]]]]:
    """Yield the label of each setting, how a cohort is drawn, and what is done with it."""
    yield "Three groups of 450 participants, the difference of c and b", lambda rng: three(450, rng), three_groups
    for curved in (False, True):
        right = "model of the group wrong" if curved else "both models right"
        yield (
            f"Weighted MMRM, 300 participants at three visits, {right}",
            lambda rng, curved=curved: courses(300, rng, curved), repeated,
        )  # fmt: skip
    for curved in (False, True):
        right = "models of the outcome wrong" if curved else "models right"
        yield (
            f"Transport of a trial of 300 to a clinic of 300, {right}",
            lambda rng, curved=curved: trial_and_clinic(300, rng, curved), lambda curved=curved: transported(curved),
        )  # fmt: skip
    for label, options in (
        ("both models right", {}),
        ("model of the group wrong", {"curved_choice": True}),
        ("model of the event wrong", {"curved_outcome": True}),
        ("censoring by severity", {"leaving": True}),
    ):
        world = World(label, kind="time", **options)  # type: ignore[arg-type]
        yield (
            f"Doubly robust restricted means of 150 participants, {label}",
            lambda rng, world=world: drawn(world, 150, rng), lambda world=world: times_of(world),
        )  # fmt: skip


def measured(
    draw: Draw, cases: Callable[[], Iterator[Case]], replicates: int = REPLICATES, seed: int = 1
) -> pd.DataFrame:
    """Return bias, its Monte Carlo error and coverage of each case, in percent."""
    used = list(cases())
    found: dict[str, list[Interval]] = {name: [] for name, _, _ in used}
    for replicate in range(replicates):
        rows = draw(np.random.default_rng([seed, replicate]))
        for name, _, function in used:
            try:
                found[name].append(function(rows))
            except CoxaError:
                continue
    out = []
    for name, truth, _ in used:
        values = np.array(found[name])
        inside = (values[:, 1] <= truth) & (truth <= values[:, 2])
        out.append({
            "method": name, "truth": truth, "mean": values[:, 0].mean(), "bias": values[:, 0].mean() - truth,
            "mc_error": values[:, 0].std(ddof=1) / np.sqrt(len(values)), "coverage": 100 * inside.mean(),
            "answers": len(values),
        })  # fmt: skip
    return pd.DataFrame(out)


def page(replicates: int) -> str:
    """Return the page of all settings."""
    error = 100 * np.sqrt(0.05 * 0.95 / replicates)
    said = [
        "# Several groups, repeated measures and transport, measured\n",
        f"{replicates} data sets are simulated in each setting, with a known truth. `bias` is the mean estimate less "
        "the truth, with\nits Monte Carlo error; `coverage` the share of 95% intervals with the truth inside (Monte "
        f"Carlo error {error:.1f} points\nat 95). `answers` counts the data sets that gave a number. Written by:\n",
        f"```sh\n{COMMAND} --replicates {replicates}\n```\n",
    ]
    for label, draw, cases in settings():
        said += [f"## {label}\n"]
        said += [
            "| method | truth | mean estimate | bias (MC error) | coverage, % | answers |",
            "|---|---|---|---|---|---|",
        ]
        for row in measured(draw, cases, replicates).itertuples():
            said.append(
                f"| {row.method} | {row.truth:.3f} | {row.mean:.3f} | {row.bias:+.3f} ({row.mc_error:.3f}) | "
                f"{row.coverage:.1f} | {row.answers} |"
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
