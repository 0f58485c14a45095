"""Covariance structures over the visits of one participant.

A structure maps unconstrained parameters to a covariance matrix and gives its first and second derivatives. To add
one, write a file like `spatial_exponential.py`, or a `Pattern` in `scaled.py` for a correlation scaled by standard
deviations, and add its line to `coxa.covariances`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from coxa.covariances import COVARIANCES, covariance_called
from coxa.errors import OptionError, not_allowed
from coxa.models.covariance.structure import Structure


def structure_at(name: str, home: str) -> Structure:
    """Return the structure of that name in a module of this package."""
    family: tuple[Structure, ...] = import_module(f"{__name__}.{home}").FAMILY
    (structure,) = (one for one in family if one.name == name)
    return structure


STRUCTURES: Mapping[str, Structure] = MappingProxyType(
    {name: structure_at(name, known.home) for name, known in COVARIANCES.items()}
)


def structure_named(word: str) -> Structure:
    """Return the structure called `word`, by coxa's short name, in words or by SAS's name, in any case.

    Raises
    ------
    OptionError
        No structure has that name; the message lists those there are.

    Examples
    --------
    >>> structure_named("UN").long_name
    'unstructured'
    """
    name = covariance_called(word) or str(word)
    if name not in STRUCTURES:
        raise OptionError(not_allowed("covariance structure", word, STRUCTURES))
    return STRUCTURES[name]
