"""A sealed list: hashes that can be published before the trial and opened, one by one or all, after it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coxa.design.allocation_list import AllocationList, csv_text
from coxa.design.schemes import factors_of
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


def check_seals(public: pd.DataFrame, key: pd.DataFrame, frame: pd.DataFrame) -> Findings:
    """Return a finding for every row of a list that does not fit its seal.

    Parameters
    ----------
    public, key
        The two parts of a `SealedList`.
    frame
        The list as it was used: sequence and arm.
    """
    rows = {
        name: dict(zip(table["sequence"].astype(int), table[column].astype("str"), strict=True))
        for name, table, column in (("seal", public, "seal"), ("salt", key, "salt"), ("arm", frame, "arm"))
    }
    numbers = sorted(set().union(*rows.values()))
    return Findings.of(
        _broken(number, rows)
        for number in numbers
        if any(number not in held for held in rows.values())
        or _seal(rows["salt"][number], number, rows["arm"][number]) != rows["seal"][number]
    )


def _broken(number: int, rows: dict[str, dict[int, str]]) -> Finding:
    absent = [name for name, held in rows.items() if number not in held]
    rule = f"number {number} has a seal, a salt and an arm" if absent else f"the seal of number {number} fits its arm"
    remedy = f"it has no {' and no '.join(absent)}" if absent else "the list, the key or the sealed list was changed"
    return Finding("error", "allocation list", rule, remedy, field="seal")


def _seal(salt: str, sequence: int, arm: str) -> str:
    return hashlib.sha256(f"{salt}:{sequence}:{arm}".encode()).hexdigest()
