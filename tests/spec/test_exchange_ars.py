"""The analysis results standard: its classes, references that lead somewhere, and the numbers of the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from coxa.errors import OptionError
from coxa.exchange import to_ars
from coxa.exchange.ars.build import ars_text, operation_id
from coxa.report.analyse import analyse
from coxa.report.build import build_document
from coxa.report.record import NotFitted
from coxa.report.trace.provenance import provenance
from coxa.report.trace.results import results_frame
from coxa.tables.records import records
from tests.reference.analysis_results_standard import schema
from tests.spec import clinic, small_trial
from tests.spec.events_trial import made


@cache
def event(share: bool = False) -> dict[str, Any]:
    return to_ars(small_trial.report(), share=share)


def identifiers(part: Any) -> Iterator[str]:
    """Yield every `id` below a part."""
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "id")
        for value in part.values():
            yield from identifiers(value)
    elif isinstance(part, list):
        for value in part:
            yield from identifiers(value)


def references(part: Any) -> Iterator[str]:
    """Yield everything that a part refers to by an identifier."""
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key.endswith("Id") and isinstance(value, str))
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


@pytest.mark.some(1)
@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("design", ["parallel", "cohort"])
def test_it_has_the_classes_of_the_standard(design: str, share: bool) -> None:
    jsonschema.validate(to_ars(made(design), share=share), schema())


def test_what_is_no_term_of_the_standard_is_found_by_the_schema() -> None:
    wrong = {**event(), "analyses": [{**event()["analyses"][0], "reason": {"controlledTerm": "BY CHANCE"}}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema())


def test_identifiers_are_unique_and_every_reference_leads_to_one() -> None:
    listed = list(identifiers(event()))
    assert len(set(listed)) == len(listed)
    assert set(references(event())) <= set(listed)


def test_each_analysis_of_the_plan_has_its_population_its_method_and_the_recorded_call() -> None:
    report = small_trial.report()
    facts = provenance(report)
    analyses = {one["id"]: one for one in event()["analyses"]}
    assert list(analyses) == list(report.study.analyses)
    assert {one["analysisSetId"] for one in analyses.values()} == {"SET.full_analysis_set"}
    assert event()["analysisSets"][0]["condition"]["variable"] == "FASFL"
    assert analyses["primary"]["programmingCode"]["code"] == facts["models"]["primary"]["call"]
    assert len(analyses["simpler"]["programmingCode"]["code"].splitlines()) == len(report.fits["simpler"])
    assert analyses["primary"]["purpose"] == {"controlledTerm": "PRIMARY OUTCOME MEASURE"}
    assert analyses["simpler"]["purpose"] == {"sponsorTermId": "TERM.sensitivity"}
    assert (analyses["primary"]["variable"], analyses["response"]["variable"]) == ("CHG", "CRIT1FL")


@pytest.mark.parametrize("share", [False, True])
def test_every_number_is_that_of_the_results_data_set(share: bool) -> None:
    report = small_trial.report()
    frame = results_frame(report, build_document(report, share=share))
    frame = frame[frame["cell"].str.match(r"T\d+\.") & frame["analysis"].isin(list(report.study.analyses))]
    shown = {
        (operation_id(row["analysis"], row["term"], row["statistic"]), row["arm"], row["reference"], row["visit"]): row
        for row in reversed(records(frame))
    }
    found = 0
    for analysis in event(share)["analyses"]:
        for result in analysis["results"]:
            groups = {one["groupingId"]: one["groupId"].partition(".")[2] for one in result["resultGroups"]}
            key = (result["operationId"], *(groups.get(name, "") for name in ("ARM", "REF", "VISIT")))
            row = shown.get(key) or shown[(key[0], "total", *key[2:])]
            if "rawValue" in result:
                assert float(result["rawValue"]) == row["value"]
            assert result["formattedValue"] in row["shown"]
            found += 1
    assert found == len(shown) > 100


def test_hidden_numbers_have_no_value() -> None:
    results = [result for analysis in event(share=True)["analyses"] for result in analysis["results"]]
    hidden = [result for result in results if result["formattedValue"] == "*"]
    assert hidden
    assert not any("rawValue" in result for result in hidden)


def test_an_analysis_that_could_not_be_fitted_has_no_result() -> None:
    report = small_trial.report()
    estimates = report.estimates.frame
    without = replace(
        report,
        fits={**report.fits, "simpler": ()},
        estimates=replace(report.estimates, frame=estimates[estimates["analysis"] != "simpler"]),
        not_fitted={"simpler": NotFitted("the matrix is singular")},
    )
    analysis = next(one for one in to_ars(without)["analyses"] if one["id"] == "simpler")
    assert analysis["description"].startswith("The model could not be fitted")
    assert "programmingCode" not in analysis
    assert not [one for one in analysis["results"] if ".difference." in one["operationId"]]


def test_the_same_report_gives_the_same_text() -> None:
    assert ars_text(event()) == ars_text(to_ars(small_trial.report()))


def test_a_study_without_arms_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="The analysis results standard needs a plan with arms"):
        to_ars(analyse(clinic.clinic(tmp_path)))
