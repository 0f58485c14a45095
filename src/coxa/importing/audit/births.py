"""Days of birth: the age at intake is worked out of them, where no column has it; their values are not shown."""

from __future__ import annotations

from typing import Any

from coxa.importing.audit.used import Used
from coxa.importing.profile import ColumnProfile
from coxa.importing.roles import keys_of
from coxa.importing.words import heads
from coxa.study.audit.plan import AGE, BIRTH_DATE


def is_birth(profile: ColumnProfile) -> bool:
    """Say whether a column is of a birth by its name.

    Examples
    --------
    >>> is_birth(ColumnProfile("a.csv", "", "Patient Born", ("Patient", "Born"), "date", 9, 0))
    True
    """
    keys = set(keys_of(profile))
    return any(each.name == "birth" and keys & each.heads for each in heads().unused)


def propose_birth(used: Used) -> None:
    """Take the age from the one column of days of birth, unless a column has the age itself."""
    births = [one for one in used.free() if is_birth(one)]
    for one in births:
        used.draft.hide(one)
    dated = [one for one in births if one.kind == "date"]
    if len(dated) == 1 and AGE not in used.columns and "intake_date" in used.columns:
        _take(used, dated[0])
    for one in births:
        if used.draft.free(one):
            used.draft.is_role(one, "", _why_unused(used, one), "unused")


def _take(used: Used, profile: ColumnProfile) -> None:
    words = next(each for each in heads().descriptors if each.name == AGE)
    keys: dict[str, Any] = {"type": "number", "unit": "years", "bands": [int(cut) for cut in words.bands]}
    why = f"in whole years at intake, worked out of {profile.column}, which itself is kept nowhere"
    used.draft.put(("descriptors", AGE), {**keys, "completeness": True}, why)
    role = f"descriptors.{AGE} by {BIRTH_DATE}"
    used.take(BIRTH_DATE, profile, "Its name means a day of birth, and its values are dates; they are not shown.", role)


def _why_unused(used: Used, profile: ColumnProfile) -> str:
    if profile.kind != "date":
        return "It is of a birth, and its values are no dates. Add dates of birth, or the age, to adjust for age."
    if AGE in used.columns:
        return f"It is a date of birth, and {used.columns[AGE].profile.column} has the age."
    return "It is a date of birth, and it is not sure which one counts, or from which day to count the age."
