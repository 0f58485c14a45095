"""A sealed list: hashes that can be published before the trial and opened, one by one or all, after it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coxa.allocation.schemes import factors_of
from coxa.arguments import FRAME, kinds
from coxa.design.allocation_list import AllocationList, csv_text
from coxa.findings import Finding, Findings

if TYPE_CHECKING:
    import pandas as pd

SHORT_SEED = 2**64
"""Below this, somebody who knows the scheme can try all seeds."""


@dataclass(frozen=True, slots=True)
class SealedList:
    """A list that hides its arms, and the key that opens it.

    public : sequence, in a list made in advance the strata, seal
    key    : sequence, salt; keep it with the allocation list

    Examples
    --------
    >>> from coxa.design import Simple, randomise, seal
    >>> sealed = seal(randomise(Simple({"a": 1, "b": 1}), 4, seed=2**100 + 7))
    >>> sealed.public.columns.tolist(), len(sealed.sha256)
    (['sequence', 'seal'], 64)
    """

    public: pd.DataFrame
    key: pd.DataFrame = field(repr=False)

    @property
    def sha256(self) -> str:
        """SHA-256 of the public list as CSV; to be registered before the trial."""
        return hashlib.sha256(csv_text(self.public).encode("utf-8")).hexdigest()


def seal(allocation: AllocationList) -> SealedList:
    """Seal a list: each row's arm is replaced by the SHA-256 of salt, sequence number and arm.

    Parameters
    ----------
    allocation
        The list. Its salts come from its seed, so that the same list is sealed alike every time.

    Notes
    -----
    A seal is the SHA-256 of the text `salt:sequence:arm` (UTF-8), the salt in 32 hexadecimal digits. It hides the arm
    as well as the seed is kept and hard to guess: a seed of at least 64 bits, drawn and not chosen.

    Examples
    --------
    >>> from coxa.design import Simple, randomise, seal, check_seals
    >>> allocation = randomise(Simple({"a": 1, "b": 1}), 4, seed=2**100 + 7)
    >>> sealed = seal(allocation)
    >>> len(check_seals(sealed.public, sealed.key, allocation.frame))
    0
    """
    import pandas as pd

    frame = allocation.frame
    sequence = frame["sequence"].tolist()
    secret = str(allocation.seed.seed).encode("utf-8")
    salts = [hmac.new(secret, f"salt {k}".encode(), hashlib.sha256).hexdigest()[:32] for k in sequence]
    shown = frame[["sequence", *(name for name in factors_of(allocation.scheme) if "number" in frame)]]
    seals = [_seal(*row) for row in zip(salts, sequence, frame["arm"], strict=True)]
    return SealedList(shown.assign(seal=seals), pd.DataFrame({"sequence": sequence, "salt": salts}))


@kinds(public=FRAME, key=FRAME, frame=FRAME)
def check_seals(public: pd.DataFrame, key: pd.DataFrame, frame: pd.DataFrame) -> Findings:
    """Return a finding for every row of a list that does not fit its seal.

    Parameters
    ----------
    public, key
        The two parts of a `SealedList`.
    frame
        The list as it was used: sequence and arm.

    Examples
    --------
    >>> from coxa.design import Simple, randomise, seal
    >>> used = randomise(Simple({"a": 1, "b": 1}), 4, seed=2**100 + 7)
    >>> sealed = seal(used)
    >>> changed = used.frame.assign(arm=["b" if arm == "a" else "a" for arm in used.frame["arm"]])
    >>> len(check_seals(sealed.public, sealed.key, used.frame)), len(check_seals(sealed.public, sealed.key, changed))
    (0, 4)
    """
    tables = {"seal": public, "salt": key, "arm": frame}
    rows: dict[str, dict[str, str]] = {}
    repeated: list[Finding] = []
    for column, table in tables.items():
        if not {"sequence", column} <= set(table.columns):
            rule = f"the table of the {column}s lacks a column, sequence or {column}"
            return Findings((_finding(rule, f"Add it. The table has {', '.join(map(str, table.columns))}."),))
        numbers = table["sequence"].astype("str")
        again = numbers[numbers.duplicated()].unique()
        repeated += [
            _finding(f"number {number} has more than one {column}", "Remove the repeated row.") for number in again
        ]
        rows[column] = dict(zip(numbers, table[column].astype("str"), strict=True))
    every = dict.fromkeys(number for held in rows.values() for number in held)
    return Findings.of([*repeated, *(fault for number in every if (fault := _broken(number, rows)))])


def _broken(number: str, rows: dict[str, dict[str, str]]) -> Finding | None:
    """Return what is wrong with one number of a list, if anything is."""
    absent = [name for name, held in rows.items() if number not in held]
    if absent:
        return _finding(
            f"number {number} has no {' and no '.join(absent)}",
            "Compare the list, the key and the sealed list of one allocation.",
        )
    if _seal(rows["salt"][number], number, rows["arm"][number]) != rows["seal"][number]:
        remedy = "Look which of them was changed: the list, the key or the sealed list."
        return _finding(f"the seal of number {number} does not fit its arm", remedy)
    return None


def _finding(rule: str, remedy: str) -> Finding:
    return Finding("error", "allocation list", rule, remedy, field="seal")


def _seal(salt: str, sequence: int | str, arm: str) -> str:
    return hashlib.sha256(f"{salt}:{sequence}:{arm}".encode()).hexdigest()
