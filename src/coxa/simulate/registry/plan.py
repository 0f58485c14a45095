"""The plan that reads a simulated registry."""

from __future__ import annotations

from typing import Any

from coxa.simulate.registry.care import WINDOW
from coxa.simulate.registry.patients import ETHNICITIES, export_day
from coxa.study.audit.assumptions import RegistryAssumptions
from coxa.study.audit.plan import AuditPlan

FIFTHS = {"1": "1, most deprived", "2": "2", "3": "3", "4": "4", "5": "5, least deprived"}

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
            },
            "targets": {"complete": 0.8, "attended": 0.85},
            "assumptions": assumed,
        }
    )


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
