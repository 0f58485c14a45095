"""What a reporting event refers to: analysis sets, groups, visits, subsets of data, terms of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coxa.derive.dataset import AnalysisDataset
from coxa.exchange.adam.crosswalk import variables_for
from coxa.exchange.adam.outcomes import analysis_flags, parameter_codes
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis

Part = dict[str, Any]

PURPOSES = {"primary": "PRIMARY OUTCOME MEASURE", "secondary": "SECONDARY OUTCOME MEASURE"}
"""Role of an analysis -> the term of the standard; the other roles are terms of coxa."""
VARIABLES = {"value": "AVAL", "change": "CHG", "percent_change": "PCHG", "responder": "CRIT1FL"}
"""Measure of an endpoint -> the variable of ADQS that holds it."""


def set_id(population: str) -> str:
    """Return the identifier of an analysis set."""
    return f"SET.{population}"


def arm_id(arm: str, reference: bool = False) -> str:
    """Return the identifier of an arm, or of the arm that others are compared with."""
    return f"{'REF' if reference else 'ARM'}.{arm}"


def condition(data: str, variable: str, value: str) -> Part:
    """Return a condition that a variable has a value."""
    return {"dataset": data, "variable": variable, "comparator": "EQ", "value": [value]}


def analysis_sets(study: ComparativeStudy) -> list[Part]:
    """Return the populations of the estimands, each by its flag of ADSL."""
    flags = {one.members: one.name for one in variables_for(study, "ADSL") if one.members}
    used = dict.fromkeys(planned.estimand.population for planned in study.planned_analyses)
    return [
        {
            "id": set_id(name),
            "label": study.words.sets[name],
            "level": 1,
            "order": order,
            "condition": condition("ADSL", flags[name], "Y"),
        }
        for order, name in enumerate(used, start=1)
    ]


def groupings(study: ComparativeStudy) -> list[Part]:
    """Return the arms, and the arms again as what others are compared with."""
    variable = "TRT01P" if study.words.allocates else "GROUP"
    kinds = {"ARM": study.words.say("{Arm}"), "REF": study.words.say("{Arm} compared with")}
    return [
        {
            "id": kind,
            "label": label,
            "groupingVariable": variable,
            "dataDriven": False,
            "groups": [
                {
                    "id": arm_id(arm, kind == "REF"),
                    "label": text,
                    "level": 1,
                    "order": order,
                    "condition": condition("ADSL", variable, text),
                }
                for order, (arm, text) in enumerate(study.groups.items(), start=1)
            ],
        }
        for kind, label in kinds.items()
    ]


def visit_grouping(study: ComparativeStudy) -> Part:
    """Return the visits as groups of rows."""
    visits = (study.baseline_visit, *study.post_visits)
    return {
        "id": "VISIT",
        "label": "Visit",
        "groupingVariable": "AVISIT",
        "dataDriven": False,
        "groups": [
            {
                "id": f"VISIT.{name}",
                "label": study.label("visits", name),
                "level": 1,
                "order": order,
                "condition": condition("ADQS", "AVISIT", study.label("visits", name)),
            }
            for order, name in enumerate(visits, start=1)
        ],
    }


def subsets(study: ComparativeStudy, datasets: Mapping[str, AnalysisDataset]) -> list[Part]:
    """Return, for each estimand, its rows of ADQS: those of its outcome that have its flag."""
    codes, flags = parameter_codes(study), analysis_flags(datasets)
    found = []
    for order, (name, flag) in enumerate(flags.items(), start=1):
        code = codes[study.estimands[name].endpoint.outcome]
        wanted = [condition("ADQS", "PARAMCD", code), condition("ADQS", flag.name, "Y")]
        clauses = [{"level": 2, "order": place, "condition": one} for place, one in enumerate(wanted, start=1)]
        found.append(
            {
                "id": f"ROWS.{name}",
                "label": study.label("estimands", name),
                "level": 1,
                "order": order,
                "compoundExpression": {"logicalOperator": "AND", "whereClauses": clauses},
            }
        )
    return found


def purpose(planned: PlannedAnalysis) -> Part:
    """Return the purpose of an analysis: a term of the standard, or one of coxa."""
    role = planned.analysis.role
    return {"controlledTerm": PURPOSES[role]} if role in PURPOSES else {"sponsorTermId": f"TERM.{role}"}


def terms(study: ComparativeStudy) -> list[Part]:
    """Return the terms that the standard does not have: roles of analyses, and the report as a web page."""
    roles = dict.fromkeys(planned.analysis.role for planned in study.planned_analyses)
    own = [role for role in roles if role not in PURPOSES]
    return [
        *_extension("AnalysisPurposeEnum", {role: f"{role.upper()} ANALYSIS" for role in own}),
        *_extension("OutputFileTypeEnum", {"html": "html"}),
    ]


def _extension(enumeration: str, words: Mapping[str, str]) -> Iterator[Part]:
    if words:
        listed = [{"id": f"TERM.{name}", "submissionValue": word} for name, word in words.items()]
        yield {"id": f"TERMS.{enumeration}", "enumeration": enumeration, "sponsorTerms": listed}
