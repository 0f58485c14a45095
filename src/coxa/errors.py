"""The errors a user of coxa can meet, and how a wrong word is answered.

Every error says what was wrong, where, and what to do about it. Errors about a plan or about data carry a
`Findings` table, so that all problems are shown at once; errors about a model carry numbered remedies.
"""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from coxa.sentences import sentence

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
    "MonotoneLikelihoodError",
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
    coxa.errors.OptionError: Block size 5 is not a multiple of 2, the sum of the ratio 1:1. Use for example 2, 4, 6.
    """


class FindingsError(CoxaError):
    """Something was wrong with a plan or with data; `findings` lists every problem.

    Examples
    --------
    >>> from coxa.findings import Finding, Findings
    >>> age = Finding("error", "participants", "age is below 18", "Correct the age.", row=2, field="age", value="7")
    >>> raise FindingsError("the data have 1 error", Findings((age,)))
    Traceback (most recent call last):
    coxa.errors.FindingsError: The data have 1 error.
    error: participants, row 2, age: age is below 18 (found '7'). Correct the age.
    """

    def __init__(self, message: str, findings: Findings) -> None:
        self.findings = findings
        super().__init__(message)

    def __str__(self) -> str:
        return f"{sentence(self.args[0])}\n{self.findings.as_text()}"


class PlanError(FindingsError):
    """The study file has faults.

    Examples
    --------
    >>> import coxa
    >>> from coxa.findings import Finding, Findings
    >>> fault = Finding("error", "study.yaml", "`arms` names one arm", "Add an arm.", row=4, field="arms")
    >>> error = PlanError("the plan has 1 error", Findings((fault,)))
    >>> error.findings.items[0].row
    4
    """


class LockError(FindingsError):
    """The lock of a plan is damaged, or does not allow what was asked.

    Examples
    --------
    >>> from coxa.findings import Finding, Findings
    >>> fault = Finding("error", "study.lock.json", "the hash of entry 1 does not fit its content", "Restore it.")
    >>> print(LockError("study.lock.json is damaged", Findings((fault,))))
    study.lock.json is damaged.
    error: study.lock.json: the hash of entry 1 does not fit its content. Restore it.
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
    >>> raise FitError("the model has no residual degrees of freedom", ["Leave a covariate out.", "Add participants."])
    Traceback (most recent call last):
    coxa.errors.FitError: The model has no residual degrees of freedom.
      1. Leave a covariate out.
      2. Add participants.
    """

    def __init__(self, message: str, remedies: Sequence[str] = ()) -> None:
        self.message = message
        self.remedies = tuple(remedies)
        steps = "".join(f"\n  {k}. {text}" for k, text in enumerate(self.remedies, start=1))
        super().__init__(f"{sentence(message)}{steps}")


class NonConvergenceError(FitError):
    """The likelihood has no proven optimum.

    Examples
    --------
    >>> NonConvergenceError("no structure has a proven optimum", ["Declare a simpler covariance."]).remedies
    ('Declare a simpler covariance.',)
    """


class MonotoneLikelihoodError(FitError):
    """The likelihood rises without end in a direction, so that there is no estimate.

    Examples
    --------
    >>> from coxa.models import fit_cox_arrays
    >>> try:
    ...     fit_cox_arrays([1, 2, 3, 4], [1, 1, 0, 0], {"exercise": [0, 0, 1, 1]})
    ... except MonotoneLikelihoodError as error:
    ...     print(error.message)
    the hazard ratio of `exercise` is zero or infinite: every event is that of a participant with the highest risk of \
all who were at risk
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


class SeparationError(FitError):
    """The likelihood of a yes-or-no outcome or a count has no maximum: some coefficient would be infinite.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.models import fit_glm
    >>> d = pd.DataFrame({"arm": list("aaabbb"), "better": [0, 1, 0, 1, 1, 1]})
    >>> try:
    ...     fit_glm("better ~ arm", d, family="binomial")
    ... except SeparationError as error:
    ...     print(error.message)
    the outcome 'better' is separated: 3 of 6 rows are predicted without error by 'arm[b]', which would be infinite
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
    >>> print(FewClustersError("there are 3 therapists", ["Name the therapist as a covariate."]))
    There are 3 therapists.
      1. Name the therapist as a covariate.
    """


class TooFewParticipantsError(FitError):
    """A trial of this size gives a planned analysis nothing to fit.

    Examples
    --------
    >>> print(TooFewParticipantsError("1 participant has a value", ["Simulate more participants."]))
    1 participant has a value.
      1. Simulate more participants.
    """


