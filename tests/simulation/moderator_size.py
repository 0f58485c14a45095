"""Coverage of the band of a difference over a modifier, and error of shrunken effects in subgroups, by simulation.

Run as a script it writes its table to a page:

    python -m tests.simulation.moderator_size --replicates 1000 --write docs/methods/moderator-size.md
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from coxa.analyses.modifiers import modifier_estimates
from coxa.analyses.rows import SimulatedRows
from coxa.causal import curved_modifier, effect_over, shrink_subgroups
from coxa.models import fit_ancova
from coxa.simulate import TrialDesign, Truth, draw_outcomes, estimand_frame, trial_design, true_values
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study
from tests.simulation.written import write_page

PLAN = Path(__file__).parents[2] / "analyses" / "modifiers" / "study.yaml"

Curve = Callable[[np.ndarray], np.ndarray]

CURVES: dict[str, Curve] = {
    "the same at all ages": lambda age: np.full(len(age), 5.0),
    "a straight line, 0 to 10": lambda age: (age - 40) / 4,
    "level until 60, then rising": lambda age: np.maximum(age - 60, 0) / 2,
}


def one_curve(n: int, curve: Curve, rng: np.random.Generator) -> tuple[bool, bool, bool]:
    """Return whether pointwise limits and the band have the whole true curve, and whether the test rejects."""
    age = rng.uniform(40, 80, n)
    arm = np.arange(n) % 2
    d = pd.DataFrame({"participant_id": range(n), "arm": np.where(arm, "b", "a"), "age": age})
    d["y"] = 50 - 0.2 * age + arm * curve(age) + rng.normal(0, 12, n)
    curved = curved_modifier(d, "age")
    found = effect_over(fit_ancova(f"y ~ arm * {curved.term}", curved.data), curved, against="a")
    table, truth = found.table, curve(found.table["value"].to_numpy())
    point, band = (
        bool(((table[f"{name}_low"] <= truth) & (truth <= table[f"{name}_high"])).all()) for name in ("conf", "band")
    )
    return point, band, bool(found.tests["modified_p"].iloc[0] < 0.05)


SETTINGS: dict[str, dict[str, object]] = {
    "no modifier": {},
    "age, as planned: level until 60, then rising": {"age": {"exercise": {50: 0, 60: 0, 75: 9}}},
    "age, 0.4 per year": {"age": {"exercise": 0.4}},
    "baseline, -0.2 per point": {"baseline": {"exercise": -0.2}},
}
"""What is planted in the worked trial -> its `modifiers`."""


def planned_trial(modifiers: dict[str, object]) -> TrialDesign:
    """Return the trial of the worked plan, with other modifiers of its outcome."""
    held = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    held["assumptions"]["outcomes"]["pain"]["modifiers"] = modifiers
    study = parse_study(yaml.safe_dump(held, sort_keys=False).encode())
    assert isinstance(study, ComparativeStudy)
    return trial_design(study)


def one_of_plan(design: TrialDesign, truth: Truth, seed: int) -> dict[str, tuple[bool, bool, bool]]:
    """Return modifier -> whether pointwise limits and the band have the whole planted curve, and the test rejects."""
    planned = design.study.planned("primary")
    rows = SimulatedRows(estimand_frame(design, draw_outcomes(design, seed), planned.estimand_name), planned.response)
    asked = planned.analysis.option("modifiers", ())
    every = pd.concat([one.frame for name in asked for one in modifier_estimates(planned, rows, name)])
    every = every.assign(estimand=planned.estimand_name)
    every["analysis"] = planned.name + "[" + every["analysis"].astype(str) + "]"
    beside = truth.beside_curves(every)
    found = {}
    for name in asked:
        mine = beside[beside["modifier"] == name]
        point, band = (bool(mine.loc[mine["term"] == f"{kind}_at_value", "inside"].all())
                       for kind in ("difference", "band"))  # fmt: skip
        test = every[(every["term"] == "modifier_test") & every["analysis"].str.contains(f"[{name}=*]", regex=False)]
        found[name] = point, band, bool(test["p_value"].iloc[0] < 0.05)
    return found


def of_plan(replicates: int, seed: int) -> list[str]:
    """Return the lines of the trials that are drawn from the worked plan."""
    lines = []
    for setting, modifiers in SETTINGS.items():
        design = planned_trial(modifiers)
        truth = true_values(design)
        trials = [one_of_plan(design, truth, seed + k) for k in range(replicates)]
        for name in trials[0]:
            point, band, rejected = np.mean([trial[name] for trial in trials], axis=0)
            lines.append(f"| {setting} | {name} | {point:.1%} | {band:.1%} | {rejected:.1%} |")
    return lines


def subgroups(spread: float, replicates: int, seed: int, scale: float = 3.0) -> dict[str, tuple[float, float]]:
    """Return root mean squared error and coverage of effects in four subgroups: their own, pooled, shrunken.

    Standard errors are 3, 4, 5 and 6; effects are normal about 5 with a standard deviation of `spread`.
    """
    rng = np.random.default_rng([seed, round(10 * spread)])
    error = np.array([3.0, 4.0, 5.0, 6.0])
    missed: dict[str, list[np.ndarray]] = {"own": [], "pooled": [], "shrunken": []}
    inside: dict[str, list[np.ndarray]] = {"own": [], "pooled": [], "shrunken": []}
    for _ in range(replicates):
        truth = rng.normal(5, spread, 4)
        y = rng.normal(truth, error)
        found = shrink_subgroups(y, error, scale=scale).table
        mean, of_mean = (y / error**2).sum() / (1 / error**2).sum(), (1 / error**2).sum() ** -0.5
        each = {
            "own": (y, y - 1.96 * error, y + 1.96 * error),
            "pooled": (np.full(4, mean), np.full(4, mean - 1.96 * of_mean), np.full(4, mean + 1.96 * of_mean)),
            "shrunken": tuple(found[name].to_numpy() for name in ("shrunken", "conf_low", "conf_high")),
        }
        for name, (estimate, low, high) in each.items():
            missed[name].append((estimate - truth) ** 2)
            inside[name].append((low <= truth) & (truth <= high))
    return {name: (float(np.mean(missed[name]) ** 0.5), float(np.mean(inside[name]))) for name in missed}


PAGE = """# Differences over a modifier and shrunken subgroups, by simulation

