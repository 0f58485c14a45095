"""Options that are lists: 60,80,100 and key=0.1,0.2."""

from __future__ import annotations

from collections.abc import Iterable

from coxa.errors import OptionError


def numbers(option: str, text: str, *, whole: bool = False) -> list[float]:
    """Return the numbers of a list with commas.

    Raises
    ------
    OptionError
        A part is no number, or is no whole one where it has to be.

    Examples
    --------
    >>> numbers("--n", "60,80", whole=True)
    [60.0, 80.0]
    """
    found = []
    for part in text.split(","):
        try:
            value = float(part)
        except ValueError:
            raise OptionError(
                f"`{option}` has {part.strip()!r}, which is not a number. Separate numbers by commas, such as "
                "60,80,100."
            ) from None
        if whole and value != int(value):
            raise OptionError(f"`{option}` has {part.strip()}, which is not a whole number. Correct it.")
        found.append(value)
    return found


def names(text: str | None) -> list[str] | None:
    """Return the names of a list with commas."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def pair(option: str, text: str | None) -> tuple[float, float] | None:
    """Return two numbers.

    Raises
    ------
    OptionError
        There are not two.
    """
    if text is None:
        return None
    found = numbers(option, text)
    if len(found) != 2:
        raise OptionError(f"`{option}` is {text!r}, not two numbers. Give mean and standard deviation, such as 6,2.")
    return found[0], found[1]


def assignments(option: str, texts: Iterable[str]) -> dict[str, list[float]]:
    """Return key -> numbers of options such as dropout=0.1,0.2.

    Raises
    ------
    OptionError
        An option has no `=`, or a key comes twice.
    """
    found: dict[str, list[float]] = {}
    for text in texts:
        key, sign, values = text.partition("=")
        if not sign or not key.strip():
            raise OptionError(f"`{option}` is {text!r}, without key or values. Write for example dropout=0.1,0.2.")
        if key.strip() in found:
            raise OptionError(f"`{option}` has the key {key.strip()} twice. Write its values in one list.")
        found[key.strip()] = numbers(option, values)
    return found
