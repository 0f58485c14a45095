"""The errors a user of coxa can meet, and how a wrong word is answered.

Every error says what was wrong, where, and what to do about it. Errors about a plan or about data carry a
`Findings` table, so that all problems are shown at once; errors about a model carry numbered remedies.
"""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coxa.findings import Findings

__all__ = [
    "CoxaError",
    "DataError",
    "EmptyCellError",
    "FewClustersError",
    "FindingsError",
    "FitError",
    "LockError",
    "NonConvergenceError",
    "OptionError",
    "PlanError",
    "RankDeficientError",
    "TooFewParticipantsError",
]


class CoxaError(Exception):
    """Base of all errors that coxa raises on purpose."""


class OptionError(CoxaError, ValueError):
    """An option has a value that is not one of those allowed."""


class FindingsError(CoxaError):
    """Something was wrong with a plan or with data; `findings` lists every problem."""

    def __init__(self, message: str, findings: Findings) -> None:
        self.findings = findings
        super().__init__(message)

    def __str__(self) -> str:
        return f"{self.args[0]}\n{self.findings.as_text()}"


class PlanError(FindingsError):
    """The study file has faults."""


class LockError(FindingsError):
    """The lock of a plan is damaged, or does not allow what was asked."""


class DataError(FindingsError):
    """The data break a rule that the analysis relies on."""


class FitError(CoxaError):
    """A model could not be fitted; `remedies` says what to look at, most likely first."""

    def __init__(self, message: str, remedies: Sequence[str] = ()) -> None:
        self.message = message
        self.remedies = tuple(remedies)
        steps = "".join(f"\n  {k}. {text}" for k, text in enumerate(self.remedies, start=1))
        super().__init__(f"{message}{steps}")


class NonConvergenceError(FitError):
    """The likelihood has no proven optimum."""


class RankDeficientError(FitError):
    """The fixed effects are not all estimable from the data."""


class EmptyCellError(FitError):
    """An arm has no data at a visit at which it is to be estimated."""


class FewClustersError(FitError):
    """Too few therapists, clinics or other clusters for a primary comparison to be relied on."""


class TooFewParticipantsError(FitError):
    """A trial of this size gives a planned analysis nothing to fit."""


def nearest(word: str, allowed: Iterable[str], alike: float = 0.6) -> str | None:
    """Return the allowed word most like `word`, or None where none is at least so alike (difflib's ratio)."""
    by_folded = {candidate.lower(): candidate for candidate in allowed}
    match = difflib.get_close_matches(word.lower(), by_folded, n=1, cutoff=alike)
    return by_folded[match[0]] if match else None


def not_allowed(what: str, word: object, allowed: Iterable[str]) -> str:
    """Say that `word` is not an allowed `what`, list what is, and suggest the nearest.

    Examples
    --------
    >>> not_allowed("df method", "kenward", ["satterthwaite", "kenward-roger"])
    "unknown df method 'kenward'; allowed: satterthwaite, kenward-roger; did you mean 'kenward-roger'?"
    """
    options = list(allowed)
    hint = nearest(str(word), options)
    suggestion = f"; did you mean '{hint}'?" if hint else ""
    return f"unknown {what} '{word}'; allowed: {', '.join(options)}{suggestion}"


def use_one_of(word: object, allowed: Iterable[str]) -> str:
    """Return the remedy for a word that is not allowed: what is, and the nearest.

    Examples
    --------
    >>> use_one_of("assesments", ["participants", "assessments"])
    "Use one of: participants, assessments. Did you mean 'assessments'?"
    """
    options = list(allowed)
    hint = nearest(str(word), options)
    return f"Use one of: {', '.join(options)}." + (f" Did you mean '{hint}'?" if hint else "")


def check_option(what: str, word: str, allowed: Sequence[str]) -> str:
    """Return `word` if it is allowed, else raise `OptionError` with the list and the nearest."""
    if word not in allowed:
        raise OptionError(not_allowed(what, word, allowed))
    return word


def check_level(conf_level: float) -> None:
    """Raise OptionError unless a confidence level is a number between 0 and 1."""
    check_kind("conf_level", conf_level, numbers.Real, "a number between 0 and 1")
    if not 0 < conf_level < 1:
        raise OptionError(f"conf_level is between 0 and 1, for instance 0.95; got {conf_level}")


def check_kind(what: str, value: object, kind: type | tuple[type, ...], needed: str) -> None:
    """Raise OptionError unless `value` is of a kind, which is described in words.

    Examples
    --------
    >>> check_kind("weights", 3, str, "the name of a column")
    Traceback (most recent call last):
    coxa.errors.OptionError: weights is the name of a column; got 3 (int)
    """
    if not isinstance(value, kind):
        raise OptionError(f"{what} is {needed}; got {in_brief(value)}")


def in_brief(value: object) -> str:
    """Return a value with its type; of a record or a table, which may hold data, the type alone.

    Examples
    --------
    >>> in_brief("study.yaml"), in_brief(None), in_brief(CoxaError())
    ("'study.yaml' (str)", 'None', 'CoxaError')
    """
    kind = type(value).__name__
    if value is None:
        return "None"
    if isinstance(value, (str, bytes, numbers.Number, list, tuple, set, dict)):
        return f"{shortened(value)} ({kind})"
    return kind


def shortened(value: object, most: int = 60) -> str:
    """Return a value as it would be written, on one line and cut where it is long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= most else f"{text[: most - 3]}..."
