"""The value of estimands of the per-protocol and the safety set: of those who would be in the set, from a large run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coxa.errors import OptionError
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.follow import Conditions, DrawnTrial, follow
from coxa.simulate.from_plan.sets import arm_analysed, set_members
from coxa.simulate.from_plan.strategies import estimand_values

Floats = NDArray[np.float64]
Key = tuple[str, str, str]

RECORDED = Conditions(population=True)
"""The world that decides who is in a set: participants leave and have events, as a trial records them."""


def large_run_in_sets(
    design: TrialDesign, worlds: dict[str, frozenset[str]], n: int, seed: int, chunk: int
) -> dict[Key, tuple[float, float]]:
    """Return (estimand, arm, visit) -> difference and its Monte Carlo error, from n participants under every arm.

    Parameters
    ----------
    design
        The trial.
    worlds
        Estimand -> the events that do not happen in its world.
    n, seed, chunk
        Participants, seed, and how many are followed at once.

    Notes
    -----
    Who is in the set under an arm is decided by what is recorded under it; the endpoint is that of the estimand's
    world, with the same draws. The mean of an arm is over those analysed in it: in the safety set with the numbers
    in which participants are allocated as weights. With u the sum over arms of weight times endpoint where a
    participant is a member, and v that of the weights, it is mean(u) / mean(v); its error follows from the spread of
    (u - v mean(u) / mean(v)) / mean(v).
    """
    sums: dict[Key, list[tuple[Floats, Floats]]] = {}
    share = design.numbers / design.numbers.sum()
    for start in range(0, n, chunk):
        size, own = min(chunk, n - start), seed + start
        recorded = _under_each_arm(design, size, own, RECORDED)
        for world in dict.fromkeys(worlds.values()):
            followed = _under_each_arm(design, size, own, Conditions(world, everything=True, population=True))
            for name in (name for name in worlds if worlds[name] == world):
                plan = design.study.estimands[name]
                inside = np.stack([set_members(design, one, plan.population) for one in recorded])
                analysed = np.stack([arm_analysed(one, plan.population) for one in recorded])
                value = np.stack([estimand_values(design, one, name, complete=True)[0] for one in followed])
                for visit in plan.endpoint.visit:
                    at = value[:, :, design.visits.index(visit)]
                    for arm in (*plan.treatment.compare, plan.treatment.against):
                        mine = inside & (analysed == design.arms.index(arm)) & ~np.isnan(at)
                        weight = share[:, None] * mine
                        u, v = (weight * np.nan_to_num(at)).sum(axis=0), weight.sum(axis=0)
                        sums.setdefault((name, arm, visit), []).append((u, v))
    found = {}
    means = {key: _mean_of(design, key, parts) for key, parts in sums.items()}
    for name in worlds:
        plan = design.study.estimands[name]
        for visit in plan.endpoint.visit:
            other, noise_of_other = means[name, plan.treatment.against, visit]
            for arm in plan.treatment.compare:
                mean, noise = means[name, arm, visit]
                error = float((noise - noise_of_other).std(ddof=1) / np.sqrt(n))
                found[name, arm, visit] = (mean - other, error)
    return found


def _under_each_arm(design: TrialDesign, size: int, seed: int, world: Conditions) -> list[DrawnTrial]:
    """Follow the same participants under every arm."""
    return [
        follow(design, np.full(size, place, dtype=np.intp), seed, world=world) for place in range(len(design.arms))
    ]  # fmt: skip


def _mean_of(design: TrialDesign, key: Key, parts: list[tuple[Floats, Floats]]) -> tuple[float, Floats]:
    """Return the mean of an arm and (n,) what each participant adds to its error."""
    u, v = (np.concatenate([part[k] for part in parts]) for k in range(2))
    if not v.any():
        name, arm, _ = key
        words = design.study.words.sets[design.study.estimands[name].population]
        raise OptionError(
            f"none of {len(v)} simulated participants of {arm} is among the {words}, so that estimand {name} has no "
            "value; look at `per_protocol`, and at attendance and events in `assumptions`"
        )
    mean = float(u.sum() / v.sum())
    return mean, (u - mean * v) / v.mean()
