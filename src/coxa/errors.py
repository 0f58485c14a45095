"""The errors a user of coxa can meet, and how a wrong word is answered.

Every error says what was wrong, where, and what to do about it. Errors about a plan or about data carry a
`Findings` table, so that all problems are shown at once; errors about a model carry numbered remedies.
"""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from coxa.findings import Findings

Word = TypeVar("Word", bound=str)

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
    """Base of all errors that coxa raises on purpose.

    Examples
    --------
    >>> import coxa
    >>> try:
    ...     coxa.preset("moa")
    ... except coxa.errors.CoxaError as error:
    ...     print(type(error).__name__)
    OptionError
    """


class OptionError(CoxaError, ValueError):
    """An option has a value that is not one of those allowed.

    Examples
    --------
    >>> from coxa.design import PermutedBlocks
    >>> PermutedBlocks({"usual_care": 1, "exercise": 1}, sizes=(5,))
    Traceback (most recent call last):
    coxa.errors.OptionError: block size 5 is not a multiple of 2, the sum of the ratio 1:1; use for example 2, 4, 6
    """


class FindingsError(CoxaError):
    """Something was wrong with a plan or with data; `findings` lists every problem.

    Examples
    --------
    >>> from coxa.findings import Finding, Findings
    >>> age = Finding("error", "participants", "age is at least 18", "Correct the age", row=2, field="age", value="7")
    >>> raise FindingsError("the data have 1 error", Findings((age,)))
    Traceback (most recent call last):
    coxa.errors.FindingsError: the data have 1 error
    error: participants, row 2, age: age is at least 18 (found '7'). Correct the age
    """

    def __init__(self, message: str, findings: Findings) -> None:
        self.findings = findings
        super().__init__(message)

    def __str__(self) -> str:
        return f"{self.args[0]}\n{self.findings.as_text()}"


class PlanError(FindingsError):
    """The study file has faults.

    Examples
    --------
    >>> import coxa
    >>> from coxa.findings import Finding, Findings
    >>> fault = Finding("error", "study.yaml", "`arms` names at least two arms", "Add an arm", row=4, field="arms")
    >>> error = PlanError("the plan has 1 error", Findings((fault,)))
    >>> error.findings.items[0].row
    4
    """


class LockError(FindingsError):
    """The lock of a plan is damaged, or does not allow what was asked.

    Examples
    --------
    >>> from coxa.findings import Finding, Findings
    >>> fault = Finding("error", "study.lock.json", "the hash of entry 1 fits its content", "Restore the lock")
    >>> print(LockError("study.lock.json is damaged", Findings((fault,))))
    study.lock.json is damaged
    error: study.lock.json: the hash of entry 1 fits its content. Restore the lock
    """


class DataError(FindingsError):
    """The data break a rule that the analysis relies on.

    Examples
    --------
    >>> import pandas as pd
    >>> import coxa
    >>> study = coxa.preset("moa-2013")
    >>> try:
    ...     coxa.read_cohort(study, {"participants": pd.DataFrame()}).require_clean()
    ... except DataError as error:
    ...     print(len(error.findings) > 0)
    True
    """


class FitError(CoxaError):
    """A model could not be fitted; `remedies` says what to look at, most likely first.

    Examples
    --------
    >>> raise FitError("the model has no residual degrees of freedom", ["leave a covariate out", "add participants"])
    Traceback (most recent call last):
    coxa.errors.FitError: the model has no residual degrees of freedom
      1. leave a covariate out
      2. add participants
    """

    def __init__(self, message: str, remedies: Sequence[str] = ()) -> None:
        self.message = message
        self.remedies = tuple(remedies)
        steps = "".join(f"\n  {k}. {text}" for k, text in enumerate(self.remedies, start=1))
        super().__init__(f"{message}{steps}")


class NonConvergenceError(FitError):
    """The likelihood has no proven optimum.

    Examples
    --------
    >>> NonConvergenceError("no structure has a proven optimum", ["declare a simpler covariance"]).remedies
    ('declare a simpler covariance',)
    """


class RankDeficientError(FitError):
    """The fixed effects are not all estimable from the data.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.models import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aaabbb"), "site": list("aaabbb"), "y": range(6)})
    >>> try:
    ...     fit_ancova("y ~ arm + site", d)
    ... except RankDeficientError as error:
    ...     print(error.message)
    1 of 3 fixed effects cannot be estimated: 'site[b]' is a combination of arm[b]
    """


class EmptyCellError(FitError):
    """An arm has no data at a visit at which it is to be estimated.

    Examples
    --------
    >>> issubclass(EmptyCellError, FitError)
    True
    """


class FewClustersError(FitError):
    """Too few therapists, clinics or other clusters for a primary comparison to be relied on.

    Examples
    --------
    >>> print(FewClustersError("there are 3 therapists", ["name the therapist as a covariate"]))
    there are 3 therapists
      1. name the therapist as a covariate
    """


class TooFewParticipantsError(FitError):
    """A trial of this size gives a planned analysis nothing to fit.

    Examples
    --------
    >>> print(TooFewParticipantsError("1 participant has a value", ["simulate more participants"]))
    1 participant has a value
      1. simulate more participants
    """


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


def check_option(what: str, word: str, allowed: Sequence[Word]) -> Word:
    """Return `word` if it is allowed, else raise `OptionError` with the list and the nearest."""
    for each in allowed:
        if each == word:
            return each
    raise OptionError(not_allowed(what, word, allowed))


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
