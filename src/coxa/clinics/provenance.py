"""Where the numbers of an audit are from: plan, data and models, as plain data that names nobody."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from coxa.clinics.audit import Audit
from coxa.report.record import RunRecord
from coxa.report.trace.identity import data_hash
from coxa.version import __version__

PACKAGES = ("duckdb", "numpy", "pandas", "scipy", "statsmodels")


def run_record(audit: Audit) -> RunRecord:
    """Return hashes of plan and data, and the versions that ran."""
    origin = audit.plan.origin
    versions = {"coxa": __version__, **{name: version(name) for name in PACKAGES}}
    hashes = {source.name: source.sha256 for source in audit.sources}
    return RunRecord(audit.plan.audit, origin.sha256 if origin else "", hashes, versions)


def provenance(audit: Audit) -> dict[str, Any]:
    """Return what is behind the numbers of an audit, for `results.json`.

    Returns
    -------
    dict
        `audit`, `plan` with its hash and its content but for the data, `data` with hashes, `versions`, and for each
        outcome its model under `analyses` and `models`; `estimands` is empty, as an audit estimates none.
    """
    run, origin = run_record(audit), audit.plan.origin
    models = {name: found for name, found in audit.case_mix.items() if not found.without}
    line = {name: origin.line("outcomes", name) if origin else None for name in models}
    return {
        "audit": audit.plan.audit,
        "plan": {
            "file": origin.name if origin else "",
            "sha256": run.plan_sha256,
            "content": audit.plan.model_dump(mode="json", exclude={"data"}, exclude_defaults=True),
        },
        "data": {"files": dict(run.data_sha256), "sha256": data_hash(run.data_sha256)},
        "versions": dict(run.versions),
        "estimands": {},
        "analyses": {name: {"estimand": "", "plan_line": line[name], "model": "case mix"} for name in models},
        "models": {
            name: {"analysis": name, "call": found.method, "rows": None, "left_out": [], "tried": [], "warnings": []}
            for name, found in models.items()
        },
    }
