"""The methods section says once what analyses share, and of each only what differs."""

from __future__ import annotations

import re
from dataclasses import replace

from coxa.report.report import Report
from coxa.report.topics.methods.alike import differing, methods_in_words, population_of_all
from coxa.report.topics.methods.analyses import method_sentences
from tests.spec.small_trial import report, with_holm

QUOTED = re.compile("As for \N{LEFT DOUBLE QUOTATION MARK}(.*?)\N{RIGHT DOUBLE QUOTATION MARK}")


def with_alike() -> Report:
    """Return the report as if the plan had Holm's adjustment, and two analyses more that are like the primary one."""
    made = with_holm(report())
    primary, whole = report().study.analyses["primary"], made.study.analyses
    more = {name: primary.model_copy(update={"role": "sensitivity", "label": name}) for name in ("Again", "Once more")}
    study = made.study.model_copy(update={"analyses": {**whole, **more}})
    return replace(made, study=study, fits={**made.fits, **dict.fromkeys(more, made.fits["primary"])})


def paragraphs(made: Report) -> dict[str, str]:
    """Return label -> paragraph of each analysis."""
    return {one.label: str(text) for one, text in zip(made.study.planned_analyses, methods_in_words(made), strict=True)}


def test_an_analysis_is_described_by_what_differs_from_one_before_it() -> None:
    said = paragraphs(with_alike())
    assert said["Again"] == (
        "Again (sensitivity). As for \N{LEFT DOUBLE QUOTATION MARK}Primary\N{RIGHT DOUBLE QUOTATION MARK}, except as "
        "follows. P-values were not adjusted for multiplicity."
    )
    assert said["Once more"] == (
        "Once more (sensitivity). As for \N{LEFT DOUBLE QUOTATION MARK}Again\N{RIGHT DOUBLE QUOTATION MARK}."
    )


def test_an_estimand_that_handles_an_event_otherwise_is_said() -> None:
    made = with_alike()
    own = made.study.estimands["primary"]
    events = {name: how.model_copy(update={"strategy": "treatment_policy"}) for name, how in
              own.intercurrent_events.items()}  # fmt: skip
    other = own.model_copy(update={"intercurrent_events": events})
    analyses = dict(made.study.analyses)
    analyses["Again"] = analyses["Again"].model_copy(update={"estimand": "other"})
    estimands = {**made.study.estimands, "other": other}
    study = made.study.model_copy(update={"analyses": analyses, "estimands": estimands})
    said = paragraphs(replace(made, study=study, datasets={**made.datasets, "other": made.datasets["primary"]}))
    wanted = "Hip surgery: treatment policy (values are used whether or not the event happened)."
    assert f"except as follows. {wanted}" in said["Again"]
    assert wanted not in said["Primary"]


def test_every_sentence_on_an_analysis_is_in_its_paragraph_or_in_those_that_it_refers_to() -> None:
    made = with_alike()
    said = paragraphs(made)
    of_all = str(population_of_all(made)).replace("Population of all analyses", "Population")
    assert of_all.startswith("Population: all randomised participants")
    assert not any(of_all in text for text in said.values())
    for planned in made.study.planned_analyses:
        own = whole = said[planned.label]
        while found := QUOTED.search(own):
            own = said[found.group(1)]
            whole += own
        assert all(str(sentence) in f"{whole} {of_all}" for sentence in method_sentences(made, planned))


def test_an_analysis_without_a_sentence_in_place_of_one_is_described_as_a_whole() -> None:
    shared = ["A model was fitted.", "Degrees of freedom: t.", "Missing outcomes: none imputed."]
    assert differing([*shared, "Tests of it were two-sided."], shared) == ["Tests of it were two-sided."]
    assert differing(shared, [*shared, "Tests of it were two-sided."]) is None
    assert differing([*shared, "Tests of it were one-sided."], [*shared, "Tests of it were two-sided."]) is not None


def test_analyses_that_share_little_are_not_compared() -> None:
    assert differing(["A model was fitted.", "One."], ["A model was fitted.", "Two."]) is None
