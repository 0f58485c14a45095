"""What a simulator planted, and what each estimand is worth under it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from coxa.arguments import FRAME, kinds
from coxa.cards import Card, Carded, shown
from coxa.errors import CoxaError, not_allowed

if TYPE_CHECKING:
    import pandas as pd

Obtained = Literal["exact", "simulation"]

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


@dataclass(frozen=True, slots=True, repr=False)
class Truth(Carded):
    """What was planted, and the value of each estimand under the generator.

    planted : the generator's parameters, plain numbers and words
    values  : one per estimand, visit and compared arm
    how     : how the values were obtained, in a sentence

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

    @classmethod
    def from_json(cls, text: str) -> Truth:
        """Return the truth that `to_json` wrote."""
        held = json.loads(text)
        return cls(held["planted"], tuple(TrueValue(**item) for item in held["values"]), held["how"])

    def to_json(self) -> str:
        """Return everything as JSON, in a fixed order; numbers with six decimals, more than is known of them."""
        values = [
            {
                key: round(word, 6) if isinstance(word, float) else word
                for key, word in asdict(item).items()
                if key != "term" or word
            }
            for item in self.values
        ]
        return json.dumps({"how": self.how, "values": values, "planted": self.planted}, indent=1) + "\n"
