"""Whether a plan says something: keys by their path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel


def has_key(study: BaseModel, path: str) -> bool:
    """Say whether a plan has a key with a value that is not empty; `*` stands for any name of a mapping.

    Examples
    --------
    >>> has_key(study, "protocol.blinding.who"), has_key(study, "analyses.*.margin")  # doctest: +SKIP
    (True, False)
    """
    return said(study, path.split("."))


def said(part: Any, steps: Sequence[str]) -> bool:
    """Say whether there is a value that is not empty some steps below a part of a plan."""
    if part is None or part == "" or part == () or part == {}:
        return False
    if not steps:
        return True
    first, *rest = steps
    if isinstance(part, Mapping):
        inner = part.values() if first == "*" else [part.get(first)]
        return any(said(value, rest) for value in inner)
    return said(getattr(part, first, None), rest)
