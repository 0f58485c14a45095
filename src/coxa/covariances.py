"""The covariance structures by name: what they are called, where they are, and what a plan must know of them.

A structure itself is in `coxa.models.covariance`, in the module that its line here names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Covariance = Literal["us", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "ad", "adh", "sp_exp", "sp_exp_nugget"]
"""Short names of covariance structures over the visits of a participant."""


@dataclass(frozen=True, slots=True)
class CovarianceName:
    """What is known of a structure without its arithmetic.

    long_name  : in words, as printed; understood as a name too
    home       : module of `coxa.models.covariance`
    sas        : SAS's word, where it is another one
    spatial    : whether it looks at the time of each assessment
    each_visit : whether its correlations are those of single visits, so that each visit needs participants of its own
    contains   : random effects of participants that it has in it already: an "intercept", or "any" effects
    cites      : keys of `coxa.report.references`, where nothing is in its bibliography under the short name
    """

    long_name: str
    home: str
    sas: str = ""
    spatial: bool = False
    each_visit: bool = False
    contains: Literal["", "intercept", "any"] = ""
    cites: tuple[str, ...] = ()


COVARIANCES: Mapping[str, CovarianceName] = MappingProxyType(
    {
        "us": CovarianceName("unstructured", "structure", "UN", each_visit=True, contains="any"),
        "cs": CovarianceName("compound symmetry", "scaled", contains="intercept"),
        "csh": CovarianceName("heterogeneous compound symmetry", "scaled"),
        "ar1": CovarianceName("first-order autoregressive", "scaled", "AR(1)"),
        "ar1h": CovarianceName("heterogeneous first-order autoregressive", "scaled", "ARH(1)"),
        "toep": CovarianceName("Toeplitz", "scaled", contains="intercept"),
        "toeph": CovarianceName("heterogeneous Toeplitz", "scaled", each_visit=True),
        "ad": CovarianceName("ante-dependence", "scaled", each_visit=True),
        "adh": CovarianceName("heterogeneous ante-dependence", "scaled", "ANTE(1)", each_visit=True),
        "sp_exp": CovarianceName("spatial exponential", "spatial_exponential", "SP(EXP)", spatial=True),
        "sp_exp_nugget": CovarianceName(
            "spatial exponential with nugget", "spatial_exponential", "SP(EXP) LOCAL", spatial=True
        ),
    }
)
"""Short name -> what is known of the structure, in the order in which they are listed for a reader."""


def covariance_called(word: object) -> str | None:
    """Return the short name of a structure called by its short, long or SAS name in any case; None if there is none.

    Examples
    --------
    >>> covariance_called("Heterogeneous Toeplitz"), covariance_called("un"), covariance_called("diagonal")
    ('toeph', 'us', None)
    """
    asked = str(word).lower()
    for name, known in COVARIANCES.items():
        if asked in (name, known.long_name.lower(), known.sas.lower()):
            return name
    return None
