"""Files that `report:` names: a meta-analysis, which has to be sound, and the truth of a simulated trial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coxa.errors import CoxaError, PlanError
from coxa.findings import Finding
from coxa.study.plan import Study
from coxa.study.pool.read import read_pool

KEYS = ("evidence", "truth")


def evidence_path(study: Study) -> Path | None:
    """Return where the plan of `report: evidence:` is; None where a plan names none."""
    return named_path(study, "evidence")


def named_path(study: Study, key: str) -> Path | None:
    """Return where the file is that a key of `report:` names; None where a plan names none."""
    named = getattr(study.report, key, None)
    if named is None:
        return None
    return Path(study.origin.folder if study.origin else ".") / str(named)


def evidence_findings(study: Study) -> Iterator[Finding]:
    """Yield an error where a file of `report:` is not there, or the meta-analysis has faults."""
    for key in KEYS:
        path, at = named_path(study, key), ("report", key)
        if path is None:
            continue
        origin = study.origin
        place, row = (origin.name, origin.line(*at)) if origin else ("plan", None)
        field = ".".join(at)
        if not path.is_file():
            rule = f"there is no file {path.name} in the folder of the plan"
            yield Finding("error", place, rule, f"Correct `report: {key}:`, or leave it out.", row=row, field=field)
        elif key == "evidence":
            try:
                read_pool(path)
            except (PlanError, CoxaError, OSError) as error:
                rule = f"the meta-analysis {path.name} has faults"
                yield Finding("error", place, rule, f"Run `coxa pool {path.name}`: {error}", row=row, field=field)
