"""Clinics and therapists: how large they are, whom they see, what they add to the improvement of their patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.seeds import generator
from coxa.study.audit.assumptions import RegistryAssumptions

Floats = NDArray[np.float64]

Whole = NDArray[np.int64]

SIZE_SHAPE = 16.0
"""Shape of the gamma distribution of sizes: the coefficient of variation of clinics is about 0.27."""

MIX, INTAKE, AGE, DEPRIVATION = 25.0, 0.30, 3.0, 0.45
"""How clinics differ in their patients: concentration of the conditions, and standard deviations of mean pain at intake
(points), mean age (years) and deprivation (fifths)."""


@dataclass(frozen=True, slots=True)
class Units:
    """Clinics (C of them) and therapists (T of them), as drawn or planted.

    clinics, therapists : names
    clinic_of           : (T,) place of the therapist's clinic
    share               : (T,) share of the patients
    clinic_effect       : (C,) points of improvement that the clinic adds
    therapist_effect    : (T,) points of improvement that the therapist adds
    complete            : (C,) what the clinic adds to the log odds of a discharge questionnaire
    conditions          : (C, conditions) shares of the conditions
    intake, age, deprivation : (C,) by how much the clinic's patients differ
    diligence           : (C,) what the clinic adds to the log odds of asking and of meeting standards
    """

    clinics: tuple[str, ...]
    therapists: tuple[str, ...]
    clinic_of: Whole
    share: Floats
    clinic_effect: Floats
    therapist_effect: Floats
    complete: Floats
    conditions: Floats
    intake: Floats
    age: Floats
    deprivation: Floats
    diligence: Floats

    @property
    def clinic_share(self) -> Floats:
        """(C,) share of the patients of each clinic."""
        return np.bincount(self.clinic_of, self.share, minlength=len(self.clinics)).astype(float)


def draw_units(assumed: RegistryAssumptions, seed: int) -> Units:
    """Return the clinics and therapists of a registry; outliers have exactly the effect that is planted."""
    n, each = assumed.clinics, assumed.therapists
    clinics = tuple(f"Clinic {place:0{max(2, len(str(n)))}d}" for place in range(1, n + 1))
    width = len(str(each))
    therapists = tuple(
        f"{name.replace('Clinic ', 'C')}-T{place:0{width}d}" for name in clinics for place in range(1, each + 1)
    )
    sizes = generator("sizes of clinics", seed)
    share = np.repeat(sizes.gamma(SIZE_SHAPE, size=n), each) * sizes.gamma(SIZE_SHAPE, size=n * each)
    effects = generator("effects of clinics", seed)
    clinic_effect = assumed.variation.clinic_sd * effects.normal(size=n)
    for one in assumed.outliers:
        clinic_effect[one.clinic - 1] = one.effect
    mix = generator("case mix of clinics", seed)
    wide = assumed.variation.case_mix
    return Units(
        clinics=clinics,
        therapists=therapists,
        clinic_of=np.repeat(np.arange(n), each),
        share=share / share.sum(),
        clinic_effect=clinic_effect,
        therapist_effect=assumed.variation.therapist_sd * effects.normal(size=n * each),
        complete=assumed.lost.clinic_sd * generator("completeness of clinics", seed).normal(size=n),
        conditions=_conditions(assumed, mix, n),
        intake=wide * INTAKE * mix.normal(size=n),
        age=wide * AGE * mix.normal(size=n),
        deprivation=wide * DEPRIVATION * mix.normal(size=n),
        diligence=0.4 * generator("standards of clinics", seed).normal(size=n),
    )


def _conditions(assumed: RegistryAssumptions, rng: np.random.Generator, n: int) -> Floats:
    """Return (n, conditions) shares of the conditions, by clinic."""
    shares = np.array([one.share for one in assumed.conditions.values()])
    drawn = rng.dirichlet(np.maximum(MIX * shares, 1e-9), size=n)
    mixed = shares + min(1.0, assumed.variation.case_mix) * (drawn - shares)
    return np.asarray(mixed / mixed.sum(axis=1, keepdims=True))
