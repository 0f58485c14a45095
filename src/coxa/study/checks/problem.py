"""A fault of a plan that no single part can see, and names that the plan has to know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from coxa.errors import not_allowed


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of the plan that no single part can see: where it is, and what is wrong."""

    path: tuple[str, ...]
    message: str


def known(names: Iterable[str], allowed: Iterable[str], what: str, path: tuple[str, ...]) -> Iterator[Problem]:
    """Yield a problem for every name that is not among those allowed."""
    allowed = list(allowed)
    for name in names:
        if name not in allowed:
            yield Problem(path, not_allowed(what, name, allowed or ["(none declared)"]))
