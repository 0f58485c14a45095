"""The runners: who they are, what they are allocated to, and how they differ for good."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.seeds import generator
from synthetic_data.runner_diary.simulator.design import ARMS, THERAPISTS, RunnerDesign

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ENROLMENT_DAYS = 200
BLOCK = 2 * len(ARMS)
"""Participants in a block of the allocation, where the number of participants allows it."""


@dataclass(frozen=True, slots=True)
class Runners:
    """Participants in order of enrolment; every field has length n, `therapist_effect` that of the therapists.

    arm              : place in `ARMS`
    therapist        : who treats, or would treat, the participant in the retraining arm
    entry            : day of randomisation, counted from the first possible one
    level, slope     : deviation of pain at randomisation, and of its change per week
    train_share, minutes, exertion, sleep : how the participant trains and sleeps on average
    done             : share of the prescribed sets that the participant does
    therapist_effect : what each therapist adds to the pain of the participants treated
    """

    arm: Integers
    therapist: Integers
    entry: Integers
    age: Floats
    female: NDArray[np.bool_]
    level: Floats
    slope: Floats
    train_share: Floats
    minutes: Floats
    exertion: Floats
    sleep: Floats
    done: Floats
    therapist_effect: Floats

    def __len__(self) -> int:
        return len(self.arm)


def draw_runners(design: RunnerDesign, n_per_arm: int, seed: int) -> Runners:
    """Draw the participants of a study with `n_per_arm` participants in each arm."""
    n, pain, days = n_per_arm * len(ARMS), design.pain, design.days
    rng, traits = generator("runners", seed), generator("traits", seed)
    level = traits.standard_normal(n)
    slope = pain.person_slope * level + np.sqrt(1.0 - pain.person_slope**2) * traits.standard_normal(n)
    return Runners(
        arm=draw_blocks(generator("allocation", seed), n_per_arm),
        therapist=generator("therapist", seed).permutation(np.arange(n) % THERAPISTS),
        entry=np.sort(rng.integers(0, ENROLMENT_DAYS, n)),
        age=np.clip(rng.normal(34.0, 8.0, n), 18, 60).round(),
        female=rng.random(n) < 0.5,
        level=pain.person_sd * level,
        slope=pain.slope_sd * slope,
        train_share=draw_shares(traits, days.train_share, days.train_spread, n),
        minutes=days.minutes * np.exp(days.minutes_log_sd[0] * traits.standard_normal(n)),
        exertion=days.exertion + days.exertion_sd[0] * traits.standard_normal(n),
        sleep=days.sleep_usual + days.sleep_sd[0] * traits.standard_normal(n),
        done=draw_shares(generator("adherence", seed), design.exercises.done, design.exercises.done_spread, n),
        therapist_effect=pain.therapist_sd * generator("therapists", seed).standard_normal(THERAPISTS),
    )


def draw_blocks(rng: np.random.Generator, n_per_arm: int) -> Integers:
    """Draw (n,) arms in random blocks; arms come out equally large."""
    every = np.arange(n_per_arm * len(ARMS)) % len(ARMS)
    blocks = [rng.permutation(every[start : start + BLOCK]) for start in range(0, len(every), BLOCK)]
    return np.concatenate(blocks) if blocks else every


def draw_shares(rng: np.random.Generator, mean: float, spread: float, n: int) -> Floats:
    """Draw (n,) personal shares: beta with this mean; `spread` is the sum of its parameters."""
    return rng.beta(mean * spread, (1.0 - mean) * spread, n)
