"""Read a formula as data: check every word of it before anything is computed.

A formula may come from a study file that somebody else wrote. Only names of columns, the operators
``+ - : * **``, brackets, 0, 1, ``~`` and a closed list of transforms are understood; nothing is evaluated
before every token has been found to be one of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from coxa.errors import OptionError, nearest

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
        raise OptionError(f"formula '{text}': expected 'response ~ terms', with one column on the left")
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
            found = text[position:].lstrip()[:12]
            raise OptionError(f"formula '{whole or text}': found '{found}'; allowed: {GRAMMAR}")
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
    hint = nearest(token, known)
    suggestion = f"; did you mean '{hint}'?" if hint else ""
    raise OptionError(
        f"formula '{text}': found '{token}', which is no column; columns: {', '.join(known)}; "
        f"allowed: {GRAMMAR}{suggestion}"
    )


def check_token(text: str, tokens: list[str], position: int) -> None:
    """Raise OptionError for a number or an operator where it has no meaning."""
    token = tokens[position]
    power = position > 0 and tokens[position - 1] == "**"
    if token.isdigit() and token not in ("0", "1") and not power:
        raise OptionError(f"formula '{text}': found '{token}'; allowed: {GRAMMAR}")
    if token in (",", "="):
        raise OptionError(f"formula '{text}': found '{token}' outside a transform; allowed: {GRAMMAR}")


def transformed_column(text: str, tokens: list[str], position: int, known: list[str]) -> str:
    """Return the column inside ``transform(column, option=number, ...)`` that begins at `position`."""
    name = tokens[position]
    if name not in TRANSFORMS:
        hint = nearest(name, TRANSFORMS)
        suggestion = f"; did you mean '{hint}'?" if hint else ""
        raise OptionError(f"formula '{text}': found '{name}(', which is no transform; allowed: {GRAMMAR}{suggestion}")
    call = tokens[position:]
    if ")" not in call:
        raise OptionError(f"formula '{text}': the bracket after '{name}' is not closed")
    column, *options = " ".join(call[2 : call.index(")")]).split(" , ")
    if not column or not is_name(column) or " " in column:
        raise OptionError(f"formula '{text}': '{name}' takes one column, found '{column}'")
    check_column(text, column, known)
    for k, option in enumerate(options):
        word, _, number = option.partition(" = ")
        if k == 0 and word.isdigit() and TRANSFORMS[name]:
            continue
        if word not in TRANSFORMS[name] or not number.isdigit():
            allowed = ", ".join(f"{key}=<whole number>" for key in TRANSFORMS[name]) or "no options"
            raise OptionError(
                f"formula '{text}': '{name}' does not take '{option.replace(' ', '')}'; allowed: {allowed}"
            )
    return column
