"""What the software has to do beyond numbers: the same bytes twice, planted effects and faults found, nothing lost."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import coxa
from coxa.errors import PlanError

PRESET, PARTICIPANTS, SEED = "moa-2013", 80, 1
"""The trial that is simulated, analysed and reported."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the software has to do.

    name   : what it is
    found  : what was seen
    passed : whether it is as it has to be
    """

    name: str
    found: str
    passed: bool


def check_operation() -> tuple[Operation, ...]:
    """Simulate, analyse and report a small trial twice, read data and a plan with planted faults; return what was seen.

    Examples
    --------
    >>> all(operation.passed for operation in check_operation())
    True
    """
    return tuple(_checked(name, run) for name, run in OPERATIONS.items())


def _checked(name: str, run: Callable[[], tuple[str, bool]]) -> Operation:
    try:
        found, passed = run()
    except Exception as error:
        found, passed = f"{type(error).__name__}: {error}", False
    return Operation(name, found, passed)


def _simulated() -> coxa.simulate.SimulatedTrial:
    return coxa.simulate_study(coxa.preset(PRESET), participants=PARTICIPANTS, truth_size=2000, seed=SEED)


def _same_bytes() -> tuple[str, bool]:
    pages = [hashlib.sha256(coxa.report.render(coxa.analyse(_simulated())).encode()).hexdigest() for _ in range(2)]
    same = pages[0] == pages[1]
    return f"SHA-256 {pages[0][:16]}… {'both times' if same else f'and {pages[1][:16]}…'}", same


def _truth_in_the_interval() -> tuple[str, bool]:
    trial = _simulated()
    report = coxa.analyse(trial)
    beside = trial.truth.beside(report.estimates.frame[report.estimates.frame["term"] == "difference"])
    inside = int(beside["inside"].sum())
    return f"{inside} of {len(beside)} planted differences are in their 95% interval", inside >= len(beside) - 1


def _fault_in_a_plan() -> tuple[str, bool]:
    from coxa.study.reading.read import parse_study

    try:
        parse_study(b"study: x\ntitle: X\narms: {a: {reference: true}, b: {}}\n")
    except PlanError as error:
        return f"refused, with {len(error.findings)} findings", len(error.findings) > 0
    return "a plan without visits was read", False


def _nothing_lost() -> tuple[str, bool]:
    trial = _simulated()
    people = trial.tables["participants"]
    broken = people.assign(arm=people["arm"].where(people.index != 0, "elsewhere"))
    cohort = coxa.read_cohort(trial.study, {**trial.tables, "participants": broken})
    named = any("elsewhere" in str(finding.value) for finding in cohort.findings.errors)
    balanced = cohort.disposition.imbalance().empty
    fault = "the planted fault is named" if named else "the planted fault is not named"
    rows = "every row is accounted for" if balanced else "rows are missing from the account"
    return f"{fault}; {rows}", named and balanced


OPERATIONS: dict[str, Callable[[], tuple[str, bool]]] = {
    "The same plan, data and seed give the same report, byte for byte": _same_bytes,
    "A planted effect is found": _truth_in_the_interval,
    "A plan with a fault is refused": _fault_in_a_plan,
    "A row with a fault is named, and every row is accounted for": _nothing_lost,
}
"""What is checked, in words, and how."""
