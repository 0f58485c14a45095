"""Read the random effects of a formula, ``(week | participant_id) + (1 | clinic/therapist)``, as data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coxa.errors import OptionError
from coxa.models.design.formula import check_column, read_right

GROUPING = "a column (its name without spaces), a:b, a/b, or gr(column, by = factor)"
_GROUP = re.compile(r"^(?P<columns>\w+(\s*[:/]\s*\w+)*)$")
_BY = re.compile(r"^gr\s*\(\s*(?P<columns>\w+(\s*[:/]\s*\w+)*)\s*,\s*by\s*=\s*(?P<by>\w+)\s*\)$")


@dataclass(frozen=True, slots=True)
class RandomTerm:
    """One term with a bar: the effects on its left vary between the levels of the factor on its right.

    text       : as written
    effects    : ``1``, ``1 + week``, ``0 + treated``
    correlated : whether the effects of a level are correlated (``|``) or independent (``||``)
    columns    : the factor: one column, or several whose combinations are its levels
    by         : factor whose levels have variances of their own, or None
    variables  : columns of the effects
    """

    text: str
    effects: str
    correlated: bool
    columns: tuple[str, ...]
    by: str | None
    variables: tuple[str, ...]

    @property
    def factor(self) -> str:
        """Name of the factor: its columns joined with a colon."""
        return ":".join(self.columns)


def split_random(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the fixed part of a formula, and its terms with a bar as written, brackets included.

    Raises
    ------
    OptionError
        A bar stands outside brackets, a bracket is not closed, or a random effect is not one of several summands.

    Examples
    --------
    >>> split_random("pain ~ arm * week + (week | participant_id)")
    ('pain ~ arm * week', ('(week | participant_id)',))
    """
    if not isinstance(text, str):
        raise OptionError(f"a formula is text, such as 'pain ~ arm + (1 | therapist)'; got {type(text).__name__}")
    fixed, depth, start = "", 0, 0
    terms: list[str] = []
    around: list[tuple[str, str]] = []
    for position, character in enumerate(text):
        if character == "(":
            start, depth = (position, 1) if depth == 0 else (start, depth + 1)
        if depth == 0:
            fixed += character
        if character == ")":
            depth -= 1
            if depth == 0:
                inside = text[start : position + 1]
                if "|" in inside:
                    terms.append(inside)
                    around.append((text[:start].rstrip(), text[position + 1 :].lstrip()))
                else:
                    fixed += inside
    if depth != 0:
        raise OptionError(f"formula '{text}': a bracket is not closed, or closed twice")
    if "|" in fixed:
        raise OptionError(f"formula '{text}': a random effect stands in brackets: (1 | therapist)")
    if not terms:
        return text, ()
    for term, (before, after) in zip(terms, around, strict=True):
        check_summand(text, term, before, after)
    left, tilde, right = fixed.partition("~")
    if not tilde or "~" in right or not left.strip():
        raise OptionError(f"formula '{text}': expected 'response ~ terms', with one column on the left")
    parts = [part.strip() for part in re.split(r"\+(?![^(]*\))", right)]
    joined = " + ".join(part for part in parts if part) or "1"
    return f"{left.strip()} ~ {joined.replace('+ - ', '- ')}", tuple(terms)


def check_summand(text: str, term: str, before: str, after: str) -> None:
    """Raise OptionError unless a random effect is added to the terms around it."""
    if not before.endswith(("~", "+")) or (after and after[0] not in "+-"):
        raise OptionError(f"formula '{text}': a random effect is added to the other terms, '+ {term}', and no more")


def read_terms(text: str, terms: Sequence[str], columns: Sequence[str]) -> tuple[RandomTerm, ...]:
    """Check terms with a bar against the columns there are; ``a/b`` becomes a term for a and one for a:b.

    Parameters
    ----------
    text : str
        The whole formula, for messages.
    terms : sequence of str
        As `split_random` gives them.
    columns : sequence of str
        Names that may be used.

    Raises
    ------
    OptionError
        A term has no bar between effects and a factor, or something in it is not allowed.

    Examples
    --------
    >>> [term.factor for term in read_terms("", ["(1 | clinic/therapist)"], ["clinic", "therapist"])]
    ['clinic', 'clinic:therapist']
    """
    found: list[RandomTerm] = []
    for term in terms:
        left, bar, right = term[1:-1].partition("|")
        correlated = not right.startswith("|")
        right = right.removeprefix("|").strip()
        match = _BY.match(right) or _GROUP.match(right)
        if not bar or not left.strip() or match is None:
            raise OptionError(
                f"formula '{text}': '{term}' is no random effect; write effects, a bar and a factor, such as "
                f"(week | participant_id); a factor is {GROUPING}"
            )
        by = match.groupdict().get("by")
        levels = [[part.strip() for part in step.split(":")] for step in match["columns"].split("/")]
        for name in [part for step in levels for part in step] + ([by] if by else []):
            check_column(text, name, list(columns))
        variables = read_right(text, left.strip(), columns)
        for depth in range(1, len(levels) + 1):
            used = tuple(part for step in levels[:depth] for part in step)
            found.append(RandomTerm(term, left.strip(), correlated, used, by, variables))
    return tuple(found)
