"""A fitted covariance in the words of the data: visits, groups, and the parameters as a reader calls them."""

from __future__ import annotations

import pandas as pd

from coxa.models.covariance.structure import Structure
from coxa.models.mmrm.data import RepeatedData
from coxa.models.numerics.covariances import of_groups, visit_times
from coxa.models.numerics.marginal_fit import MarginalFit
from coxa.models.numerics.stack import Stack


def covariance_frame(fitted: MarginalFit, found: RepeatedData) -> pd.DataFrame:
    """Return the covariance over visits; with groups one under the other."""
    labels = list(found.labels)
    if found.group is None:
        return pd.DataFrame(fitted.covariance[0], labels, labels)
    index = pd.MultiIndex.from_product([found.group_labels, labels], names=["group", "visit"])
    return pd.DataFrame(fitted.covariance.reshape(-1, len(labels)), index, labels)


def named_parameters(sums: Stack, fitted: MarginalFit, structure: Structure, found: RepeatedData) -> pd.Series:
    """Return the parameters of the covariance by name; with groups each name begins with its group."""
    named = {
        f"{group}: {name}" if group else name: value
        for g, (group, own) in enumerate(zip(found.group_labels, of_groups(sums, fitted.theta), strict=True))
        for name, value in structure.parameters(own, visit_times(sums, g), found.labels).items()
    }
    return pd.Series(named)
