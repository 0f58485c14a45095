"""What was planted in a registry, and what follows from it without any sampling error of outcomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from coxa.cards import Carded
from coxa.simulate.registry.block import Block
from coxa.simulate.registry.outcomes import expected_change, mean_by_effect
from coxa.simulate.registry.units import Floats, Units
from coxa.study.audit.assumptions import RegistryAssumptions

STANDARD = 20_000
"""Episodes, the first of the registry, whose case mix is the standard."""


@dataclass(frozen=True, slots=True, repr=False)
class RegistryTruth(Carded):
    """The truth of a simulated registry. Change is improvement in pain: positive is better.

    clinics     : one row per clinic: clinic, planted (outlier, improvement or empty), effect (points that it adds),
                  effect_with_therapists (and its therapists, by their shares), better_from, better_by, n (episodes that
                  are due), change (mean of its own patients, before any are lost), case_mix (that of its patients in a
                  clinic without an effect), standardised (mean of all the registry's patients, had they been treated
                  there), complete (expected share of discharge questionnaires in time, of those due)
    therapists  : clinic, therapist, effect, share
    change      : mean change of all episodes that are due, before any are lost
    complete    : expected share of discharge questionnaires in time, of those due
    planted     : the assumptions: coefficients of the case mix, variances, the model of who is lost
    how         : how the values were obtained, in a sentence

    Examples
    --------
    >>> import coxa
    >>> assumed = coxa.study.RegistryAssumptions()
    >>> truth = coxa.simulate.simulate_registry(assumed, seed=1, episodes=2000).truth
    >>> truth.clinics.query("planted != ''")[["clinic", "planted", "effect"]].round(2)
          clinic             planted  effect
    2  Clinic 03              better    1.00
    5  Clinic 06  better from a date   -0.08
    8  Clinic 09               worse   -1.00
    """

    clinics: pd.DataFrame
    therapists: pd.DataFrame
    change: float
    complete: float
    planted: Mapping[str, Any]
    how: str

    def to_json(self) -> str:
        """Return everything as JSON, in a fixed order, numbers with six decimals."""
        held = {
            "how": self.how,
            "change": round(self.change, 6),
            "complete": round(self.complete, 6),
            "clinics": _records(self.clinics),
            "therapists": _records(self.therapists),
            "planted": self.planted,
        }
        return json.dumps(held, indent=1, ensure_ascii=False) + "\n"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): round(value, 6) if isinstance(value, float) else value for key, value in row.items() if value != ""}
        for row in frame.astype(object).to_dict("records")
    ]


@dataclass(slots=True)
class Sums:
    """Sums over the blocks of a registry, by clinic, and the episodes whose case mix is the standard."""

    n: Floats
    change: Floats
    case_mix: Floats
    due: Floats
    done: Floats
    better: Floats
    pain: list[Floats] = field(default_factory=list)
    planned: list[Floats] = field(default_factory=list)

    @classmethod
    def of(cls, units: Units) -> Sums:
        """Return sums of nothing."""
        return cls(*np.zeros((6, len(units.clinics))))

    def add(self, assumed: RegistryAssumptions, drawn: Block) -> None:
        """Add the episodes of a block that are eligible and due; outcomes are of those with an intake questionnaire."""
        people, course, care, returned = drawn.people, drawn.course, drawn.care, drawn.returned
        due = care.eligible & returned.due
        seen = due & care.intake
        pain, planned, effect = course.pain_intake[seen], course.planned[seen], course.effect[seen]

        def by_clinic(rows: Any, values: Any = None) -> Floats:
            return np.bincount(people.clinic[rows], values, minlength=len(self.n)).astype(float)

        self.n += by_clinic(seen)
        self.change += by_clinic(seen, expected_change(assumed, pain, planned + effect))
        self.case_mix += by_clinic(seen, expected_change(assumed, pain, planned))
        self.due += by_clinic(due)
        asked = due & care.asked
        self.done += by_clinic(asked, (1 - assumed.lost.late) * returned.chance[asked])
        if assumed.better_from is not None:
            start = (assumed.better_from.start - assumed.start).days
            self.better += by_clinic(seen & (drawn.stays.intake >= start))
        room = STANDARD - sum(map(len, self.pain))
        if room > 0:
            self.pain.append(pain[:room])
            self.planned.append(planned[:room])


def truth_of(assumed: RegistryAssumptions, units: Units, sums: Sums) -> RegistryTruth:
    """Return the truth of a registry from the sums over its blocks."""
    therapists = pd.DataFrame(
        {
            "clinic": np.array(units.clinics)[units.clinic_of],
            "therapist": units.therapists,
            "effect": units.therapist_effect,
            "share": units.share,
        }
    )
    return RegistryTruth(
        _clinics(assumed, units, sums),
        therapists,
        float(sums.change.sum() / max(sums.n.sum(), 1)),
        float(sums.done.sum() / max(sums.due.sum(), 1)),
        assumed.model_dump(mode="json", exclude=None if assumed.red_flags else {"red_flags"}),
        "Effects are as planted; mean changes are exact expectations of whole numbers cut at the ends of the scale, "
        "given the patients; completeness is expected given the patients and their outcomes",
    )


def _clinics(assumed: RegistryAssumptions, units: Units, sums: Sums) -> pd.DataFrame:
    """Return the truth of each clinic."""
    gain = np.zeros(len(units.clinics))
    if assumed.better_from is not None:
        gain[assumed.better_from.clinic - 1] = assumed.better_from.effect
    weight = units.share / units.clinic_share[units.clinic_of]
    effect = units.clinic_effect[units.clinic_of] + units.therapist_effect
    n = np.maximum(sums.n, 1)
    return pd.DataFrame(
        {
            "clinic": units.clinics,
            "planted": _planted(assumed),
            "effect": units.clinic_effect,
            "effect_with_therapists": np.bincount(units.clinic_of, weight * effect),
            "better_from": _from(assumed),
            "better_by": gain,
            "n": sums.n.astype(int),
            "change": sums.change / n,
            "case_mix": sums.case_mix / n,
            "standardised": np.bincount(units.clinic_of, weight * _standardised(assumed, units, sums, effect, gain)),
            "complete": sums.done / np.maximum(sums.due, 1),
        }
    )


def _standardised(assumed: RegistryAssumptions, units: Units, sums: Sums, effect: Floats, gain: Floats) -> Floats:
    """Return (T,) mean change of all the registry's patients, had they been treated by each therapist.

    A clinic that gets better counts as it was before and after, by its episodes in either time.
    """
    pain, planned = np.concatenate(sums.pain), np.concatenate(sums.planned)
    better = effect + gain[units.clinic_of]
    every = np.concatenate([effect, better])
    mean = mean_by_effect(assumed, pain, planned, float(every.min()), float(every.max()))
    later = (sums.better / np.maximum(sums.n, 1))[units.clinic_of]
    return np.asarray((1 - later) * mean(effect) + later * mean(better))


def _from(assumed: RegistryAssumptions) -> list[str]:
    days = [""] * assumed.clinics
    if assumed.better_from is not None:
        days[assumed.better_from.clinic - 1] = str(assumed.better_from.start)
    return days


def _planted(assumed: RegistryAssumptions) -> list[str]:
    words = [""] * assumed.clinics
    for one in assumed.outliers:
        words[one.clinic - 1] = "better" if one.effect > 0 else "worse"
    if assumed.better_from is not None:
        words[assumed.better_from.clinic - 1] = "better from a date"
    return words
