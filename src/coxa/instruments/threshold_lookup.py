"""Published thresholds, each of one population, treatment context and method.

"The MCID" of an instrument does not exist: values differ severalfold between populations and treatments, so
a threshold is given only where what was asked for names exactly one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import get_args

import pandas as pd

from coxa.arguments import kinds
from coxa.errors import OptionError, check_known
from coxa.instruments.definition import Instrument, ThresholdKind
from coxa.instruments.load import INSTRUMENT, as_instrument, instrument_names

# "The MCID" is said of all of these; whoever asks for it is shown all.
IMPORTANT_CHANGE = ("mcid", "mcii", "mic", "mid")


@dataclass(frozen=True, slots=True)
class Threshold:
    """One published threshold.

    kind      : mic, mcii, mcid, mid (important change), mdc, sdc (measurement error), scb, pass (a state)
    scale     : None where it was published for all scales together
    value     : the threshold in `unit`; None where only a range was published
    low, high : the range published with or instead of the value
    evidence  : primary where read in the publication or its abstract, secondary where in another source

    Examples
    --------
    >>> from coxa.instruments import threshold
    >>> found = threshold("hoos", "mic", population="hip_oa")
    >>> found.kind, found.low, found.high
    ('mic', 6.0, 10.0)
    """

    instrument: str
    kind: str
    scale: str | None
    value: float | None
    low: float | None
    high: float | None
    unit: str
    population: str
    context: str
    method: str
    citation: str
    evidence: str

    def as_text(self) -> str:
        """Return the threshold as one line."""
        span = f"{self.low:g} to {self.high:g}" if self.low is not None else ""
        number = span if self.value is None else f"{self.value:g}" + (f" ({span})" if span else "")
        scale = self.scale or "all scales"
        place = f"population={self.population}, context={self.context}"
        return f"{self.kind} {number}, scale={scale}, {place} [{self.citation}]"


COLUMNS = tuple(field.name for field in fields(Threshold))


@kinds(instrument=INSTRUMENT)
def threshold(
    instrument: str | Instrument,
    kind: str,
    *,
    scale: str | None = None,
    population: str | None = None,
    context: str | None = None,
) -> Threshold:
    """Return the one published threshold that fits, or refuse and list those that could be meant.

    Parameters
    ----------
    instrument : str or Instrument
        The instrument, or the name of one that ships.
    kind : {"mic", "mcii", "mcid", "mid", "mdc", "sdc", "scb", "pass"}
        "mcid" stands for any important change (mcid, mcii, mic, mid), as it is used loosely.
    scale, population, context : str, optional
        What it was published for, as in `thresholds(instrument)`. The population or the context is always named,
        though only one may be known: a value of those who had surgery is none for those who exercise. A threshold
        published for all scales together fits any scale.

    Raises
    ------
    OptionError
        If neither population nor context is named, none fits, or several do; the message lists them with their
        population and context.

    Examples
    --------
    >>> threshold("hoos", "mic", population="hip_oa").low
    6.0
    >>> threshold("ihot_12", "pass", context="nonoperative_12_months").value
    63.0
    """
    definition = as_instrument(instrument)
    check_known("threshold", kind, get_args(ThresholdKind))
    if scale is not None:
        definition.choose_scales(scale)
    kinds = IMPORTANT_CHANGE if kind == "mcid" else (kind,)
    every = published(definition)
    fitting = [
        one
        for one in every
        if one.kind in kinds
        and population in (None, one.population)
        and context in (None, one.context)
        and scale in (None, one.scale or scale)
    ]
    if len(fitting) == 1 and (population, context) != (None, None):
        return fitting[0]
    raise OptionError(_refusal(f"{kind} of {definition.name}", (scale, population, context), fitting, every))


def _refusal(
    what: str, asked: tuple[str | None, str | None, str | None], fitting: list[Threshold], every: tuple[Threshold, ...]
) -> str:
    """Say why no one threshold was found, with those that could be meant."""
    named = zip(("scale", "population", "context"), asked, strict=True)
    given = ", ".join(f"{name} {word}" for name, word in named if word is not None)
    what += f" for {given}" if given else ""
    listed = "".join(f"\n  {one.as_text()}" for one in fitting or every)
    if not fitting:
        return f"There is no threshold for {what}" + (
            f". Choose one of these:{listed}" if listed else ", nor any other."
        )
    populations = ", ".join(dict.fromkeys(one.population for one in fitting))
    if asked[1] is None and asked[2] is None:
        return f"The {what} differs between populations. Name the population ({populations}) or the context:{listed}"
    return f"Several thresholds fit {what}. Name the scale, population and context, one of:{listed}"


@kinds(instrument=INSTRUMENT)
def thresholds(instrument: str | Instrument | None = None) -> pd.DataFrame:
    """Return the published thresholds, one row each; columns as the fields of `Threshold`.

    Parameters
    ----------
    instrument : str or Instrument, optional
        One instrument; without one, all that ship.

    Examples
    --------
    >>> thresholds("hos")[["kind", "scale", "value"]]
       kind  scale  value
    0   mdc    NaN    3.0
    1  mcid    adl    9.0
    2  mcid  sport    6.0
    3  pass    adl   66.0
    """
    names = instrument_names() if instrument is None else (instrument,)
    found = [one for name in names for one in published(as_instrument(name))]
    return pd.DataFrame([[getattr(one, column) for column in COLUMNS] for one in found], columns=list(COLUMNS))


def published(instrument: Instrument) -> tuple[Threshold, ...]:
    """Return the thresholds in an instrument's file, in its order."""
    units = {name: scale.unit for name, scale in instrument.scales.items()}
    return tuple(
        Threshold(
            instrument=instrument.name,
            kind=one.kind,
            scale=one.scale,
            value=one.value,
            low=one.range[0] if one.range else None,
            high=one.range[1] if one.range else None,
            unit=units[one.scale or next(iter(units))],
            population=one.population,
            context=one.context,
            method=one.method,
            citation=one.citation,
            evidence=one.evidence,
        )
        for one in instrument.thresholds
    )
