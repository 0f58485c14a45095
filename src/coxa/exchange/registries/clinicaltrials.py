"""Tables under the names that ClinicalTrials.gov gives the pieces of posted results (its API, version 2)."""

from __future__ import annotations

import pandas as pd

from coxa.exchange.registries.harms import harm_groups, harm_terms
from coxa.exchange.registries.measures import comparisons, outcomes
from coxa.exchange.registries.people import arm_titles, baseline, flow, whole
from coxa.exchange.shown import Shown

MILESTONES = {"started": "STARTED", "completed": "COMPLETED", "not completed": "NOT COMPLETED"}
TYPES = {"primary": "PRIMARY", "secondary": "SECONDARY"}
PARAMETERS = {
    "mean": "MEAN",
    "median": "MEDIAN",
    "count": "COUNT_OF_PARTICIPANTS",
    "marginal_mean": "LEAST_SQUARES_MEAN",
    "average": "LEAST_SQUARES_MEAN",
}
SPREADS = {"sd": "STANDARD_DEVIATION", "quartiles": "INTER_QUARTILE_RANGE"}
COMPARED = {
    "difference": "Mean Difference (Final Values)",
    "difference of changes": "Mean Difference (Net)",
    "risk_difference": "Risk Difference (RD)",
    "risk_ratio": "Risk Ratio (RR)",
    "odds_ratio": "Odds Ratio (OR)",
}
HYPOTHESES = {"noninferiority": "NON_INFERIORITY", "equivalence": "EQUIVALENCE"}


def clinicaltrials_tables(shown: Shown) -> dict[str, pd.DataFrame]:
    """Return participant flow, baseline, outcome measures, their analyses, and adverse events by group and by term."""
    return {
        "participant_flow": _flow(shown),
        "baseline_measures": _baseline(shown),
        "outcome_measures": _outcomes(shown),
        "outcome_analyses": _analyses(shown),
        "adverse_event_groups": _harm_groups(shown),
        "adverse_events": _harms(shown),
    }


def _grouped(shown: Shown, arms: pd.Series, prefix: str) -> dict[str, pd.Series]:
    titles = arm_titles(shown, prefix)
    return {"groupId": arms.map(lambda arm: titles[arm][0]), "groupTitle": arms.map(lambda arm: titles[arm][1])}


def _flow(shown: Shown) -> pd.DataFrame:
    rows = flow(shown)
    return pd.DataFrame(
        {
            "periodTitle": "Overall Study",
            "type": rows["status"].map(MILESTONES),
            "reason": rows["reason"],
            **_grouped(shown, rows["arm"], "FG"),
            "numSubjects": whole(rows["n"]),
        }
    )


def _baseline(shown: Shown) -> pd.DataFrame:
    rows = baseline(shown)
    return pd.DataFrame(
        {
            "title": rows["title"],
            "paramType": rows["kind"].map(PARAMETERS),
            "dispersionType": rows["spread_kind"].map(SPREADS),
            "unitOfMeasure": rows["unit"],
            "category": rows["category"],
            **_grouped(shown, rows["arm"], "BG"),
            "numSubjects": whole(rows["n"]),
            "value": rows["value"],
            "spread": rows["spread"],
            "lowerLimit": rows["low"],
            "upperLimit": rows["high"],
        }
    )


def _outcomes(shown: Shown) -> pd.DataFrame:
    rows = outcomes(shown)
    return pd.DataFrame(
        {
            "analysis": rows["analysis"],
            "type": rows["role"].map(TYPES).fillna("OTHER_PRE_SPECIFIED"),
            "title": rows["title"],
            "description": rows["description"],
            "populationDescription": rows["population"],
            "timeFrame": rows["time"],
            "paramType": rows["kind"].map(PARAMETERS).fillna("NUMBER"),
            "dispersionType": _interval(rows),
            "unitOfMeasure": rows["unit"],
            **_grouped(shown, rows["arm"], "OG"),
            "numSubjects": whole(rows["n"]),
            "value": rows["value"],
            "lowerLimit": rows["low"],
            "upperLimit": rows["high"],
        }
    )


def _interval(rows: pd.DataFrame) -> pd.Series:
    words = rows["level"].map("{:g}% Confidence Interval".format)
    return words.where(rows["low"].notna(), None)


def _analyses(shown: Shown) -> pd.DataFrame:
    rows, titles = comparisons(shown), arm_titles(shown, "OG")
    pairs = list(zip(rows["arm"], rows["reference"], strict=True))
    return pd.DataFrame(
        {
            "analysis": rows["analysis"],
            "title": rows["title"],
            "timeFrame": rows["time"],
            "groupIds": [" ".join(titles[arm][0] for arm in pair) for pair in pairs],
            "groupDescription": [" minus ".join(titles[arm][1] for arm in pair) for pair in pairs],
            "numSubjects": whole(rows["n"]),
            "nonInferiorityType": rows["type"].map(HYPOTHESES).fillna("SUPERIORITY"),
            "pValue": rows["p_value"],
            "statisticalMethod": rows["method"],
            "paramType": rows["term"].map(COMPARED).fillna(rows["term"].str.replace("_", " ")),
            "paramValue": rows["value"],
            "ciPctValue": rows["level"],
            "ciNumSides": "TWO_SIDED",
            "ciLowerLimit": rows["low"],
            "ciUpperLimit": rows["high"],
            "dispersionType": rows["std_error"].notna().map({True: "STANDARD_ERROR_OF_MEAN", False: None}),
            "dispersionValue": rows["std_error"],
        }
    )


def _harm_groups(shown: Shown) -> pd.DataFrame:
    rows = harm_groups(shown)
    return pd.DataFrame(
        {
            **_grouped(shown, rows["arm"], "EG"),
            "seriousNumAffected": whole(rows["serious"]),
            "seriousNumAtRisk": whole(rows["at_risk"]),
            "otherNumAffected": whole(rows["other"]),
            "otherNumAtRisk": whole(rows["at_risk"]),
        }
    )


def _harms(shown: Shown) -> pd.DataFrame:
    rows = harm_terms(shown)
    return pd.DataFrame(
        {
            "seriousness": rows["seriousness"],
            "term": rows["term"],
            "organSystem": pd.Series(None, rows.index, dtype=object),
            "notes": rows["kind"],
            **_grouped(shown, rows["arm"], "EG"),
            "numEvents": whole(rows["events"]),
            "numAffected": whole(rows["affected"]),
            "numAtRisk": whole(rows["at_risk"]),
        }
    )
