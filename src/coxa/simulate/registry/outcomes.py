"""Pain and function before and after care: the model of the improvement, and what the ends of the scale leave of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import ndtr

from coxa.simulate.registry.patients import People, Stays
from coxa.simulate.registry.units import Floats, Units
from coxa.simulate.seeds import generator
from coxa.study.audit.assumptions import RegistryAssumptions

PAIN, FUNCTION = (0, 10), (0, 80)
"""Ranges of the NPRS and the LEFS."""

SHIFT, PER_POINT, FUNCTION_SD = 3.0, 3.6, 6.0
"""Improvement in function (LEFS): 3 points, 3.6 for each point of improvement in pain, and a standard deviation."""


@dataclass(frozen=True, slots=True)
class Course:
    """Outcomes of the episodes (n,), before any of them is lost. Improvement is positive.

    planned            : mean improvement in pain of such a patient in a clinic without any effect
    effect             : what clinic and therapist add to it on the day of intake
    pain_intake, pain_discharge         : NPRS, whole numbers
    function_intake, function_discharge : LEFS, whole numbers
    """

    planned: Floats
    effect: Floats
    pain_intake: Floats
    pain_discharge: Floats
    function_intake: Floats
    function_discharge: Floats

    @property
    def change(self) -> Floats:
        """Improvement in pain as the questionnaires show it."""
        return self.pain_intake - self.pain_discharge


def draw_course(
    assumed: RegistryAssumptions, units: Units, stays: Stays, people: People, seed: int, block: int
) -> Course:
    """Return the outcomes of these episodes.

    Discharge is intake less the improvement, rounded to a whole number and cut at the ends of the scale: who has little
    pain cannot improve much, and who would get worse than 10 has 10.
    """
    rng = generator(f"outcomes in block {block}", seed)
    n = len(stays.patient)
    kinds = list(assumed.conditions.values())
    before = np.array([one.intake for one in kinds])[people.condition] + units.intake[people.clinic] + people.tolerance
    before = before + 0.15 * people.comorbidities - 0.1 * (people.deprivation - 3)
    pain = _cut(before + 1.3 * rng.normal(size=n), PAIN)
    function = _cut(46 - 3.5 * (pain - 6) - 0.2 * (people.age - 55) + 8 * rng.normal(size=n), FUNCTION)
    planned = planned_improvement(assumed, people, pain)
    effect = effects(assumed, units, stays, people)
    gained = planned + effect + people.effect + assumed.improvement.residual_sd * rng.normal(size=n)
    return Course(
        planned=planned,
        effect=effect,
        pain_intake=pain,
        pain_discharge=_cut(pain - gained, PAIN),
        function_intake=function,
        function_discharge=_cut(function + SHIFT + PER_POINT * gained + FUNCTION_SD * rng.normal(size=n), FUNCTION),
    )


def planned_improvement(assumed: RegistryAssumptions, people: People, pain: Floats) -> Floats:
    """Return the mean improvement (n,) of patients with this pain at intake, in a clinic without any effect."""
    given = assumed.improvement
    return np.asarray(
        given.mean
        + np.array([one.change for one in assumed.conditions.values()])[people.condition]
        + given.per_point_of_intake * (pain - 6)
        + given.per_decade_of_age * (people.age - 55) / 10
        + given.female * people.female
        + given.per_doubling_of_duration * np.log2(people.duration / 6)
        + given.previous_surgery * people.surgery
        + given.per_comorbidity * people.comorbidities
        + given.per_fifth_of_deprivation * (people.deprivation - 3)
    )


def effects(assumed: RegistryAssumptions, units: Units, stays: Stays, people: People) -> Floats:
    """Return what clinic and therapist add (n,), with the improvement of a clinic from its date on."""
    found = units.clinic_effect[people.clinic] + units.therapist_effect[people.therapist]
    if assumed.better_from is not None:
        start = (assumed.better_from.start - assumed.start).days
        later = (people.clinic == assumed.better_from.clinic - 1) & (stays.intake >= start)
        found = found + assumed.better_from.effect * later
    return found


def expected_change(assumed: RegistryAssumptions, pain: Floats, gained: Floats) -> Floats:
    """Return the mean (n,) of the improvement as the questionnaire shows it, exactly.

    Parameters
    ----------
    assumed
        For the standard deviations of patients and episodes.
    pain
        (n,) pain at intake, whole numbers.
    gained
        (n,) mean improvement before rounding and the ends of the scale.

    Notes
    -----
    Discharge D = min(max(round(pain - gained - noise), 0), 10) has the mean of the probabilities of D >= k, k from 1
    to 10, which are normal.
    """
    spread = float(np.hypot(assumed.improvement.patient_sd, assumed.improvement.residual_sd))
    mean = pain - gained
    after = np.zeros_like(mean)
    for k in range(PAIN[0] + 1, PAIN[1] + 1):
        after += ndtr((mean - k + 0.5) / spread)
    return np.asarray(pain - after)


def mean_by_effect(
    assumed: RegistryAssumptions, pain: Floats, planned: Floats, lowest: float, highest: float
) -> CubicSpline:
    """Return the mean improvement of all these patients as a function of the effect of their clinic and therapist."""
    grid = np.linspace(lowest - 0.2, highest + 0.2, 41)
    return CubicSpline(grid, [float(expected_change(assumed, pain, planned + effect).mean()) for effect in grid])


def _cut(values: Floats, ends: tuple[int, int]) -> Floats:
    return np.clip(np.rint(values), *ends)
