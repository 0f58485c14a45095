"""Covariance structures over the visits of one participant, one family a file.

A structure maps unconstrained parameters to a covariance matrix and gives its first and second derivatives. To add
one, write a file like `unstructured.py`, or like `toeplitz.py` for a correlation scaled by standard deviations, and
add its line to `STRUCTURES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from coxa.errors import OptionError, not_allowed
from coxa.models.covariance.ante_dependence import ANTE_DEPENDENCE, HETEROGENEOUS_ANTE_DEPENDENCE
from coxa.models.covariance.autoregressive import AUTOREGRESSIVE, HETEROGENEOUS_AUTOREGRESSIVE
from coxa.models.covariance.compound_symmetry import COMPOUND_SYMMETRY, HETEROGENEOUS_COMPOUND_SYMMETRY
from coxa.models.covariance.spatial_exponential import SPATIAL_EXPONENTIAL, SPATIAL_EXPONENTIAL_NUGGET
from coxa.models.covariance.structure import Structure
from coxa.models.covariance.toeplitz import HETEROGENEOUS_TOEPLITZ, TOEPLITZ
from coxa.models.covariance.unstructured import UNSTRUCTURED

STRUCTURES: Mapping[str, Structure] = MappingProxyType(
    {
        structure.name: structure
        for structure in (
            UNSTRUCTURED,
            COMPOUND_SYMMETRY,
            HETEROGENEOUS_COMPOUND_SYMMETRY,
            AUTOREGRESSIVE,
            HETEROGENEOUS_AUTOREGRESSIVE,
            TOEPLITZ,
            HETEROGENEOUS_TOEPLITZ,
            ANTE_DEPENDENCE,
            HETEROGENEOUS_ANTE_DEPENDENCE,
            SPATIAL_EXPONENTIAL,
            SPATIAL_EXPONENTIAL_NUGGET,
        )
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
