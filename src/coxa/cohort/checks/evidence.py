"""The plan of the meta-analysis that a report shows its result among: there before anything is analysed, and sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coxa.errors import CoxaError, PlanError
from coxa.findings import Finding
from coxa.study.plan import Study
from coxa.study.pool.read import read_pool

AT = ("report", "evidence")


def evidence_path(study: Study) -> Path | None:
    """Return where the plan of `report: evidence:` is; None where a plan names none."""
    named = getattr(study.report, "evidence", None)
    if named is None:
        return None
    return Path(study.origin.folder if study.origin else ".") / str(named)


def evidence_findings(study: Study) -> Iterator[Finding]:
    """Yield an error where the meta-analysis of `report: evidence:` is not there, or has faults."""
    path = evidence_path(study)
    if path is None:
        return
    origin = study.origin
    place, row = (origin.name, origin.line(*AT)) if origin else ("plan", None)
    field = ".".join(AT)
    if not path.is_file():
        rule = f"there is no file {path.name} in the folder of the plan"
        yield Finding("error", place, rule, "Correct `report: evidence:`, or leave it out.", row=row, field=field)
        return
    try:
        read_pool(path)
    except (PlanError, CoxaError, OSError) as error:
        rule = f"the meta-analysis {path.name} has faults"
        yield Finding("error", place, rule, f"Run `coxa pool {path.name}`: {error}", row=row, field=field)
