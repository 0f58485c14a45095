"""Read a formula as data: check every word of it before anything is computed.

A formula may come from a study file that somebody else wrote. Only names of columns, the operators
``+ - : * **``, brackets, 0, 1, ``~`` and a closed list of transforms are understood; nothing is evaluated
before every token has been found to be one of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from coxa.errors import OptionError, choose

TRANSFORMS: dict[str, tuple[str, ...]] = {
    "log": (),
    "sqrt": (),
    "center": (),
    "poly": ("degree",),
    "bs": ("df", "degree"),
    "cr": ("df",),
}
"""Transforms that a formula may use, and the whole-number options of each; the first may go without its name.

``cr``, a natural cubic spline, has mean zero over the analysed rows, as ``bs``, ``poly`` and ``center`` leave the
intercept to itself.
"""

OPERATORS = ("**", "+", "-", ":", "*", "(", ")", "~", ",", "=")
GRAMMAR = "names of columns, + - : * ** ( ) 0 1 ~, and the transforms " + ", ".join(TRANSFORMS) + " of one column"
_TOKEN = re.compile(r"\s*(?:(?P<name>[^\W\d]\w*)|(?P<number>\d+)|(?P<operator>\*\*|[-+:*()~,=]))")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was checked word by word.

    text      : as written
    response  : column on the left
    right     : text on the right
    variables : columns used on the right, in order of appearance
    """

    text: str
    response: str
    right: str
    variables: tuple[str, ...]


def read_formula(text: str, columns: Iterable[str]) -> Formula:
    """Check a formula against the columns there are, evaluating nothing.

    Parameters
    ----------
    text : str
        ``response ~ terms``.
    columns : iterable of str
        Names that may be used.

    Raises
    ------
    OptionError
        Something in it is not allowed; the message says what, what is, and the nearest column.

    Examples
    --------
    >>> read_formula("change ~ baseline * visit + log(age)", ["change", "baseline", "visit", "age"]).variables
    ('baseline', 'visit', 'age')
    """
    known = list(columns)
    tokens = tokenise(text)
    if tokens.count("~") != 1 or len(tokens) < 3 or tokens[1] != "~":
        raise OptionError(f"Formula '{text}' is not of the form 'response ~ terms'. Give it one column on the left.")
    check_column(text, tokens[0], known)
    return Formula(text, tokens[0], text.split("~", 1)[1].strip(), columns_used(text, tokens[2:], known))