def nearest(word: str, allowed: Iterable[str], alike: float = 0.6) -> str | None:
    """Return the allowed word most like `word`, or None where none is at least so alike (difflib's ratio)."""
    by_folded = {candidate.lower(): candidate for candidate in allowed}
    match = difflib.get_close_matches(word.lower(), by_folded, n=1, cutoff=alike)
    return by_folded[match[0]] if match else None


def choose(word: object, allowed: Iterable[str]) -> str:
    """Return the remedy for a word that is not allowed: what is, and the nearest.

    Examples
    --------
    >>> choose("assesments", ["participants", "assessments"])
    'Choose one of participants, assessments; did you mean assessments?'
    >>> choose("jama", []), choose("jama", ["plain"])
    ('None is declared.', 'Choose plain.')
    """
    options = list(dict.fromkeys(map(str, allowed)))
    return choose_from(options, nearest(str(word), options))


def choose_from(options: Sequence[str], hint: str | None) -> str:
    """Return the remedy with all words that are allowed, and the one that is probably meant."""
    if not options:
        return "None is declared."
    if len(options) == 1:
        return f"Choose {options[0]}."
    end = f"; did you mean {hint}?" if hint else "."
    return f"Choose one of {', '.join(options)}{end}"


def not_allowed(what: str, word: object, allowed: Iterable[str]) -> str:
    """Say that there is nothing of that name, list what there is, and suggest the nearest.

    Examples
    --------
    >>> not_allowed("column", "weigth", ["arm", "weight"])
    'There is no column "weigth". Choose one of arm, weight; did you mean weight?'
    """
    return f"There is no {what} {_quoted(word)}. {choose(word, allowed)}"


def check_known(what: str, word: str, allowed: Sequence[Word]) -> Word:
    """Return `word` if there is something of that name, else raise `OptionError` with the list and the nearest."""
    for each in allowed:
        if each == word:
            return each
    raise OptionError(not_allowed(what, word, allowed))


def check_option(option: str, word: str, allowed: Sequence[Word]) -> Word:
    """Return `word` if an option may have it, else raise `OptionError` with the list and the nearest.

    Examples
    --------
    >>> check_option("style", "jamma", ("plain", "jama", "lancet"))
    Traceback (most recent call last):
    coxa.errors.OptionError: `style` is "jamma". Choose one of plain, jama, lancet; did you mean jama?
    """
    for each in allowed:
        if each == word:
            return each
    raise OptionError(f"{_named(option)} is {_quoted(word)}. {choose(word, allowed)}")


def _quoted(word: object) -> str:
    return f'"{word}"' if isinstance(word, str) else str(word)


def _named(option: str) -> str:
    """Return an option as it is typed, or in words: `style`, The ending of `--out`."""
    return f"`{option}`" if option.lstrip("-").isidentifier() else f"The {option}"


def check_level(conf_level: float) -> None:
    """Raise OptionError unless a confidence level is a number between 0 and 1."""
    check_kind("conf_level", conf_level, numbers.Real, "a number between 0 and 1")
    if not 0 < conf_level < 1:
        raise OptionError(f"`conf_level` is {conf_level}, not between 0 and 1. Choose for example 0.95.")


def check_kind(option: str, value: object, kind: type | tuple[type, ...], needed: str) -> None:
    """Raise OptionError unless `value` is of a kind, which is described in words.

    Examples
    --------
    >>> check_kind("weights", 3, str, "the name of a column")
    Traceback (most recent call last):
    coxa.errors.OptionError: `weights` is 3 (int), not the name of a column.
    """
    if not isinstance(value, kind):
        raise OptionError(f"{_named(option)} is {in_brief(value)}, not {needed}.")


def in_brief(value: object) -> str:
    """Return a value with its type; of a record or a table, which may hold data, the type alone.

    Examples
    --------
    >>> in_brief("study.yaml"), in_brief(None), in_brief(CoxaError())
    ("'study.yaml' (str)", 'None', 'of type CoxaError')
    """
    kind = type(value).__name__
    if value is None:
        return "None"
    if isinstance(value, (str, bytes, numbers.Number, list, tuple, set, dict)):
        return f"{shortened(value)} ({kind})"
    return f"of type {kind}"


def shortened(value: object, most: int = 60) -> str:
    """Return a value as it would be written, on one line and cut where it is long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= most else f"{text[: most - 3]}..."
