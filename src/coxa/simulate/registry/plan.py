"""The plan that reads a simulated registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coxa.errors import OptionError
from coxa.simulate.registry.care import WINDOW
from coxa.simulate.registry.patients import ETHNICITIES, export_day
from coxa.study.audit.assumptions import RegistryAssumptions
from coxa.study.audit.plan import AuditOutcome, AuditPlan, Descriptor, Standard
from coxa.study.scales import outcome_scale

FIFTHS = {"1": "1, most deprived", "2": "2", "3": "3", "4": "4", "5": "5, least deprived"}

STEPS: dict[str, dict[str, Any]] = {
    "flags_acted_on": {"label": "Red flags acted on", "met": "flag_acted_on", "among": "flag_found"},
    "referred_in_time": {"label": "Referred within 7 days", "met": "referred_in_7_days", "among": "flag_referred"},
}
"""Standards of what follows from screening for red flags, where the registry has it."""

FUNCTION_SOURCE = "Binkley, Stratford, Lott and Riddle 1999, Physical Therapy 79(4):371-383"


def registry_plan(assumed: RegistryAssumptions, *, file: str = "episodes.csv", folder: str = ".") -> AuditPlan:
    """Return the plan of an audit of a simulated registry.

    Parameters
    ----------
    assumed
        What is assumed of the registry.
    file, folder
        Where the episodes are.

    Examples
    --------
    >>> plan = registry_plan(RegistryAssumptions())
    >>> plan.main, plan.data_cut, plan.completeness_by
    ('pain', datetime.date(2025, 3, 31), ('age', 'sex', 'ethnicity', 'deprivation'))
    """
    return AuditPlan.model_validate(
        {
            "audit": "clinic-registry",
            "title": "Hip and groin pain in a simulated registry of clinics",
            "data_cut": export_day(assumed),
            "data": {"file": file, "folder": folder},
            "outcomes": _outcomes(),
            "follow_up": {"window": WINDOW},
            "descriptors": _descriptors(),
            "standards": {
                "red_flags": {"label": "Red flags asked for", "met": "red_flags_asked", "target": 0.95},
                "referral": {
                    "label": "Referral made where it was needed",
                    "met": "referral_made",
                    "among": "referral_needed",
                    "target": 0.9,
                },
                **(STEPS if assumed.red_flags else {}),
            },
            "rare_events": {"red_flags_missed": {"label": "Red flags not asked for", "standard": "red_flags"}},
            "targets": {"complete": 0.8, "attended": 0.85},
            "assumptions": assumed,
        }
    )


def simulated_by(plan: AuditPlan) -> RegistryAssumptions:
    """Return what a plan assumes of its registry, if the simulator makes all that it asks for.

    Raises
    ------
    OptionError
        The plan asks for an outcome, a descriptor or a standard that is not simulated; the message says what is.
    """
    assumed = plan.assumptions or RegistryAssumptions()
    made = registry_plan(assumed)
    absent = [
        f"{kind[:-1]} `{name}`"
        for kind, fits in (("outcomes", _same_scale), ("descriptors", _same_words), ("standards", _same_columns))
        for name, part in getattr(plan, kind).items()
        if not fits(part, getattr(made, kind), name)
    ]
    if absent:
        raise OptionError(
            f"The simulator of registries does not make {', '.join(absent)}. It makes the outcomes "
            f"{', '.join(made.outcomes)}, the descriptors {', '.join(made.descriptors)} and the standards "
            f"{', '.join(made.standards)} as in `coxa new --template audit`. Leave the others out of the plan."
        )
    return assumed


def _same_scale(part: AuditOutcome, made: Mapping[str, AuditOutcome], name: str) -> bool:
    return name in made and outcome_scale(part) == outcome_scale(made[name])


def _same_words(part: Descriptor, made: Mapping[str, Descriptor], name: str) -> bool:
    return name in made and part.type == made[name].type and set(made[name].level_labels()) <= set(part.level_labels())


def _same_columns(part: Standard, made: Mapping[str, Standard], _: str) -> bool:
    flags = {column for one in made.values() for column in (one.met, one.among)}
    return {part.met, part.among} <= flags


def _outcomes() -> dict[str, Any]:
    return {
        "pain": {
            "label": "Pain",
            "instrument": "nprs",
            "important": "published",
            "population": "chronic_pain",
            "acceptable": {"value": 3, "source": "agreed by the clinics before the audit"},
        },
        "function": {
            "label": "Function",
            "instrument": "lefs",
            "important": {"value": 9, "source": FUNCTION_SOURCE},
        },
    }


def _descriptors() -> dict[str, Any]:
    return {
        "age": {
            "label": "Age",
            "type": "number",
            "unit": "years",
            "range": (16, 110),
            "bands": (40, 60, 75),
            "completeness": True,
        },
        "sex": {"label": "Sex", "type": "category", "levels": ("female", "male"), "completeness": True},
        "duration_months": {
            "label": "Duration of symptoms",
            "type": "number",
            "unit": "months",
            "range": (0, 600),
            "summary": "median_iqr",
        },
        "previous_surgery": {"label": "Earlier surgery of the hip", "type": "category", "levels": ("no", "yes")},
        "comorbidities": {"label": "Comorbidities", "type": "number", "range": (0, 20)},
        "ethnicity": {
            "label": "Ethnicity",
            "type": "category",
            "levels": tuple(ETHNICITIES),
            "adjust": False,
            "completeness": True,
        },
        "deprivation": {
            "label": "Deprivation, in fifths",
            "type": "category",
            "levels": FIFTHS,
            "completeness": True,
        },
    }
