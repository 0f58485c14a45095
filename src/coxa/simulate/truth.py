"""What a simulator planted, and what each estimand is worth under it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from coxa.arguments import FRAME, kinds
from coxa.cards import Card, Carded, shown
from coxa.errors import CoxaError, not_allowed

if TYPE_CHECKING:
    import pandas as pd

Obtained = Literal["exact", "simulation"]

AT_VALUES = ("difference_at_value", "band_at_value", "subgroup_difference", "shrunken_difference")
"""Terms of the rows of estimates that are of a value or a level of a modifier."""

OF_CURVES = (
    "estimand", "analysis", "term", "modifier", "value", "visit", "arm", "reference", "truth", "estimate", "conf_low",
    "conf_high", "inside",
)  # fmt: skip

OF_FACTORS = ("main_effect", "interaction")
"""Terms of a factorial plan that are of factors, which may bear the names of arms."""


@dataclass(frozen=True, slots=True)
class TrueValue:
    """The value of one estimand, for one arm against the reference at one visit.

    value             : in the units of the estimand (points, a difference in proportions, or a ratio)
    monte_carlo_error : standard error of `value`; 0 where it is exact
    obtained          : exact, or a large simulation
    term              : kind of row of the estimates that it is the truth of; empty for a difference

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> trial.truth.value("primary", "exercise", "year_1").reference
    'usual_care'
    """

    estimand: str
    outcome: str
    measure: str
    visit: str
    arm: str
    reference: str
    value: float
    monte_carlo_error: float
    obtained: Obtained
    term: str = ""


@dataclass(frozen=True, slots=True)
class TrueCurve:
    """The value of an estimand over what modifies it, for one arm against the reference at one visit.

    modifier          : the covariate, or `baseline`
    values            : of the modifier, rising; or its levels
    differences       : the difference between the arms at each, in the units of the estimand
    monte_carlo_error : the largest standard error of a difference; 0 where they are exact
    obtained          : exact, or a large simulation

    Examples
    --------
    >>> curve = TrueCurve("primary", "week_6", "exercise", "usual_care", "age", (40.0, 80.0), (0.0, -8.0), 0.0, "exact")
    >>> curve.at([50, 60, 90]).tolist()
    [-2.0, -4.0, nan]
    """

    estimand: str
    visit: str
    arm: str
    reference: str
    modifier: str
    values: tuple[float, ...] | tuple[str, ...]
    differences: tuple[float, ...]
    monte_carlo_error: float
    obtained: Obtained

    @property
    def of_levels(self) -> bool:
        """Whether the modifier is a category."""
        return any(isinstance(value, str) for value in self.values)

    def at(self, asked: Sequence[Any] | NDArray[Any]) -> NDArray[np.float64]:
        """Return (n,) the difference at some values or levels; NaN where it is not known."""
        if self.of_levels:
            known = dict(zip(map(str, self.values), self.differences, strict=True))
            return np.array([known.get(str(value), np.nan) for value in asked])
        places = np.array(asked, dtype=float)
        return np.interp(places, np.array(self.values, dtype=float), self.differences, left=np.nan, right=np.nan)


@dataclass(frozen=True, slots=True, repr=False)
class Truth(Carded):
    """What was planted, and the value of each estimand under the generator.

    planted : the generator's parameters, plain numbers and words
    values  : one per estimand, visit and compared arm
    how     : how the values were obtained, in a sentence
    curves  : the value over what modifies it, where that is planted or asked for
    in_clinic : the value in the patients that a result is carried to, all of them, where the plan assumes what they are
                like

    Examples
    --------
    >>> value = TrueValue("primary", "pain", "difference", "week_6", "exercise", "usual_care", -5.0, 0.0, "exact")
    >>> truth = Truth({"effect": -5.0}, (value,), "the mean difference is as planted")
    >>> truth.value("primary", "exercise").value
    -5.0
    """

    planted: Mapping[str, Any]
    values: tuple[TrueValue, ...]
    how: str
    curves: tuple[TrueCurve, ...] = ()
    in_clinic: tuple[TrueValue, ...] = ()

    def card(self) -> Card:
        """Return what a terminal and a notebook show: the value of each estimand."""
        names = ("estimand", "outcome", "visit", "arm", "reference", "value")
        rows = [[shown(getattr(item, name)) for name in names] for item in self.values]
        return Card("Planted truth", {"Obtained": self.how}, names, rows)

    @property
    def estimands(self) -> tuple[str, ...]:
        """Names of the estimands with a value."""
        return tuple(dict.fromkeys(item.estimand for item in self.values))

    def value(self, estimand: str, arm: str, visit: str | None = None) -> TrueValue:
        """Return the true value of an estimand for an arm; `visit` may be left out where there is only one.

        The main effects and the interaction of a factorial plan are in `values` alone.

        Raises
        ------
        CoxaError
            If there is none, or more than one; the message says what there is.
        """
        if estimand not in self.estimands:
            raise CoxaError(not_allowed("estimand", estimand, self.estimands))
        mine = [item for item in self.values if item.estimand == estimand and item.term not in OF_FACTORS]
        found = [item for item in mine if item.arm == arm and visit in (None, item.visit)]
        if len(found) != 1:
            there = ", ".join(f"{item.arm} at {item.visit}" for item in mine)
            raise CoxaError(
                f"{len(found)} true values of {estimand} fit arm {arm!r} and visit {visit!r}. Choose from "
                f"these: {there}."
            )
        return found[0]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per true value, columns as the fields of `TrueValue`."""
        import pandas as pd

        return pd.DataFrame([asdict(item) for item in self.values], columns=[field.name for field in fields(TrueValue)])

    @kinds(estimates=FRAME)
    def beside(self, estimates: pd.DataFrame) -> pd.DataFrame:
        """Return the true values beside the estimates of them.

        Parameters
        ----------
        estimates
            Result columns; rows are joined on estimand, visit, arm and reference, whatever the analysis. Of an estimand
            that is no difference only the rows of its summary are taken, such as hazard ratios.

        Returns
        -------
        DataFrame
            estimand, analysis, visit, arm, reference, truth, estimate, conf_low, conf_high, and `inside`: whether
            the truth lies in the interval. In the order of `estimates`; rows without a known truth are not there.
        """
        keys = ["estimand", "visit", "arm", "reference"]
        known = self.to_frame().dropna(subset="value").rename(columns={"value": "truth", "term": "of"})
        known = known[[*keys, "truth", "of"]]
        both = estimates.astype(dict.fromkeys(keys, "str")).merge(known.astype(dict.fromkeys(keys, "str")), on=keys)
        both = both[both["of"].eq("") | both["of"].eq(both["term"])] if "term" in both else both
        inside = both["truth"].between(both["conf_low"], both["conf_high"])
        shown = ["estimand", "analysis", *keys[1:], "truth", "estimate", "conf_low", "conf_high"]
        return both[shown].assign(inside=inside)

    def curve(self, estimand: str, modifier: str, arm: str, visit: str) -> TrueCurve | None:
        """Return the value of an estimand over a modifier; None where it is not known."""
        asked = (estimand, modifier, arm, visit)
        return next((one for one in self.curves if (one.estimand, one.modifier, one.arm, one.visit) == asked), None)

    @kinds(estimates=FRAME)
    def beside_curves(self, estimates: pd.DataFrame) -> pd.DataFrame:
        """Return the true curves beside the estimates of them, at the values of the estimates.

        Parameters
        ----------
        estimates
            Result columns; rows of differences at values of a number, with their band, and in the levels of a category
            are taken.

        Returns
        -------
        DataFrame
            estimand, analysis, term, modifier, value, visit, arm, reference, truth, estimate, conf_low, conf_high, and
            `inside`: whether the truth lies between the limits. Limits of `band_at_value` are for all values together.
        """
        import pandas as pd

        rows = []
        mine = estimates[estimates["term"].isin(AT_VALUES)]
        for row in mine.astype({"analysis": "str"}).to_dict("records"):
            name, _, value = str(row["analysis"]).partition("[")[2].removesuffix("]").partition("=")
            curve = self.curve(str(row["estimand"]), name, str(row["arm"]), str(row["visit"]))
            if curve is None or str(row["reference"]) != curve.reference:
                continue
            truth = float(curve.at([value])[0])
            if truth == truth:
                named = {key: row[key] for key in ("estimand", "analysis", "term")}
                named |= {"modifier": name, "value": value, **{key: row[key] for key in ("visit", "arm", "reference")}}
                limits = {key: row[key] for key in ("estimate", "conf_low", "conf_high")}
                inside = bool(row["conf_low"] <= truth <= row["conf_high"])
                rows.append({**named, "truth": truth, **limits, "inside": inside})
        return pd.DataFrame(rows, columns=list(OF_CURVES))

    @classmethod
    def from_json(cls, text: str) -> Truth:
        """Return the truth that `to_json` wrote."""
        held = json.loads(text)
        curves = tuple(
            TrueCurve(**{**one, "values": tuple(one["values"]), "differences": tuple(one["differences"])})
            for one in held.get("curves", [])
        )
        values, clinic = (tuple(TrueValue(**item) for item in held.get(name, [])) for name in ("values", "in_clinic"))
        return cls(held["planted"], values, held["how"], curves, clinic)

    def to_json(self) -> str:
        """Return everything as JSON, in a fixed order; numbers with six decimals, more than is known of them."""
        whole: dict[str, Any] = {"how": self.how, "values": [_of_value(one) for one in self.values]}
        if self.in_clinic:
            whole["in_clinic"] = [_of_value(one) for one in self.in_clinic]
        if self.curves:
            whole["curves"] = [_of_curve(one) for one in self.curves]
        return json.dumps({**whole, "planted": self.planted}, indent=1) + "\n"


def _of_value(value: TrueValue) -> dict[str, Any]:
    """Return a value as plain values, numbers with six decimals."""
    return {
        key: round(word, 6) if isinstance(word, float) else word
        for key, word in asdict(value).items()
        if key != "term" or word
    }


def _of_curve(curve: TrueCurve) -> dict[str, Any]:
    """Return a curve as plain values, numbers with six decimals."""
    held = asdict(curve)
    values = [round(value, 6) if isinstance(value, float) else value for value in curve.values]
    rounded = [round(value, 6) for value in curve.differences]
    return {**held, "values": values, "differences": rounded, "monte_carlo_error": round(curve.monte_carlo_error, 6)}
