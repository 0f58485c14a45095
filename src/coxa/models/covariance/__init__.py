"""Covariance structures over the visits of one participant, one file each.

A structure maps unconstrained parameters to a positive definite matrix and gives its first and second
derivatives. To add one, write a file like `unstructured.py` and add its line to `STRUCTURES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from coxa.errors import OptionError, not_allowed
from coxa.models.covariance.structure import Structure
from coxa.models.covariance.unstructured import UNSTRUCTURED

STRUCTURES: Mapping[str, Structure] = MappingProxyType(
    {
        "us": UNSTRUCTURED,
    }
)


def structure_named(word: str) -> Structure:
    """Return the structure called `word`, by coxa's short name or by SAS's, whatever the case.

    Raises
    ------
    OptionError
        No structure has that name; the message lists those there are.

    Examples
    --------
    >>> structure_named("UN").long_name
    'unstructured'
    """
    for structure in STRUCTURES.values():
        if str(word).lower() in (structure.name, *(alias.lower() for alias in structure.aliases)):
            return structure
    raise OptionError(not_allowed("covariance structure", word, STRUCTURES))
