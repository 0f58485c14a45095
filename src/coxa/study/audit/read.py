"""Read the plan of an audit: every fault at once, each with its line."""

from __future__ import annotations

from pathlib import Path

from coxa.arguments import PATH, kinds
from coxa.study.audit.plan import AuditPlan
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
