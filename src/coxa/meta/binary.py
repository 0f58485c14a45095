"""Effects of counts: risk ratios, odds ratios and risk differences; Mantel-Haenszel and Peto."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from coxa.cards import Carded
from coxa.errors import OptionError, check_option
from coxa.meta.effects import Effects, Floats, as_columns, refuse, studies_named

BinaryMeasure = Literal["rr", "or", "rd"]
BINARY: tuple[BinaryMeasure, ...] = ("rr", "or", "rd")


@dataclass(frozen=True, slots=True, repr=False)
class CommonEffect(Carded):
    """One effect of all studies together: its estimate, a logarithm for ratios, and its standard error.

    Examples
    --------
    >>> from coxa.meta import mantel_haenszel
    >>> found = mantel_haenszel([51], [66], [20], [68])
    >>> round(found.estimate, 3), round(found.std_error, 3)
    (0.966, 0.199)
    """

    measure: BinaryMeasure
    estimate: float
    std_error: float


def count_effects(
    events: ArrayLike,
    n: ArrayLike,
    events_reference: ArrayLike,
    n_reference: ArrayLike,
    *,
    measure: BinaryMeasure = "rr",
    add: float = 0.5,
    labels: Sequence[str] | None = None,
) -> Effects:
    """Return effects of counts with their sampling variances.

    Parameters
    ----------
    events, n
        Participants with the event, and all, in the compared arm of each study.
    events_reference, n_reference
        Of the reference arm.
    measure
        "rr" (logarithm of the risk ratio), "or" (of the odds ratio) or "rd" (risk difference).
    add
        What is added to each of the four cells of a study that has a zero among them.
    labels
        Of the studies, for the notes.

    Returns
    -------
    Effects
        Compared against reference. A study without events in either arm, or with events only, has no ratio: it is
        NaN, and a note names it.

    Raises
    ------
    OptionError
        There are more events than participants, negative counts, or columns of different lengths.

    Examples
    --------
    >>> found = count_effects([51, 0], [66, 20], [20, 3], [68, 20], labels=["LEAP", "Small 2001"])
    >>> round(float(np.exp(found.estimate[0])), 2), found.notes
    (2.63, ('0.5 was added to each cell of Small 2001, in which one is zero.',))
    """
    check_option("measure", measure, BINARY)
    a, n1, c, n2 = _counts(events, n, events_reference, n_reference)
    b, d = n1 - a, n2 - c
    zero = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    silent = ((a == 0) & (c == 0)) | ((b == 0) & (d == 0)) if measure != "rd" else np.zeros_like(zero)
    more = np.where(zero, add, 0.0)
    a, b, c, d = a + more, b + more, c + more, d + more
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, variance = _effects(a, b, c, d, measure)
    notes = []
    if (corrected := np.flatnonzero(zero & ~silent)).size:
        notes.append(
            f"{add:g} was added to each cell of {studies_named(corrected.tolist(), labels)}, in which one is zero."
        )
    if (left_out := np.flatnonzero(silent)).size:
        notes.append(
            f"{studies_named(left_out.tolist(), labels)}: both arms have no event, or events only, so that there is no "
            "ratio; the study is left out."
        )
    estimate, variance = np.where(silent, np.nan, estimate), np.where(silent, np.nan, variance)
    return Effects(measure, estimate, variance, tuple(notes))


def _effects(a: Floats, b: Floats, c: Floats, d: Floats, measure: BinaryMeasure) -> tuple[Floats, Floats]:
    """Return estimate and variance from the four cells: events and no events, compared and reference."""
    n1, n2 = a + b, c + d
    if measure == "rr":
        return np.log(a / n1) - np.log(c / n2), 1 / a - 1 / n1 + 1 / c - 1 / n2
    if measure == "or":
        return np.log(a * d) - np.log(b * c), 1 / a + 1 / b + 1 / c + 1 / d
    return a / n1 - c / n2, a * b / n1**3 + c * d / n2**3


def mantel_haenszel(
    events: ArrayLike,
    n: ArrayLike,
    events_reference: ArrayLike,
    n_reference: ArrayLike,
    *,
    measure: BinaryMeasure = "rr",
) -> CommonEffect:
    """Return the common effect of Mantel and Haenszel; counts of zero need no correction.

    Parameters
    ----------
    events, n, events_reference, n_reference
        Counts of each study; see `count_effects`.
    measure
        "rr", "or" or "rd".

    Returns
    -------
    CommonEffect
        Variances by Greenland and Robins (risk ratio), Robins, Breslow and Greenland (odds ratio), and Sato (risk
        difference).

    Raises
    ------
    OptionError
        No study has an event in each arm together, so that there is no ratio.

    References
    ----------
    Greenland S, Robins JM. Biometrics 1985;41:55-68. Robins J, Breslow N, Greenland S. Biometrics 1986;42:311-323.
    Sato T. Biometrics 1989;45:1323-1324.

    Examples
    --------
    >>> found = mantel_haenszel([51, 26], [66, 36], [20, 6], [68, 35])
    >>> round(float(np.exp(found.estimate)), 2)
    3.0
    """
    check_option("measure", measure, BINARY)
    a, n1, c, n2 = _counts(events, n, events_reference, n_reference)
    b, d, total = n1 - a, n2 - c, n1 + n2
    if measure == "rd":
        weight = n1 * n2 / total
        estimate = float(np.sum((a * n2 - c * n1) / total) / np.sum(weight))
        p = (n1**2 * c - n2**2 * a + n1 * n2 * (n2 - n1) / 2) / total**2
        q = (a * d + b * c) / (2 * total)
        variance = (estimate * np.sum(p) + np.sum(q)) / np.sum(weight) ** 2
        return CommonEffect(measure, estimate, float(variance**0.5))
    above, below = (a * n2 / total, c * n1 / total) if measure == "rr" else (a * d / total, b * c / total)
    r, s = float(np.sum(above)), float(np.sum(below))
    if r == 0 or s == 0:
        raise OptionError("All studies together have no event in one arm, so that there is no ratio. Pool `rd`.")
    if measure == "rr":
        variance = np.sum((n1 * n2 * (a + c) - a * c * total) / total**2) / (r * s)
    else:
        p, q = (a + d) / total, (b + c) / total
        variance = (
            np.sum(p * above) / (2 * r**2)
            + np.sum(p * below + q * above) / (2 * r * s)
            + np.sum(q * below) / (2 * s**2)
        )
    return CommonEffect(measure, float(np.log(r / s)), float(variance**0.5))


def peto(events: ArrayLike, n: ArrayLike, events_reference: ArrayLike, n_reference: ArrayLike) -> CommonEffect:
    """Return Peto's common odds ratio, for rare events and arms of similar size.

    Parameters
    ----------
    events, n, events_reference, n_reference
        Counts of each study; see `count_effects`.

    Returns
    -------
    CommonEffect
        Logarithm of the odds ratio: observed minus expected events, over the hypergeometric variance.

    Raises
    ------
    OptionError
        No study has an event.

    References
    ----------
    Yusuf S, Peto R, Lewis J, Collins R, Sleight P. Progress in Cardiovascular Diseases 1985;27:335-371.

    Examples
    --------
    >>> round(float(np.exp(peto([1, 0], [60, 80], [4, 3], [60, 80]).estimate)), 3)
    0.214
    """
    a, n1, c, n2 = _counts(events, n, events_reference, n_reference)
    total, all_events = n1 + n2, a + c
    information = np.sum(all_events * n1 * (n2 / total) * (total - all_events) / (total * (total - 1)))
    if information == 0:
        raise OptionError("No study has an event, so that there is no odds ratio. Pool `rd`.")
    return CommonEffect("or", float(np.sum(a - n1 * all_events / total) / information), float(information**-0.5))


def _counts(*given: ArrayLike) -> list[Floats]:
    columns = as_columns(**dict(zip(("events", "n", "events_reference", "n_reference"), given, strict=True)))
    for events, n in (columns[:2], columns[2:]):
        refuse(n < 1, "An arm has no participants", "Give the participants of each arm.")
        refuse((events < 0) | (events > n), "The events are negative or more than the participants", "Correct them.")
    return columns
