"""What of an analysis could not be fitted, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from coxa.errors import FitError
from coxa.sentences import mid_sentence
from coxa.study.comparative import ComparativeStudy

Part = Literal["", "subgroup", "modifier", "arm", "visit"]


@dataclass(frozen=True, slots=True)
class NotFitted:
    """Why an analysis of the plan, or a part of one, has no numbers, and what can be done about it, most likely first.

    message  : the fault, with the analysis
    remedies : instructions
    part     : what was not fitted: all of the analysis (empty), a subgroup, a modifier, the comparison of an arm, or
               that at a visit; the rest of the analysis has its numbers
    name     : of that covariate, arm or visit

    Examples
    --------
    >>> NotFitted("no structure has a proven optimum", ("declare a simpler covariance",)).remedies
    ('declare a simpler covariance',)
    """

    message: str
    remedies: tuple[str, ...] = ()
    part: Part = ""
    name: str = ""


def part_not_fitted(analysis: str, part: Part, name: str, error: FitError) -> NotFitted:
    """Return the record of a part of an analysis, with a first remedy that lets the plan run without a finding."""
    message = error.message.removeprefix(f"analysis {analysis}: ")
    first = {
        "subgroup": (f"Take {name} out of `subgroups`, or what it repeats out of `adjust`.",),
        "modifier": (f"Take {name} out of `modifiers`.",),
    }.get(part, ())
    named = {"arm": f"arm {name}", "visit": name, "subgroup": f"subgroups by {name}", "modifier": f"effect over {name}"}
    remedies = (*first, *(one for one in error.remedies if one not in first))
    return NotFitted(f"analysis {analysis}, {named[part]}: {message}", remedies, part, name)


def part_words(study: ComparativeStudy, analysis: str, why: NotFitted) -> str:
    """Return what of an analysis was not fitted, to be read before "could not be fitted"."""
    label = study.planned(analysis).label
    match why.part:
        case "subgroup":
            return f"{label}: subgroups by {mid_sentence(study.label('covariates', why.name))}"
        case "modifier":
            return f"{label}: the effect over {mid_sentence(study.label('covariates', why.name))}"
        case "arm":
            against = mid_sentence(study.label("arms", study.planned(analysis).against))
            return f"{label}: the comparison of {mid_sentence(study.label('arms', why.name))} with {against}"
        case "visit":
            return f"{label}: the comparison at {study.label('visits', why.name)}"
        case _:
            return label


def reason(why: NotFitted) -> str:
    """Return why a part was not fitted, without the name of its analysis."""
    return why.message.partition(": ")[2] if why.message.startswith("analysis ") else why.message
