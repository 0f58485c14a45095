"""Run an audit again and compare it with what was handed over, number by number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from coxa.clinics.page.build import build_page
from coxa.clinics.provenance import run_record
from coxa.clinics.publishing.earlier import read_counts
from coxa.clinics.publishing.published import publish
from coxa.clinics.run import audit_clinics
from coxa.clinics.write import numbers
from coxa.report.trace.compare import TOLERANCE
from coxa.report.trace.kept import read_kept
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
    audit = audit_clinics(plan_of(kept), data or kept.path("data"))
    published = publish(audit, earlier=[read_counts(earlier)] if earlier else [])
    document = replace(build_page(published), small_cells=published.certificate.k, style=audit.plan.style)
    return verified(kept, run_record(audit), document, numbers(audit, published, document), tolerance)
