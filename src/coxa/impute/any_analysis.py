"""Any analysis of every imputed data set, as a function from a frame to a table of estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import pandas as pd

from coxa.errors import OptionError
from coxa.estimates.table import RATIOS, Estimates
from coxa.impute.analysed import LABELS, Analysed


class Frames(Protocol):
    """Imputed data sets that can be read one after the other."""

    def frames(self) -> Iterator[pd.DataFrame]:
        """Yield one data set after the other."""


def analyse_each(imputed: Frames, analysis: Callable[[pd.DataFrame], Estimates], *, method: str = "") -> Analysed:
    """Analyse every imputed data set by any function that takes a frame and gives a table of estimates.

    Parameters
    ----------
    imputed : Imputations or CountImputations
    analysis : function
        Takes a frame of `Imputations.frames`, and returns the same rows each time, such as
        ``lambda d: coxa.contrasts(coxa.fit_mmrm("change ~ arm * visit", d))``.
    method : str
        What it is called; by default by the method of its first row.

    Returns
    -------
    Analysed
        Ratios are kept as logarithms; rows without a standard error are left out.

    Raises
    ------
    OptionError
        The rows are not the same in all data sets, or none has a standard error.

    Examples
    --------
    >>> from coxa.impute import draw_parameters, impute_outcomes, incomplete_outcomes
    >>> from coxa.estimates import contrasts
    >>> from coxa.models import fit_ancova, fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(40), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 40})
    >>> d["arm"] = np.where(who % 2, "a", "b")
    >>> d["change"] = rng.normal(size=40)[who] + rng.normal(size=80)
    >>> d.loc[[1, 3], "change"] = np.nan
    >>> fit = fit_mmrm("change ~ arm * visit", d)
    >>> imputed = impute_outcomes(fit, incomplete_outcomes(fit, d, reference="b"), draw_parameters(fit, 10))
    >>> results = analyse_each(imputed, lambda d: contrasts(fit_ancova("change ~ arm", d, at_visit="week_2"), "arm"))
    >>> results.estimates.shape
    (10, 1)
    """
    estimates, variances, dfs = [], [], []
    labels: pd.DataFrame | None = None
    n, said = 0, method
    for data in imputed.frames():
        frame = analysis(data).frame
        frame = frame[frame["std_error"].notna()].reset_index(drop=True)
        own = frame[list(LABELS)]
        if labels is None:
            labels = own
            n = int(frame["n_participants"].fillna(0).max()) if len(frame) else 0
            said = method or (str(frame["method"].iloc[0]) if len(frame) else "")
        if not len(own) or not own.equals(labels):
            raise OptionError(
                "The analysis does not give the same rows with a standard error in every imputed data set. Name arms "
                "and visits in it, so that they do not depend on the data."
            )
        ratio = frame["term"].isin(RATIOS).to_numpy()
        values = frame["estimate"].to_numpy(dtype=float)
        estimates.append(np.where(ratio, np.log(np.where(ratio, values, 1.0)), values))
        variances.append(frame["std_error"].to_numpy(dtype=float) ** 2)
        dfs.append(frame["df"].fillna(np.inf).to_numpy(dtype=float))
    if labels is None:
        raise OptionError("There is no imputed data set. Draw the parameters at least twice.")
    return Analysed(labels, np.array(estimates), np.array(variances), np.mean(dfs, axis=0), n, said)
