"""Case mix by arm or group: conditions and risk factors, described and not tested."""

from __future__ import annotations

from coxa.derive.case_mix import derive_case_mix, derive_risk_factors
from coxa.report.document import Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.case_mix.conditions import conditions_table
from coxa.report.topics.case_mix.risk_factors import risk_factors_table
from coxa.study import Study


def case_mix_section(report: ReportRecord[Study]) -> Section | None:
    """Return the conditions of the participants and their risk factors; None where neither was recorded."""
    study, tables = report.study, []
    if mix := derive_case_mix(report.cohort):
        tables.append(conditions_table(study, mix))
    factors = derive_risk_factors(report.cohort)
    if factors is not None:
        tables.append(risk_factors_table(study, factors))
    return Section("case-mix", "Case mix", tuple(map(TableBlock, tables))) if tables else None
