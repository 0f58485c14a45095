"""Read the plan of an audit: every fault at once, each with its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coxa.arguments import PATH, kinds
from coxa.study.audit.plan import AuditPlan
from coxa.study.kinds import kind_of
from coxa.study.plan import Study
from coxa.study.reading.read import bytes_of, parse


@kinds(path=PATH)
def read_audit(path: str | Path) -> AuditPlan:
    """Read and check the plan of an audit.

    Parameters
    ----------
    path
        A YAML 1.2 file.

    Returns
    -------
    AuditPlan
        The checked plan; `plan.origin` has the file's name, hash and lines.

    Raises
    ------
    PlanError
        With one finding per fault: line, key, what was expected, the nearest match.
    OSError
        If there is no file, or it cannot be opened.

    Examples
    --------
    >>> text = "audit: tiny, title: Tiny, data: {file: episodes.csv}, outcomes: {pain: {instrument: nprs}}"
    >>> _ = Path("audit.yaml").write_text("{" + text + "}", encoding="utf-8")
    >>> read_audit("audit.yaml").main
    'pain'
    """
    path = Path(path)
    return parse(bytes_of(path), path.name, str(path.resolve().parent), lambda _: AuditPlan)


@kinds(path=PATH)
def read_plan(path: str | Path) -> Study | AuditPlan:
    """Read and check a plan of either kind: of an audit where it has the key `audit` and no `study`, else of a study.

    Parameters
    ----------
    path
        A YAML 1.2 file.

    Returns
    -------
    Study or AuditPlan
        The checked plan.

    Raises
    ------
    PlanError
        With one finding per fault.

    Examples
    --------
    >>> text = "audit: tiny, title: Tiny, data: {file: episodes.csv}, outcomes: {pain: {instrument: nprs}}"
    >>> _ = Path("plan.yaml").write_text("{" + text + "}", encoding="utf-8")
    >>> type(read_plan("plan.yaml")).__name__
    'AuditPlan'
    """
    path = Path(path)
    return parse_plan(bytes_of(path), path.name, str(path.resolve().parent))


def parse_plan(raw: bytes, name: str, folder: str) -> Study | AuditPlan:
    """Check the bytes of a plan of either kind; see `read_plan`."""

    def kind(keys: Mapping[Any, Any]) -> type[Any]:
        return AuditPlan if "audit" in keys and "study" not in keys else kind_of(keys)

    plan: Study | AuditPlan = parse(raw, name, folder, kind)
    return plan