{replicates:,} trials of each line. Ages are uniform from 40 to 80, the outcome has a standard deviation of 12, and the
difference between arms follows age as named. `effect_over` after an analysis of covariance with a restricted cubic
spline of 3 knots, at 21 values between the 5th and the 95th percentile. Covered: limits have the true curve at all 21
values together. Rejected: the test that the difference is the same at all values, at 5%. Standard error of 5% or 95%
by chance: {error:.1%}.

| true difference | participants | covered, limits of each value | covered, band | rejected |
|---|---|---|---|---|
{curves}

Limits of each value by itself leave out part of the curve more often than 5%; the band does not. A spline of 3 knots
cannot follow a bend exactly, which shows in large trials.

Trials of the worked plan ([analyses/modifiers](../../analyses/modifiers)): 320 participants, a score from 0 to 100 at
three visits, 10% who leave, an MMRM, and effects that are planted to change with a covariate; limits are held against
the planted curve (`truth.curves`). {planned:,} trials of each line; standard error of 5% or 95%: {planned_error:.1%}.

| planted | curve over | covered, limits of each value | covered, band | rejected |
|---|---|---|---|---|
{of_plan}

Rejections where nothing is planted are the size of the test, elsewhere its power.

Effects in four subgroups with standard errors of 3, 4, 5 and 6, normal about 5 with the spread named; {subgroups:,}
draws each, `shrink_subgroups` with `scale=3`. Error: root of the mean squared error, in points.

| spread between subgroups | error: own, pooled, shrunken | coverage of 95%: own, pooled, shrunken |
|---|---|---|
{shrunken}

Shrunken effects have a smaller error than those of subgroups by themselves where the spread is about the scale or
smaller, and unlike pooled ones keep most of their coverage where subgroups differ by more.

    python -m tests.simulation.moderator_size --replicates {replicates} --write docs/methods/moderator-size.md
"""


def page(replicates: int, seed: int = 20261201, sizes: tuple[int, ...] = (100, 400)) -> str:
    """Return the table of the docs."""
    lines = []
    for name, curve in CURVES.items():
        for n in sizes:
            rng = np.random.default_rng([seed, n])
            point, band, rejected = np.mean([one_curve(n, curve, rng) for _ in range(replicates)], axis=0)
            lines.append(f"| {name} | {n} | {point:.1%} | {band:.1%} | {rejected:.1%} |")
    shrunken = []
    draws = 5 * replicates
    for spread in (0.0, 2.0, 4.0, 8.0):
        found = subgroups(spread, draws, seed)
        errors, covered = zip(*found.values(), strict=True)
        shrunken.append(
            f"| {spread:g} | {', '.join(f'{one:.2f}' for one in errors)} | "
            f"{', '.join(f'{one:.1%}' for one in covered)} |"
        )
    error = (0.05 * 0.95 / replicates) ** 0.5
    planned = max(replicates // 2, 2)
    return PAGE.format(
        of_plan="\n".join(of_plan(planned, seed)),
        planned=planned,
        planned_error=(0.05 * 0.95 / planned) ** 0.5,
        replicates=replicates,
        error=error,
        curves="\n".join(lines),
        shrunken="\n".join(shrunken),
        subgroups=draws,
    )


if __name__ == "__main__":
    write_page(page, 1000)
