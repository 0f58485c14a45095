"""Codes of therapists: on a page no therapist is named, and the order of the codes says nothing of the names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from coxa.clinics.audit import Audit
from coxa.study.audit.plan import CLINIC, THERAPIST

Codes = Mapping[tuple[str, str], str]
"""Clinic and therapist -> code."""


def therapist_codes(audit: Audit, secret: str, letters: Mapping[str, str] | None = None) -> dict[tuple[str, str], str]:
    """Return a code for each therapist of each clinic: the clinic and a number, in the order of a hash.

    Parameters
    ----------
    audit
        With true names.
    secret
        Mixed into the hash, such as the hash of the data: who does not have it cannot try names out.
    letters
        Clinic -> letter, which is then in the code in place of the name.
    """
    letters = letters or {}
    frames = [groups for dimensions, groups in audit.completeness.counts.items() if THERAPIST in dimensions]
    frames += [found.therapists for found in audit.case_mix.values() if len(found.therapists)]
    pairs = {
        pair for frame in frames for pair in zip(frame[CLINIC].astype(str), frame[THERAPIST].astype(str), strict=True)
    }
    order = sorted(pairs, key=lambda pair: (pair[0], hashlib.sha256("\0".join((secret, *pair)).encode()).hexdigest()))
    numbers: dict[str, int] = {}
    codes = {}
    for clinic, therapist in order:
        numbers[clinic] = numbers.get(clinic, 0) + 1
        codes[clinic, therapist] = f"{letters.get(clinic, clinic)} {numbers[clinic]}"
    return codes


def with_codes(audit: Audit, codes: Codes) -> Audit:
    """Return an audit with the codes of therapists in place of their names."""
    counts = {dimensions: _coded(groups, codes) for dimensions, groups in audit.completeness.counts.items()}
    return replace(
        audit,
        completeness=replace(audit.completeness, counts=counts),
        case_mix={
            name: replace(found, therapists=_coded(found.therapists, codes)) for name, found in audit.case_mix.items()
        },
    )


def _coded(frame: pd.DataFrame, codes: Codes) -> pd.DataFrame:
    if THERAPIST not in frame or CLINIC not in frame:
        return frame
    pairs = zip(frame[CLINIC].astype(str), frame[THERAPIST].astype(str), strict=True)
    coded = frame.assign(**{THERAPIST: [codes[pair] for pair in pairs]})
    return coded.sort_values([CLINIC, THERAPIST], key=lambda names: names.map(_by_number), ignore_index=True)


def _by_number(name: str) -> tuple[str, int]:
    text, _, number = str(name).rpartition(" ")
    return (text, int(number)) if number.isdigit() else (str(name), 0)
