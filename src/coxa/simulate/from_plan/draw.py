"""Draw trials as arrays, fast enough to draw thousands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.allocation.draw import draw
from coxa.allocation.planned import planned_scheme
from coxa.allocation.schemes import Cluster, Scheme, factors_of, ratio_of
from coxa.arguments import WHOLE, kinds
from coxa.simulate.from_plan.clusters import ClusterDesign, sizes, spread_out
from coxa.simulate.from_plan.confounding import confounded
from coxa.simulate.from_plan.design import DESIGN, TrialDesign, check_seed
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.follow import follow
from coxa.simulate.from_plan.mix import draw_mix
from coxa.simulate.from_plan.numbers import divide
from coxa.simulate.seeds import generator

Integers = NDArray[np.intp]
BLOCKS = 2
"""Without a scheme: a block has the arms' shares so many times."""


@dataclass(frozen=True, slots=True)
class Allocated:
    """Arms of the participants of a trial, in the order of enrolment.

    arm      : (n,) places in `TrialDesign.arms`
    clusters : factor -> (n,) cluster, where clusters were randomised
    """

    arm: Integers
    clusters: Mapping[str, Integers] = field(default_factory=dict)


def allocate(
    design: TrialDesign, covariates: Sequence[Mapping[str, NDArray[Any]]], seeds: Sequence[int]
) -> list[Allocated]:
    """Allocate the participants of some trials of one plan.

    Parameters
    ----------
    design
        The trial.
    covariates
        Of each trial: codes of the levels, (n,) by name.
    seeds
        Of each trial; its allocation does not depend on the others.

    Notes
    -----
    By the scheme of the plan's `randomisation`, through the lines that draw a trial's list (`coxa.allocation.draw`):
    how many there are in each arm is up to it. Without a scheme the arms have exactly the numbers of the design; so
    they have where these are not in the ratio of the scheme, as those of a trial that is over, and where the
    clusters that it randomises are not simulated. Clusters that are randomised are all taken to be alike.
    """
    if design.assumptions.confounding:
        return [
            Allocated(confounded(design, values, generator("groups", seed)))
            for values, seed in zip(covariates, seeds, strict=True)
        ]
    scheme = scheme_followed(design)
    if scheme is None:
        return [Allocated(in_numbers(design, generator("allocation", seed))) for seed in seeds]
    place = np.array([design.arms.index(arm) for arm in ratio_of(scheme)])
    factors = tuple(factors_of(scheme))
    clusters = randomised_clusters(design) if isinstance(scheme, Cluster) else None
    units = design.n if clusters is None else clusters.total({})
    levels = np.zeros((len(seeds), units, len(factors)), dtype=np.intp)
    if clusters is None:
        for k, name in enumerate(factors):
            levels[:, :, k] = [each[name] for each in covariates]
    uniforms = np.stack([generator("allocation", seed).random((units, 2)) for seed in seeds])
    arms = place[draw(scheme, levels, uniforms).arms]
    if clusters is None:
        return [Allocated(arm) for arm in arms]
    return [_with_clusters(design, clusters, arm, seed) for arm, seed in zip(arms, seeds, strict=True)]


def scheme_followed(design: TrialDesign) -> Scheme | None:
    """Return the scheme that allocates; None where the arms have exactly the numbers of the design."""
    part = design.study.allocation
    if part is None or (part.cluster is not None and randomised_clusters(design) is None):
        return None
    shares = part.shares(design.study.arms)
    in_ratio = divide(design.n, [shares[arm] for arm in design.arms])
    return planned_scheme(design.study) if design.numbers.tolist() == in_ratio else None


def randomised_clusters(design: TrialDesign) -> ClusterDesign | None:
    """Return the clusters that are allocated in whole: those of which each arm has its own."""
    own = [factor for factor in design.clusters if factor.own_per_arm and not factor.within and factor.arms.all()]
    return own[0] if len(own) == 1 else None


