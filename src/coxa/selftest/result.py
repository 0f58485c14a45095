"""What a self-test found: each number compared with that of other software, and on what it ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coxa.cards import Card, Carded
from coxa.selftest.operation import Operation

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Check:
    """One number of ours compared with that of other software.

    case       : name of the case
    quantity   : what the number is
    ours       : coxa's, on this machine
    reference  : the other software's
    software   : which, with its version
    difference : how far apart they are, in `unit`
    unit       : `relative`, `absolute`, or `standard errors` of the estimate
    tolerance  : the largest difference that passes
    note       : why they may differ; empty where they need not

    Examples
    --------
    >>> Check("ancova", "mean: df", 167.0, 167.0, "R lm", 0.0, "relative", 1e-4).passed
    True
    """

    case: str
    quantity: str
    ours: float
    reference: float
    software: str
    difference: float
    unit: str
    tolerance: float
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether the numbers are as close as they have to be; not if ours is no number."""
        return self.difference <= self.tolerance


@dataclass(frozen=True, slots=True, repr=False)
class Selftest(Carded):
    """The result of a self-test.

    checks    : every number that was compared
    left_out  : case -> why it did not run
    failed    : case -> the error that stopped it
    installed : name -> version of Python, coxa and what it builds on
    sha256    : of all files of the package, and of the reference numbers
    seconds   : case -> time that its fits took
    operation : what the software did beyond numbers; empty where only some cases were asked for

    Examples
    --------
    >>> from coxa.selftest import run_selftest
    >>> run_selftest(only=["binary_sas"]).to_frame()["passed"].tolist()
    [True, True]
    """

    checks: tuple[Check, ...]
    left_out: dict[str, str]
    failed: dict[str, str]
    installed: dict[str, str]
    sha256: dict[str, str]
    seconds: dict[str, float]
    operation: tuple[Operation, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every number passed, no case stopped, and the software did what it has to."""
        compared = bool(self.checks) and not self.failed and all(check.passed for check in self.checks)
        return compared and all(operation.passed for operation in self.operation)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per number, columns as the fields of `Check` and `passed`."""
        import pandas as pd

        rows = [
            {name: getattr(check, name) for name in Check.__dataclass_fields__} | {"passed": check.passed}
            for check in self.checks
        ]
        return pd.DataFrame(rows, columns=[*Check.__dataclass_fields__, "passed"])

    @property
    def verdict(self) -> str:
        """The result in a sentence."""
        wrong = [check for check in self.checks if not check.passed]
        if not self.checks:
            return "No number was compared."
        if self.passed:
            operation = f" All {len(self.operation)} checks of operation pass." if self.operation else ""
            return f"All {len(self.checks)} numbers agree within their tolerance.{operation}"
        stopped = f" Cases that stopped: {', '.join(self.failed)}." if self.failed else ""
        undone = sum(not operation.passed for operation in self.operation)
        others = f" Checks of operation that failed: {undone}." if undone else ""
        return f"{len(wrong)} of {len(self.checks)} numbers differ by more than their tolerance.{stopped}{others}"

    def card(self) -> Card:
        """Return what a terminal and a notebook show."""
        of_case = {case: [check for check in self.checks if check.case == case] for case in self.seconds}
        lines = [
            [case, str(len(checks)), str(sum(check.passed for check in checks))] for case, checks in of_case.items()
        ]
        facts = {"Result": self.verdict, "Left out": "; ".join(f"{name}: {why}" for name, why in self.left_out.items())}
        shown = {name: text for name, text in facts.items() if text}
        return Card("Self-test of coxa", shown, ["case", "numbers", "passed"], lines)
