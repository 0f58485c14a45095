"""Letters in place of the names of clinics, where the plan asks for it (`unit_names: false`)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from string import ascii_uppercase

import pandas as pd

from coxa.clinics.audit import Audit
from coxa.disclosure.tables import NOT_RECORDED
from coxa.study.audit.plan import CLINIC

Letters = Mapping[str, str]
"""Clinic -> letter; empty where clinics have their names."""

KEPT = ("all", NOT_RECORDED)
"""Words in a column of clinics that are no names."""


def clinic_letters(audit: Audit, secret: str) -> dict[str, str]:
    """Return a letter for each clinic, in the order of a hash; none where clinics have their names.

    Parameters
    ----------
    audit
        With true names.
    secret
        Mixed into the hash, so that who does not have it cannot try names out.
    """
    frame = audit.completeness.counts.get((CLINIC,))
    if audit.plan.unit_names or frame is None:
        return {}
    names = sorted(set(frame[CLINIC].astype(str)) - set(KEPT))
    names.sort(key=lambda name: hashlib.sha256("\0".join((secret, "clinic", name)).encode()).hexdigest())
    return {name: letter_of(place) for place, name in enumerate(names)}


def letter_of(place: int) -> str:
    """Return the letter of a place that is counted from 0.

    Examples
    --------
    >>> [letter_of(place) for place in (0, 25, 26, 27)]
    ['A', 'Z', 'AA', 'AB']
    """
    before, last = divmod(place, len(ascii_uppercase))
    return (letter_of(before - 1) if before else "") + ascii_uppercase[last]


def with_letters(audit: Audit, letters: Letters) -> Audit:
    """Return an audit with letters in place of the names of clinics, in their order everywhere."""
    if not letters:
        return audit

    def coded(frame: pd.DataFrame) -> pd.DataFrame:
        return _coded(frame, letters)

    complete = audit.completeness
    order = {"all": (0, ""), **{letter: (len(letter), letter) for letter in letters.values()}}
    series = (replace(one, clinic=letters.get(one.clinic, one.clinic)) for one in audit.series)
    rare = (replace(one, clinic=letters.get(one.clinic, one.clinic)) for one in audit.rare)
    mixes = {
        name: replace(mix, clinics=coded(mix.clinics), therapists=coded(mix.therapists))
        for name, mix in audit.case_mix.items()
    }
    return replace(
        audit,
        completeness=replace(
            complete,
            counts={dimensions: coded(groups) for dimensions, groups in complete.counts.items()},
            weights=coded(complete.weights),
        ),
        case_mix=mixes,
        shares=tuple(replace(one, clinics=coded(one.clinics)) for one in audit.shares),
        rates=tuple(replace(one, clinics=coded(one.clinics)) for one in audit.rates),
        periods=coded(audit.periods),
        series=tuple(sorted(series, key=lambda one: order.get(one.clinic, (99, one.clinic)))),
        rare=tuple(sorted(rare, key=lambda one: order.get(one.clinic, (99, one.clinic)))),
    )


def _coded(frame: pd.DataFrame, letters: Letters) -> pd.DataFrame:
    """Return a frame with letters, its rows in their order: "all" first, those not recorded last."""
    if CLINIC not in frame:
        return frame
    names = frame[CLINIC].astype(str)
    coded = frame.assign(**{CLINIC: [letters.get(name, name) for name in names]})
    place = {"all": -1, **{letter: place for place, letter in enumerate(letters.values())}}
    rows = coded[CLINIC].map(place).fillna(len(place)).argsort(kind="stable")
    return coded.iloc[rows].reset_index(drop=True)