def _with_clusters(design: TrialDesign, factor: ClusterDesign, arms: Integers, seed: int) -> Allocated:
    """Divide the participants among clusters, which have their arms already."""
    rng = generator(f"members of {factor.name}", seed)
    code = spread_out(rng, design.n, sizes(rng, factor, len(arms)))[rng.permutation(design.n)]
    return Allocated(arms[code], {factor.name: code})


def in_numbers(design: TrialDesign, rng: np.random.Generator) -> Integers:
    """Return (n,) arms, exactly as many of each as the design says, in random blocks."""
    allocated = np.empty(design.n, dtype=np.intp)
    order = rng.permutation(design.n)
    allocated[order] = blocks(rng, design.numbers)
    return allocated


def blocks(rng: np.random.Generator, numbers: Integers) -> Integers:
    """Return arms in random blocks, each arm as often as `numbers` (a,) says.

    Examples
    --------
    >>> arms = blocks(np.random.default_rng(1), np.array([6, 6]))
    >>> np.bincount(arms[:4]).tolist(), np.bincount(arms).tolist()
    ([2, 2], [6, 6])
    """
    total = int(numbers.sum())
    size = BLOCKS * total // max(int(np.gcd.reduce(numbers)), 1)
    if size > total:
        return np.asarray(rng.permutation(np.repeat(np.arange(len(numbers)), numbers)))
    # Spread each arm evenly over the list, then shuffle within blocks.
    rank = np.concatenate([(np.arange(count) + 0.5) / count for count in numbers])
    arm = np.repeat(np.arange(len(numbers)), numbers)
    block = np.floor(rank * total / size)
    return np.asarray(arm[np.lexsort((rng.random(total), block))])


@kinds(design=DESIGN, seed=WHOLE)
def draw_outcomes(
    design: TrialDesign, seed: int, *, arm: NDArray[np.intp] | None = None, day: NDArray[np.float64] | None = None
) -> DrawnTrial:
    """Draw one trial: arms, outcomes at every visit, what is missing, covariates, clusters and events.

    Parameters
    ----------
    design
        From `trial_design`; worked out once for any number of draws.
    seed
        Not negative. The same design and seed give the same trial.
    arm
        (n,) arms as places in `design.arms`, as of an allocation list; drawn if not given, by the scheme of the plan's
        randomisation, and without one in the numbers of the design.
    day
        (n, m) study days of the visits; the planned ones if not given.

    Returns
    -------
    DrawnTrial
        `value` (n, k, m) is NaN where a value is missing.

    Raises
    ------
    OptionError
        A negative seed.

    Examples
    --------
    >>> import coxa
    >>> design = coxa.simulate.trial_design(coxa.preset("moa-2013"), 40)
    >>> first, second = draw_outcomes(design, 1), draw_outcomes(design, 1)
    >>> np.array_equal(first.value, second.value, equal_nan=True)
    True
    """
    check_seed(seed)
    n = design.n if arm is None else len(arm)
    mix = draw_mix(design.mix, n, len(design.outcomes), seed)
    given = allocate(design, [mix[0]], [seed])[0] if arm is None else Allocated(np.asarray(arm, dtype=np.intp))
    return follow(design, given.arm, seed, day=day, covariates=mix, clusters=given.clusters)


def draw_trials(designs: Sequence[TrialDesign], seeds: Sequence[int]) -> list[DrawnTrial]:
    """Draw trials of one plan, each the one that `draw_outcomes` draws from its design and seed.

    The designs differ in their means at most; all trials are allocated together.
    """
    first = designs[0]
    mixes = [draw_mix(first.mix, first.n, len(first.outcomes), seed) for seed in seeds]
    given = allocate(first, [mix[0] for mix in mixes], seeds)
    return [
        follow(design, each.arm, seed, covariates=mix, clusters=each.clusters)
        for design, seed, mix, each in zip(designs, seeds, mixes, given, strict=True)
    ]
