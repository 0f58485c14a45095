"""Public names that are loaded when first used, so that importing a package loads nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy(
    package: str, homes: Mapping[str, Sequence[str]], namespaces: Sequence[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return a module's `__getattr__` (PEP 562), `__dir__` and `__all__`.

    Parameters
    ----------
    package
        Name of the package whose names these are.
    homes
        Module -> the public names that it defines.
    namespaces
        Modules of the package that are loaded when first used; they are shown by `dir`, but not imported by `*`.

    Examples
    --------
    >>> load, names, public = lazy("coxa", {"coxa.errors": ("nearest",)}, namespaces=("models",))
    >>> load("nearest")("satterthwait", ["satterthwaite"])
    'satterthwaite'
    >>> load("models").__name__, names(), public
    ('coxa.models', ['__version__', 'models', 'nearest'], ['nearest'])
    """
    home = {name: module for module, names in homes.items() for name in names}

    def load(name: str) -> Any:
        if name in home:
            return getattr(import_module(home[name]), name)
        if name in namespaces:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted([*home, *namespaces, *(["__version__"] if namespaces else [])])

    return load, names, sorted(home)
