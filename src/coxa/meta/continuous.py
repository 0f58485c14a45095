"""Effects of measured outcomes from means, standard deviations and numbers of participants."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from coxa.errors import check_option
from coxa.meta.effects import Effects, Floats, as_columns, refuse

Correction = Literal["exact", "approximate", "none"]
Spread = Literal["pooled", "reference"]


def mean_differences(
    mean: ArrayLike, sd: ArrayLike, n: ArrayLike, mean_reference: ArrayLike, sd_reference: ArrayLike,
    n_reference: ArrayLike,
) -> Effects:  # fmt: skip
    """Return differences of means with their sampling variances.

    Parameters
    ----------
    mean, sd, n
        Of the compared arm of each study: mean, standard deviation and participants with an outcome.
    mean_reference, sd_reference, n_reference
        Of the reference arm.

    Returns
    -------
    Effects
        Compared minus reference, in units of the outcome; variance sd²/n + sd_reference²/n_reference.

    Raises
    ------
    OptionError
        A spread is not positive, an arm has fewer than two participants, or columns differ in length.

    Examples
    --------
    >>> found = mean_differences([40.1], [13.0], [46], [35.2], [13.0], [49])
    >>> round(float(found.estimate[0]), 2), round(float(found.variance[0]) ** 0.5, 2)
    (4.9, 2.67)
    """
    first, spread, size, other, spread_other, size_other = _arms(
        mean, sd, n, mean_reference, sd_reference, n_reference
    )  # fmt: skip
    return Effects("md", first - other, spread**2 / size + spread_other**2 / size_other)


def standardised_mean_differences(
    mean: ArrayLike,
    sd: ArrayLike,
    n: ArrayLike,
    mean_reference: ArrayLike,
    sd_reference: ArrayLike,
    n_reference: ArrayLike,
    *,
    correction: Correction = "exact",
    spread: Spread = "pooled",
) -> Effects:
    """Return standardised mean differences (Hedges' g) with their sampling variances.

    Parameters
    ----------
    mean, sd, n
        Of the compared arm of each study: mean, standard deviation and participants with an outcome.
    mean_reference, sd_reference, n_reference
        Of the reference arm.
    correction
        Of small samples: "exact", J by gamma functions; "approximate", J = 1 - 3/(4 m - 1) with m degrees of freedom;
        or "none" (Cohen's d).
    spread
        By which differences are divided: "pooled" of both arms, or that of the "reference" arm (Glass's delta).

    Returns
    -------
    Effects
        Compared minus reference, in standard deviations; variance 1/n + 1/n_reference + g²/(2 m'), where m' is all
        participants, or those of the reference arm.

    Raises
    ------
    OptionError
        A spread is not positive, an arm has fewer than two participants, or columns differ in length.

    Notes
    -----
    Means at follow-up and changes may be pooled as raw differences; standardised ones are larger by the spread of
    change, which is not that of the outcome. Divide both by the spread of the outcome (`standardised`).

    References
    ----------
    Hedges LV. Journal of Educational Statistics 1981;6:107-128.

    Examples
    --------
    >>> found = standardised_mean_differences([5.1], [2.0], [20], [6.4], [2.2], [22])
    >>> round(float(found.estimate[0]), 3), round(float(found.variance[0]), 3)
    (-0.605, 0.1)
    """
    check_option("correction", correction, ("exact", "approximate", "none"))
    check_option("spread", spread, ("pooled", "reference"))
    first, sd_first, size, other, sd_other, size_other = _arms(
        mean, sd, n, mean_reference, sd_reference, n_reference
    )  # fmt: skip
    if spread == "pooled":
        df: Floats = size + size_other - 2
        divisor: Floats = np.sqrt(((size - 1) * sd_first**2 + (size_other - 1) * sd_other**2) / df)
        behind: Floats = size + size_other
    else:
        df, divisor, behind = size_other - 1, sd_other, size_other
    g = (first - other) / divisor * small_sample_factor(df, correction)
    return Effects("smd", g, 1 / size + 1 / size_other + g**2 / (2 * behind))


def small_sample_factor(df: ArrayLike, correction: Correction = "exact") -> Floats:
    """Return Hedges' J, by which a standardised difference of small samples is reduced.

    Parameters
    ----------
    df
        Degrees of freedom of the standard deviation.
    correction
        "exact", "approximate" or "none"; see `standardised_mean_differences`.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> small_sample_factor([10, 40]).round(4).tolist(), small_sample_factor([10], "approximate").round(4).tolist()
    ([0.9227, 0.9811], [0.9231])
    """
    check_option("correction", correction, ("exact", "approximate", "none"))
    (m,) = as_columns(df=df)
    refuse(m <= 1, "There is 1 degree of freedom or less", "Give studies with more participants.")
    if correction == "none":
        return np.ones_like(m)
    if correction == "approximate":
        return 1 - 3 / (4 * m - 1)
    return np.asarray(np.exp(gammaln(m / 2) - np.log(np.sqrt(m / 2)) - gammaln((m - 1) / 2)), dtype=float)


def single_means(mean: ArrayLike, sd: ArrayLike, n: ArrayLike) -> Effects:
    """Return means of single groups with their sampling variances.

    Parameters
    ----------
    mean, sd, n
        Mean, standard deviation and number of participants of each study.

    Returns
    -------
    Effects
        In units of the outcome; variance sd²/n.

    Raises
    ------
    OptionError
        A spread is not positive, or a group has fewer than two participants.

    Examples
    --------
    >>> single_means([-6.2, -8.0], [10, 12], [25, 36]).variance.tolist()
    [4.0, 4.0]
    """
    centre, spread, size = as_columns(mean=mean, sd=sd, n=n)
    _check(spread, size)
    return Effects("mean", centre, spread**2 / size)


def _arms(*given: ArrayLike) -> list[Floats]:
    names = ("mean", "sd", "n", "mean_reference", "sd_reference", "n_reference")
    columns = as_columns(**dict(zip(names, given, strict=True)))
    for spread, size in (columns[1:3], columns[4:6]):
        _check(spread, size)
    return columns


def _check(spread: Floats, size: Floats) -> None:
    refuse(spread <= 0, "A standard deviation is 0 or less", "Give the one of the paper, or leave the study out.")
    refuse(size < 2, "An arm has fewer than 2 participants", "Give the participants with an outcome.")
