"""Tables as EudraCT asks for them; those of adverse events under the names that its upload has."""

from __future__ import annotations

import pandas as pd

from coxa.exchange.registries.harms import harm_groups, harm_terms
from coxa.exchange.registries.measures import comparisons, outcomes
from coxa.exchange.registries.people import arm_titles, baseline, flow, whole
from coxa.exchange.shown import Shown

TYPES = {"primary": "Primary", "secondary": "Secondary"}
MEASURES = {
    "mean": "Arithmetic mean",
    "median": "Median",
    "count": "Number of subjects",
    "marginal_mean": "Least squares mean",
    "average": "Least squares mean",
}
SPREADS = {"sd": "Standard deviation", "quartiles": "Inter-quartile range (Q1-Q3)"}
COMPARED = {
    "difference": "Mean difference (final values)",
    "difference of changes": "Mean difference (net)",
    "risk_difference": "Risk difference (RD)",
    "risk_ratio": "Risk ratio (RR)",
    "odds_ratio": "Odds ratio (OR)",
}


def eudract_tables(shown: Shown) -> dict[str, pd.DataFrame]:
    """Return subject disposition, baseline characteristics, end points, their analyses, and adverse events."""
    return {
        "subject_disposition": _disposition(shown),
        "baseline_characteristics": _baseline(shown),
        "end_points": _end_points(shown),
        "statistical_analyses": _analyses(shown),
        "adverse_events_group": _harm_groups(shown),
        "adverse_events_serious": _harms(shown, "serious"),
        "adverse_events_non_serious": _harms(shown, "other"),
    }


def _titles(shown: Shown, arms: pd.Series) -> pd.Series:
    titles = arm_titles(shown, "")
    return arms.map(lambda arm: titles[arm][1])


def _disposition(shown: Shown) -> pd.DataFrame:
    rows = flow(shown)
    return pd.DataFrame(
        {
            "period": "Overall trial" if shown.study.words.allocates else "Overall study",
            "arm": _titles(shown, rows["arm"]),
            "status": rows["status"].str.capitalize(),
            "reason": rows["reason"],
            "subjects": whole(rows["n"]),
        }
    )


def _baseline(shown: Shown) -> pd.DataFrame:
    rows = baseline(shown)
    return pd.DataFrame(
        {
            "characteristic": rows["title"],
            "category": rows["category"],
            "unit": rows["unit"],
            "reportingGroup": _titles(shown, rows["arm"]),
            "subjects": whole(rows["n"]),
            "measureType": rows["kind"].map(MEASURES),
            "value": rows["value"],
            "dispersionType": rows["spread_kind"].map(SPREADS),
            "dispersionValue": rows["spread"],
            "lowerLimit": rows["low"],
            "upperLimit": rows["high"],
        }
    )


def _end_points(shown: Shown) -> pd.DataFrame:
    rows = outcomes(shown)
    return pd.DataFrame(
        {
            "analysis": rows["analysis"],
            "endPointTitle": rows["title"],
            "endPointDescription": rows["description"],
            "endPointType": rows["role"].map(TYPES).fillna("Other pre-specified"),
            "timeFrame": rows["time"],
            "subjectAnalysisSet": rows["population"],
            "reportingGroup": _titles(shown, rows["arm"]),
            "subjectsAnalysed": whole(rows["n"]),
            "measureType": rows["kind"].map(MEASURES).fillna("Number"),
            "unit": rows["unit"],
            "value": rows["value"],
            "precisionType": _interval(rows),
            "lowerLimit": rows["low"],
            "upperLimit": rows["high"],
        }
    )


def _interval(rows: pd.DataFrame) -> pd.Series:
    words = rows["level"].map("{:g}% confidence interval".format)
    return words.where(rows["low"].notna(), None)


def _analyses(shown: Shown) -> pd.DataFrame:
    rows = comparisons(shown)
    groups = _titles(shown, rows["arm"]) + " v " + _titles(shown, rows["reference"])
    return pd.DataFrame(
        {
            "analysis": rows["analysis"],
            "endPointTitle": rows["title"],
            "timeFrame": rows["time"],
            "comparisonGroups": groups,
            "subjectsInAnalysis": whole(rows["n"]),
            "analysisSpecification": "Pre-specified",
            "analysisType": rows["type"].replace({"noninferiority": "non-inferiority"}),
            "pValue": rows["p_value"],
            "method": rows["method"],
            "parameterType": rows["term"].map(COMPARED).fillna(rows["term"].str.replace("_", " ")),
            "pointEstimate": rows["value"],
            "confidenceLevel": rows["level"],
            "sides": "2-sided",
            "lowerLimit": rows["low"],
            "upperLimit": rows["high"],
            "variabilityEstimate": rows["std_error"].notna().map({True: "Standard error of the mean", False: None}),
            "dispersionValue": rows["std_error"],
        }
    )


def _harm_groups(shown: Shown) -> pd.DataFrame:
    rows = harm_groups(shown)
    return pd.DataFrame(
        {
            "title": _titles(shown, rows["arm"]),
            "deathsResultingFromAdverseEvents": pd.Series(pd.NA, rows.index, dtype="Int64"),
            "subjectsAffectedBySeriousAdverseEvents": whole(rows["serious"]),
            "subjectsAffectedByNonSeriousAdverseEvents": whole(rows["other"]),
            "subjectsExposed": whole(rows["at_risk"]),
            "deathsAllCauses": pd.Series(pd.NA, rows.index, dtype="Int64"),
        }
    )


def _harms(shown: Shown, seriousness: str) -> pd.DataFrame:
    every = harm_terms(shown)
    rows = every[every["seriousness"] == seriousness].reset_index(drop=True)
    columns = {
        "groupTitle": _titles(shown, rows["arm"]),
        "subjectsAffected": whole(rows["affected"]),
        "occurrences": whole(rows["events"]),
        "term": rows["term"],
        "eutctId": pd.Series(None, rows.index, dtype=object),
    }
    if seriousness == "other":
        return pd.DataFrame(columns)
    unknown = pd.Series(pd.NA, rows.index, dtype="Int64")
    return pd.DataFrame(
        {
            **columns,
            "occurrencesCausallyRelatedToTreatment": whole(rows["related"]),
            "deaths": unknown,
            "deathsCausallyRelatedToTreatment": unknown,
        }
    )
