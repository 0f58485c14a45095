"""Public names that are loaded when first used, so that importing a room loads nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a module's `__getattr__` (PEP 562).

    Parameters
    ----------
    package
        Name of the package whose names these are.
    homes
        Public name -> the module below the package that defines it; with a dot in front, beside the package.

    Examples
    --------
    >>> lazy("coxa", {"nearest": "errors"})("nearest")("satterthwait", ["satterthwaite"])
    'satterthwaite'
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f".{homes[name]}", package), name)

    return load
