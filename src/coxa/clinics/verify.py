"""Run an audit again and compare it with what was handed over, number by number."""

from __future__ import annotations

import json
from pathlib import Path

from coxa.clinics.provenance import run_record
from coxa.clinics.publishing.earlier import read_counts
from coxa.clinics.publishing.published import publish
from coxa.clinics.run import audit_clinics
from coxa.clinics.write import INPUTS, numbers, published_page
from coxa.files import undamaged
from coxa.report.trace.compare import TOLERANCE
from coxa.report.trace.kept import Kept, read_kept
from coxa.report.trace.verify import Verified, plan_of, verified


def verify_audit(
    folder: Path, data: Path | None = None, tolerance: float = TOLERANCE, earlier: Path | None = None
) -> Verified:
    """Run the plan of an audit again on its data and compare number by number; see `coxa.report.trace.verify.verify`.

    Parameters
    ----------
    folder
        Of the audit, or a file in it.
    data
        Where the data are, if not where they were.
    tolerance
        Relative difference that is still the same number.
    earlier
        The earlier audit that the counts were protected against, where there was one.
    """
    kept = read_kept(folder)
    plan, used = _inputs(kept)
    audit = audit_clinics(plan, data or used)
    published = publish(audit, earlier=[read_counts(earlier)] if earlier else [])
    document = published_page(published)
    return verified(kept, run_record(audit), document, numbers(audit, published, document), tolerance)


def _inputs(kept: Kept) -> tuple[Path, Path | None]:
    """Return where plan and data are: from the folder for the own eyes, or else the plan by its name."""
    file = kept.folder / INPUTS
    if not file.is_file():
        return plan_of(kept), None
    with undamaged(file, "Make the audit again with `coxa audit`."):
        told = json.loads(file.read_text(encoding="utf-8"))
        plan, data = told["plan"], told["data"]
    path = kept.folder / plan if plan else None
    return path if path and path.is_file() else plan_of(kept), kept.folder / data if data else None
