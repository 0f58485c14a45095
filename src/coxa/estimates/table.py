"""The table of results that everything downstream reads: one row per number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from coxa.arguments import Kind
from coxa.cards import MOST, Card, counted
from coxa.errors import OptionError, check_known
from coxa.models.results.record import RESULT_COLUMNS, result_frame

TERMS = (
    "marginal_mean",
    "difference",
    "average",
    "slope",
    "auc",
    "difference_in_average",
    "difference_in_slope",
    "difference_in_auc",
    "linear_combination",
    "subgroup_difference",
    "difference_between_subgroups",
    "main_effect",
    "simple_effect",
    "interaction",
    "noninferiority",
    "superiority",
    "equivalence",
    "joint_test",
    "interaction_test",
    "risk",
    "risk_difference",
    "risk_ratio",
    "odds_ratio",
    "conditional_odds_ratio",
    "standardised_difference",
    "rate",
    "rate_ratio",
    "rate_difference",
    "number_needed_to_treat",
    "restricted_mean",
    "difference_in_restricted_means",
    "hazard_ratio",
    "subdistribution_hazard_ratio",
    "cumulative_odds_ratio",
    "level_share",
    "difference_in_shares",
    "win_probability",
    "win_ratio",
    "win_odds",
    "net_benefit",
    "complier_average_effect",
    "natural_indirect_effect",
    "natural_direct_effect",
    "total_effect",
    "effect_per_dose",
    "association_with_dose",
    "difference_at_value",
    "band_at_value",
    "modifier_test",
    "curvature_test",
    "shrunken_difference",
    "difference_by_exposure_time",
    "within_person_sd",
    "within_person_sd_ratio",
)
"""What a row can be. `estimate` is in units of the outcome (a slope per unit of time, an area times it, as `method`
says) down to equivalence, empty for the two tests of several differences together, a proportion (0 to 1) or a ratio
for those of counts (of a conditional odds ratio at one value of the random effects), in standard deviations for the
standardised difference, events per unit of exposure for rates and their difference, as `method` says, and days for
restricted means. Of ratios of rates, hazards, odds and wins the
`std_error` is that of the logarithm; a win probability (0 to 1) and a net benefit (-1 to 1) have scales of their own.
Rows of a level of an ordered outcome have it in `analysis`, as ``level=2``. Complier average, natural and total
effects are in units of the outcome, or proportions; an effect of a dose and an association with it are per unit of the
dose. A difference at a value of a modifier has the value in `analysis`, as ``age=60``; its band has limits that hold at
all values together. A shrunken difference is of a subgroup. A difference by exposure time has in `analysis` for how
many periods a cluster has had the treatment, as ``since=2``. The standard deviation within persons is in units of the
outcome, of an average participant; its ratio between two arms has the `std_error` of the logarithm."""

RATIOS = (
    "risk_ratio",
    "odds_ratio",
    "conditional_odds_ratio",
    "rate_ratio",
    "hazard_ratio",
    "subdistribution_hazard_ratio",
    "cumulative_odds_ratio",
    "win_ratio",
    "win_odds",
    "within_person_sd_ratio",
)
"""Kinds of rows that are ratios: 1 where the arms do not differ."""

NULLS = {**dict.fromkeys(RATIOS, 1.0), "win_probability": 0.5}
"""Kind of row -> its value where the arms do not differ; 0 where it is not here."""


def null_value(term: str) -> float:
    """Return the value of a comparison where the arms do not differ.

    Examples
    --------
    >>> null_value("difference"), null_value("hazard_ratio")
    (0.0, 1.0)
    """
    return NULLS.get(term, 0.0)


COURSES = ("difference_in_average", "difference_in_slope", "difference_in_auc")
"""Kinds of rows that compare two arms over the visits, with an empty `visit`."""


@dataclass(frozen=True, slots=True, repr=False)
class Estimates:
    """Results, one row per number, in the columns `coxa.models.results.record.RESULT_COLUMNS`.

    `arm` less (or over) `reference` is what a difference (or ratio) is; `term` says what kind of row it is
    (`TERMS`). Rows of a subgroup have it in `analysis`, as ``sex=female``, and keep it there when they are
    labelled: ``primary[sex=female]``. Numbers are not rounded. What does not apply is empty text or NaN. Add two
    to join them.

    Raises
    ------
    OptionError
        The frame has other columns, or a row of an unknown kind.

    Examples
    --------
    >>> e = Estimates.of([{"term": "difference", "arm": "exercise", "reference": "usual_care", "estimate": -4.5}])
    >>> len(e + e), e.frame["estimate"].tolist()
    (2, [-4.5])
    """

    frame: pd.DataFrame

    def __post_init__(self) -> None:
        if tuple(self.frame.columns) != RESULT_COLUMNS:
            raise OptionError(
                f"The table has the columns {', '.join(map(str, self.frame.columns))}. Give those of results: "
                f"{', '.join(RESULT_COLUMNS)}."
            )
        for term in pd.unique(self.frame["term"]):
            check_known("kind of result", term, TERMS)

    def __len__(self) -> int:
        return len(self.frame)

    def __add__(self, other: Estimates) -> Estimates:
        if not len(self) or not len(other):
            return other if not len(self) else self
        return Estimates(pd.concat([self.frame, other.frame], ignore_index=True))

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Estimates:
        """Collect rows that name some of the columns; the others are left empty.

        Examples
        --------
        >>> e = Estimates.of([{"term": "risk", "arm": "exercise", "estimate": 0.4, "n_participants": 50}])
        >>> e.frame[["arm", "reference", "estimate"]].to_dict("records")
        [{'arm': 'exercise', 'reference': '', 'estimate': 0.4}]
        """
        return cls(result_frame(rows))

    def only(self, **where: Any) -> Estimates:
        """Return the rows whose columns have these values.

        Raises
        ------
        OptionError
            A column is not one of a table of results.

        Examples
        --------
        >>> e = Estimates.of([{"term": "risk", "arm": "a"}, {"term": "risk", "arm": "b"}])
        >>> len(e.only(arm="b"))
        1
        """
        chosen = pd.Series(True, index=self.frame.index)
        for column, value in where.items():
            check_known("column", column, RESULT_COLUMNS)
            chosen &= self.frame[column] == value
        return Estimates(self.frame[chosen].reset_index(drop=True))

    def labelled(self, *, estimand: str | None = None, analysis: str | None = None) -> Estimates:
        """Return the same rows under the name of an estimand, of an analysis, or both.

        Examples
        --------
        >>> rows = [{"term": "difference"}, {"term": "subgroup_difference", "analysis": "sex=female"}]
        >>> Estimates.of(rows).labelled(analysis="main").frame["analysis"].to_list()
        ['main', 'main[sex=female]']
        """
        names: dict[str, Any] = {} if estimand is None else {"estimand": estimand}
        if analysis is not None:
            within = [subgroup_in(text) for text in self.frame["analysis"]]
            names["analysis"] = [f"{analysis}[{text}]" if text else analysis for text in within]
        return Estimates(self.frame.assign(**names))

    def __repr__(self) -> str:
        return estimates_card(self).text()

    def _repr_html_(self) -> str:
        return estimates_card(self).html()


LABELS = ("estimand", "analysis", "outcome", "visit", "term", "arm", "reference")
NUMBERS = ("estimate", "std_error", "conf_low", "conf_high", "p_value")


def estimates_card(estimates: Estimates) -> Card:
    """Return a table of estimates as it is shown: the columns that say something, numbers to three decimals."""
    frame = estimates.frame
    labels = [name for name in LABELS if frame[name].astype(str).ne("").any()]
    numbers = [name for name in NUMBERS if frame[name].notna().any()]
    rows = [
        [*(str(row[name]) for name in labels), *(decimals(name, row[name]) for name in numbers)]
        for row in frame.head(MOST).to_dict("records")
    ]
    title = counted(len(frame), "estimate")
    warned = int(frame["warning"].astype(str).ne("").sum())
    said = f"{counted(warned, 'row')} with a warning; " if warned else ""
    note = f"{said}`.frame` has every column"
    more = len(frame) - len(rows)
    return Card(title, {}, [*labels, *numbers], rows, more, note) if len(frame) else Card(title)


def decimals(name: str, value: Any) -> str:
    """Return a number as it is shown; empty where it does not apply.

    Examples
    --------
    >>> decimals("estimate", -5.71234), decimals("p_value", 0.00002), decimals("p_value", float("nan"))
    ('-5.712', '<0.001', '')
    """
    if pd.isna(value):
        return ""
    return "<0.001" if name == "p_value" and value < 0.001 else f"{value:.3f}"


def subgroup_in(analysis: str) -> str:
    """Return the subgroup named in a row's `analysis`, empty where there is none.

    Examples
    --------
    >>> [subgroup_in(text) for text in ("sex=female", "main[sex=female]", "main")]
    ['sex=female', 'sex=female', '']
    """
    inner = analysis.partition("[")[2].removesuffix("]") if analysis.endswith("]") else analysis
    return inner if "=" in inner else ""


ESTIMATES = Kind(
    (Estimates,), "a table of estimates (`Estimates`)", "Make one first, such as by `coxa.contrasts(fit)`."
)