def read_right(text: str, right: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that terms use; `text` is the whole formula that they are a part of, for messages.

    Raises
    ------
    OptionError
        Something in it is not allowed, as in `read_formula`.
    """
    return columns_used(text, tokenise(right, text), list(columns))


def columns_used(text: str, tokens: list[str], known: list[str]) -> tuple[str, ...]:
    """Check tokens of the right side of a formula, and return the columns among them."""
    variables: dict[str, None] = {}
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if tokens[position + 1 : position + 2] == ["("] and is_name(token):
            variables[transformed_column(text, tokens, position, known)] = None
            position = tokens.index(")", position) + 1
            continue
        check_token(text, tokens, position)
        if is_name(token):
            check_column(text, token, known)
            variables[token] = None
        position += 1
    return tuple(variables)


def tokenise(text: str, whole: str | None = None) -> list[str]:
    """Split a formula, or a part of the `whole`, into names, whole numbers and operators.

    Raises
    ------
    OptionError
        A character begins none of these.
    """
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            unread = text[position:].lstrip()[:12]
            raise OptionError(f"Formula '{whole or text}': '{unread}' is not understood. Allowed: {GRAMMAR}.")
        tokens.append(match.group().strip())
        position = match.end()
    return tokens


def is_name(token: str) -> bool:
    """Return whether a token can be the name of a column or of a transform."""
    return token[0].isalpha() or token[0] == "_"


def check_column(text: str, token: str, known: list[str]) -> None:
    """Raise OptionError unless the token is a column."""
    if token in known:
        return
    raise OptionError(f"Formula '{text}': '{token}' is not a column. {choose(token, known)} Allowed: {GRAMMAR}.")


def check_token(text: str, tokens: list[str], position: int) -> None:
    """Raise OptionError for a number or an operator where it has no meaning."""
    token = tokens[position]
    power = position > 0 and tokens[position - 1] == "**"
    if token.isdigit() and token not in ("0", "1") and not power:
        raise OptionError(f"Formula '{text}': '{token}' is not understood. Allowed: {GRAMMAR}.")
    if token in (",", "="):
        raise OptionError(f"Formula '{text}': '{token}' is outside a transform. Allowed: {GRAMMAR}.")


def transformed_column(text: str, tokens: list[str], position: int, known: list[str]) -> str:
    """Return the column inside ``transform(column, option=number, ...)`` that begins at `position`."""
    name = tokens[position]
    if name not in TRANSFORMS:
        remedy = choose(name, TRANSFORMS)
        raise OptionError(f"Formula '{text}': '{name}(' is not a transform. {remedy} Allowed: {GRAMMAR}.")
    call = tokens[position:]
    if ")" not in call:
        raise OptionError(f"Formula '{text}': the bracket after '{name}' is not closed. Close it.")
    column, *options = " ".join(call[2 : call.index(")")]).split(" , ")
    if not column or not is_name(column) or " " in column:
        raise OptionError(f"Formula '{text}': '{name}' takes one column, not '{column}'. Name one.")
    check_column(text, column, known)
    for k, option in enumerate(options):
        word, _, number = option.partition(" = ")
        if k == 0 and word.isdigit() and TRANSFORMS[name]:
            continue
        if word not in TRANSFORMS[name] or not number.isdigit():
            allowed = ", ".join(f"{key}=<whole number>" for key in TRANSFORMS[name]) or "no options"
            raise OptionError(
                f"Formula '{text}': '{name}' does not take '{option.replace(' ', '')}'. Allowed: {allowed}."
            )
    return column


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
        raise OptionError(
            f"The formula is of type {type(text).__name__}. Give text, such as 'pain ~ arm + (1 | therapist)'."
        )
    return _split(text)


@lru_cache(maxsize=256)
def _split(text: str) -> tuple[str, tuple[str, ...]]:
    """Split a formula once, where options, rows and reports each ask for its parts."""
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
        raise OptionError(f"Formula '{text}': a bracket is not closed, or closed twice. Correct the brackets.")
    if "|" in fixed:
        raise OptionError(f"Formula '{text}': a random effect has no brackets. Write for example (1 | therapist).")
    if not terms:
        return text, ()
    for term, (before, after) in zip(terms, around, strict=True):
        check_summand(text, term, before, after)
    left, tilde, right = fixed.partition("~")
    if not tilde or "~" in right or not left.strip():
        raise OptionError(f"Formula '{text}' is not of the form 'response ~ terms'. Give it one column on the left.")
    parts = [part.strip() for part in re.split(r"\+(?![^(]*\))", right)]
    joined = " + ".join(part for part in parts if part) or "1"
    return f"{left.strip()} ~ {joined.replace('+ - ', '- ')}", tuple(terms)


def check_summand(text: str, term: str, before: str, after: str) -> None:
    """Raise OptionError unless a random effect is added to the terms around it."""
    if not before.endswith(("~", "+")) or (after and after[0] not in "+-"):
        raise OptionError(
            f"Formula '{text}': '{term}' is not added to the other terms by a plus alone. Write '+ {term}'."
        )


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
    random_terms: list[RandomTerm] = []
    for term in terms:
        left, bar, right = term[1:-1].partition("|")
        correlated = not right.startswith("|")
        right = right.removeprefix("|").strip()
        match = _BY.match(right) or _GROUP.match(right)
        if not bar or not left.strip() or match is None:
            raise OptionError(
                f"Formula '{text}': '{term}' is not a random effect. Write effects, a bar and a factor, such "
                f"as (week | participant_id), where a factor is {GROUPING}."
            )
        by = match.groupdict().get("by")
        levels = [[part.strip() for part in step.split(":")] for step in match["columns"].split("/")]
        for name in [part for step in levels for part in step] + ([by] if by else []):
            check_column(text, name, list(columns))
        variables = read_right(text, left.strip(), columns)
        for depth in range(1, len(levels) + 1):
            used = tuple(part for step in levels[:depth] for part in step)
            random_terms.append(RandomTerm(term, left.strip(), correlated, used, by, variables))
    return tuple(random_terms)
