"""The participants: who they are, where they are treated, and what they were allocated to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.seeds import generator
from synthetic_data.hip_oa_trial.simulator.design import ARMS, SITES, HipOADesign

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LIMIT = 2.2
"""Standardised covariates are cut here, so that nobody is 25 or 110 years old."""

ENROLMENT_DAYS = 420
THERAPISTS_PER_SITE = 3


@dataclass(frozen=True, slots=True)
class People:
    """Participants in order of enrolment; every field has length n.

    arm, site, therapist : places in `ARMS` and `SITES`, and number of the therapist at the site
    entry                : day of randomisation, counted from the first possible one
    shift                : what the covariates add to every outcome, in standard deviations, improvement positive
    declines             : would not start an active treatment
    """

    arm: Integers
    site: Integers
    therapist: Integers
    entry: Integers
    age: Floats
    female: NDArray[np.bool_]
    bmi: Floats
    duration: Floats
    shift: Floats
    declines: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.arm)


def draw_people(design: HipOADesign, n_per_arm: int, seed: int) -> People:
    """Draw the participants of a trial with `n_per_arm` participants in each arm."""
    n = n_per_arm * len(ARMS)
    site, arm = draw_allocation(generator("allocation", seed), n_per_arm, design.site_shares)
    rng = generator("participants", seed)
    z = np.clip(rng.standard_normal((3, n)), -LIMIT, LIMIT)
    female = rng.random(n) < design.female_share
    site_effect = np.asarray(design.sites)
    shift = (
        design.age * z[0]
        + design.bmi * z[1]
        + design.log_duration * z[2]
        + design.female * (female - design.female_share)
        + site_effect[site]
        - site_effect @ np.asarray(design.site_shares)
    )
    return People(
        arm=arm,
        site=site,
        therapist=rng.integers(1, THERAPISTS_PER_SITE + 1, n),
        entry=np.sort(rng.integers(0, ENROLMENT_DAYS, n)),
        age=np.round(62.0 + 8.5 * z[0]),
        female=female,
        bmi=np.round(28.0 + 4.2 * z[1], 1),
        duration=np.round(np.exp(np.log(30.0) + 0.8 * z[2])),
        shift=shift,
        declines=rng.random(n) < design.declined,
    )


def draw_allocation(
    rng: np.random.Generator, n_per_arm: int, site_shares: tuple[float, ...]
) -> tuple[Integers, Integers]:
    """Draw sites, and arms in random blocks of three within each site; arms come out equally large.

    Returns
    -------
    site, arm : (n,) arrays
        Places in `SITES` and `ARMS`, in order of enrolment.
    """
    blocks = rng.choice(len(SITES), size=n_per_arm, p=site_shares)
    site = rng.permutation(np.repeat(blocks, len(ARMS)))
    arm = np.empty(len(site), dtype=np.int64)
    for place in range(len(SITES)):
        here = np.flatnonzero(site == place)
        orders = [rng.permutation(len(ARMS)) for _ in range(len(here) // len(ARMS))]
        arm[here] = np.concatenate(orders) if orders else 0
    return site, arm
