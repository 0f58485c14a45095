"""How a plan stands to its lock: locked or not, amended, changed; and every change as a dated deviation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from coxa.errors import LockError
from coxa.findings import Findings
from coxa.study.analysis import IDENTIFIER
from coxa.study.locking.content import Change, KeyPath, plan_changes, plan_content
from coxa.study.locking.lock import Lock, read_lock
from coxa.study.plan import Study

State = Literal["not locked", "locked", "amended", "changed"]
SHORT = 12
"""Characters of a hash that a line shows."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A change of the plan after it was locked.

    change    : key, before, after
    amendment : number of the amendment that records it, from 1; 0 where none does
    date      : day of the amendment; empty where the change is not recorded
    reason    : of the amendment; empty where the change is not recorded
    primary   : whether it concerns a primary analysis, its estimand, or what these rest on
    """

    change: Change
    amendment: int
    date: str
    reason: str
    primary: bool

    @property
    def recorded(self) -> bool:
        """Whether an amendment records it."""
        return self.amendment > 0


@dataclass(frozen=True, slots=True)
class PlanStatus:
    """Whether a plan is the one that was locked.

    lock       : the lock, where there is one
    deviations : what was changed since the plan was locked first; amendments in order, then what is not recorded

    Examples
    --------
    >>> PlanStatus().deviations
    ()
    """

    lock: Lock | None = None
    deviations: tuple[Deviation, ...] = ()

    @property
    def state(self) -> State:
        """Not locked; locked and the same; amended, and the same as its last amendment; changed without record."""
        if self.lock is None:
            return "not locked"
        if self.unrecorded:
            return "changed"
        return "amended" if len(self.lock.entries) > 1 else "locked"

    @property
    def unrecorded(self) -> tuple[Deviation, ...]:
        """The changes that no amendment records."""
        return tuple(deviation for deviation in self.deviations if not deviation.recorded)

    def as_text(self) -> str:
        """Return the status as one line.

        Examples
        --------
        >>> PlanStatus().as_text()
        'the plan is not locked'
        """
        if self.lock is None:
            return "the plan is not locked"
        entry = self.lock.last
        said = f"the plan was locked on {self.lock.first.date}"
        if len(self.lock.entries) > 1:
            said += f" and last amended on {entry.date}"
        said += f" ({entry.sha256[:SHORT]})"
        if not self.unrecorded:
            return f"{said}; unchanged since"
        primary = sum(deviation.primary for deviation in self.unrecorded)
        concerned = f" ({primary} of a primary analysis)" if primary else ""
        changes = "1 change" if len(self.unrecorded) == 1 else f"{len(self.unrecorded)} changes"
        return f"{said} and changed since: {changes} without record{concerned}"


def plan_status(study: Study) -> PlanStatus:
    """Read the lock of a plan and list what was changed since.

    Raises
    ------
    LockError
        If the lock is damaged.

    Examples
    --------
    >>> import coxa
    >>> status = plan_status(coxa.preset("moa-2013"))
    >>> status.lock is None, status.deviations
    (True, ())
    """
    held = read_lock(study)
    return PlanStatus() if held is None else PlanStatus(held, tuple(deviations(held, study)))


def deviations(held: Lock, study: Study) -> Iterator[Deviation]:
    """Yield every change of a plan since it was locked first."""
    before = held.first.plan
    for number, (entry, changes) in enumerate(held.amendments(), start=1):
        for change in changes:
            primary = concerns_primary(change.path, before, entry.plan)
            yield Deviation(change, number, entry.date, entry.reason, primary)
        before = entry.plan
    now = plan_content(study)
    for change in plan_changes(before, study):
        yield Deviation(change, 0, "", "", concerns_primary(change.path, before, now))


def require_locked(status: PlanStatus, *, otherwise: str = "") -> None:
    """Raise LockError where a plan was locked and changed without record; `otherwise` is another way to go on.

    Raises
    ------
    LockError
        With every change.
    """
    if status.lock is None or not status.unrecorded:
        return
    ways = ['Record it (`coxa lock STUDY.YAML --reason "..."`)', "undo it", *([otherwise] if otherwise else [])]
    remedy = f"{', '.join(ways[:-1])} or {ways[-1]}."
    found = (
        one.change.finding(status.lock.file, "the plan is not the one that was locked", remedy)
        for one in status.unrecorded
    )
    raise LockError(status.as_text(), Findings.of(found))


def concerns_primary(path: KeyPath, *contents: Mapping[str, Any]) -> bool:
    """Say whether a key belongs to a primary analysis, its estimand, or what these rest on, before or after.

    Parameters
    ----------
    path
        Of the key.
    contents
        Contents of the plan, from `coxa.study.locking.content.plan_content`.
    """
    places = [place for content in contents for place in _primary_places(content)]
    return any(path[: len(place)] == place[: len(path)] for place in places)


def _primary_places(content: Mapping[str, Any]) -> Iterator[KeyPath]:
    """Yield the parts that the primary analyses rest on; all arms and visits are in their models."""
    for name, analysis in content.get("analyses", {}).items():
        if analysis.get("role", "primary") != "primary":
            continue
        yield ("analyses", name)
        yield from (("arms",), ("visits",), ("intercurrent_events",), ("design",))
        yield from (("covariates", covariate) for covariate in _covariates(analysis))
        estimand = content.get("estimands", {}).get(analysis.get("estimand"), {})
        yield ("estimands", str(analysis.get("estimand")))
        yield ("outcomes", str(estimand.get("endpoint", {}).get("outcome")))
        if estimand.get("population") == "per_protocol_set":
            yield ("per_protocol",)


def _covariates(analysis: Mapping[str, Any]) -> Iterator[str]:
    for term in analysis.get("adjust", ()):
        yield from IDENTIFIER.findall(term)
    random = analysis.get("random", {})
    yield from random if isinstance(random, Mapping) else ()
    yield from analysis.get("subgroups", ())
    yield from (str(analysis[key]) for key in ("group", "weights") if key in analysis)
