"""The page of an audit: its sentences, its tables, what is hidden in every form, and its letters."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader

from coxa.clinics.audit import Audit
from coxa.clinics.page.build import build_page
from coxa.clinics.page.letters import letters
from coxa.clinics.run import audit_clinics
from coxa.cohort.disposition import COUNT_COLUMNS, Disposition
from coxa.disclosure.protect import Certificate
from coxa.report.document import FORMATS, Card, Document, List, Paragraph, TableBlock
from coxa.report.output.render import render_document
from coxa.tables.prose import Prose, Text, cells_of
from coxa.tables.table import Table
from tests.spec.clinic_audit import CLINICS, SMALL, audit, plan

MARK = 97531
"""A count that is nowhere else on a page."""

CERTIFICATE = Certificate(5, 9, 0, False, 310, 42, 60, 7.0, False, 1, {"optimal": 60})

TRIAL_WORDS = re.compile(
    r"\b(arms?|randomi\w+|allocat\w+|treatment effects?|effects?|placebo|blinded)\b", re.IGNORECASE
)

IN_TEXT = re.compile(
    r"\b\d{1,2} [A-Z][a-z]+ \d{4}|\d{4}-\d\d-\d\d|\d{4} Q\d|"
    r"9[59](\.8)?%|99\.8|\d+ in 1,000|\d+ of 1,000|\d+ (in|of) 100"
)
"""Days, periods and levels of limits: numbers of a sentence that are no result."""


@dataclass(frozen=True)
class Hidden:
    """An audit with hidden numbers, as it is published."""

    audit: Audit
    certificate: Certificate = CERTIFICATE
    found: Mapping[str, int] = field(default_factory=lambda: {"warning": 3})

    def note(self) -> str:
        return "Not shown (*): a count from 1 to 4, or a number that would give it away."


@pytest.fixture(scope="module")
def page() -> Document:
    return build_page(audit())


def with_mark(whole: Audit, mark: float) -> Audit:
    """Return an audit in which the numbers of a small clinic are a mark; NaN hides them, as `publish` does."""
    counts = {}
    for dimensions, frame in whole.completeness.counts.items():
        small = (frame["clinic"] == SMALL).to_numpy() if "clinic" in dimensions else pd.Series(False, frame.index)
        columns = [name for name in frame if name not in dimensions]
        counts[dimensions] = frame.astype(dict.fromkeys(columns, float)).mask(
            pd.DataFrame({name: small if name in columns else False for name in frame}, index=frame.index), mark
        )
    complete = replace(whole.completeness, counts=counts)
    mixes = {}
    for name, found in whole.case_mix.items():
        numbers = found.clinics.select_dtypes("number").columns
        clinics = found.clinics.astype(dict.fromkeys(numbers, float)).set_index("clinic")
        clinics.loc[SMALL, list(numbers)] = mark
        clinics.loc[SMALL, ["position", "position_95"]] = "" if pd.isna(mark) else "within"
        mixes[name] = replace(found, clinics=clinics.reset_index())
    return replace(whole, completeness=complete, case_mix=mixes)


def paragraphs(document: Document) -> list[str]:
    return [str(block.text) for block in document.sections[0].blocks if isinstance(block, Paragraph)]


def table(document: Document, name: str) -> Table:
    return next(one for one in document.tables() if one.id == name)


def rows(document: Document, name: str) -> dict[str, list[str]]:
    return {row.label: [cell.text for cell in row.cells] for row in table(document, name).rows()}


def texts(document: Document) -> Iterator[Text]:
    """Yield every sentence of a page: paragraphs, lists, cards, notes, and what figures say."""
    for section in document.walk():
        yield section.title
        for block in section.blocks:
            match block:
                case Paragraph(text):
                    yield text
                case List(items):
                    yield from items
                case Card(facts=facts):
                    yield from (text for _, text in facts)
    for one in document.tables():
        yield from (one.title, *(note.text for note in one.footnotes), *(column.label for column in one.columns))
    yield from (figure.words for figure in document.figures())


def read(form: str, made: str | bytes) -> str:
    """Return all text of a page in one of its forms, and in HTML everything else too."""
    if isinstance(made, str):
        return made
    if form == "pdf":
        return "".join(each.extract_text() for each in PdfReader(io.BytesIO(made)).pages)
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        return "".join(parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml"))


def test_page_one_says_how_many_which_standards_are_met_how_complete_how_we_compare_and_what_changes(
    page: Document,
) -> None:
    episodes, standards, complete, position, change, caution = paragraphs(page)
    assert episodes == (
        "From 3 January 2022 to 20 December 2024, 2340 eligible episodes began in 12 clinics; 2310 patients were seen. "
        "The data were taken on 31 March 2025."
    )
    assert complete == (
        "Of 1988 discharge questionnaires that were due, 1418 were completed in time: 71.3% (69.3% to 73.3%) with "
        "its 95% confidence interval, against a target of 80.0%. Counting forms would have claimed 74.1%."
    )
    assert re.sub(r"\s", " ", position) == (
        "Adjusted for case mix, pain improved by 2.00 points on average (n = 1404); 2 of 12 clinics are outside the "
        "99.8% limits. Above: Northgate, 2.90 (limits 1.22 to 2.78, n = 156). Below: Parkside, 1.08 (limits 1.25 to "
        "2.75, n = 192). Clinics differ more than chance alone explains (p < 0.001), and the limits allow for that: "
        "within the limits does not mean equal. Of the differences in improvement that case mix does not explain, 6.0% "
        "are between clinics and 4.0% between therapists; the rest are between patients of the same therapist."
    )
    assert standards == (
        "Standards of care in all clinics, with 95% confidence intervals. Red flags asked for: 86.0% (84.5% to 87.3%), "
        "below its target of 95.0%."
    )
    assert change.startswith(
        "At the last point of each chart (2024 Q4 at the latest), 6 of 65 charts show a change that chance alone "
        "does not explain. Concern: questionnaires complete in Parkside, 30.8% (limits 32.9% to 90.2%, n = 26); "
    )
    assert caution.startswith(
        "Caution: The outcome is missing for 28.7% of the episodes that were due. 1 clinic has fewer"
    )


def test_a_clinic_is_found_at_a_glance_with_its_interval_limits_position_and_signals(page: Document) -> None:
    glance = rows(page, "clinics-at-a-glance")
    assert list(glance) == list(CLINICS)
    assert glance["Parkside"] == [
        "320", "79.0% (73.8% to 83.5%)", "1.08", "1.25 to 2.75", "Below", "Concern: completeness, mean change",
    ]  # fmt: skip
    assert glance["Riverside"][4] == "Within; above the 95% limits"


def test_groups_that_answer_less_often_are_named_with_a_difference_and_its_interval(page: Document) -> None:
    missing = rows(page, "who-is-missing")
    assert missing["below 40"] == ["289", "144", "49.8% (44.1% to 55.6%)", "−30.2 (−36.4 to −23.8)"]
    assert missing["60 or more"][-1] == "reference"


def test_every_result_in_a_sentence_is_a_cell_with_its_address(page: Document) -> None:
    for block in page.sections[0].blocks:
        if isinstance(block, Paragraph):
            assert isinstance(block.text, Prose)
            words = "".join(piece for piece in block.text.pieces if isinstance(piece, str))
            words = re.sub(r"fewer than 30 episodes", "", IN_TEXT.sub("", words))
            assert not re.search(r"\d", words), words
            assert all(cell.statistics for cell in cells_of(block.text) if re.search(r"\d", cell.text))


def test_clinics_are_not_described_in_the_words_of_a_trial(page: Document) -> None:
    wrong = {str(text) for text in texts(page) if TRIAL_WORDS.search(str(text))}
    assert not wrong


@pytest.fixture(scope="module")
def shown() -> Document:
    return build_page(with_mark(audit(), MARK))


@pytest.fixture(scope="module")
def hidden() -> Document:
    return build_page(Hidden(with_mark(audit(), float("nan"))))


@pytest.mark.some(1)
@pytest.mark.parametrize("form", FORMATS)
def test_a_hidden_number_is_in_no_form_of_the_page(shown: Document, hidden: Document, form: str) -> None:
    assert str(MARK) in read(form, render_document(shown, form))
    text = read(form, render_document(hidden, form))
    assert str(MARK) not in text
    assert "Not shown (*)" in re.sub(r"\s+", " ", text)


def test_hidden_numbers_are_a_sign_with_a_note_and_have_no_statistics(hidden: Document) -> None:
    assert rows(hidden, "clinics-at-a-glance")[SMALL][:5] == ["*"] * 5
    assert rows(hidden, "complete-by-clinic")[SMALL] == ["*"] * 6
    assert rows(hidden, "trust-pain")[SMALL] == ["*"] * 6
    cells = [cell for one in hidden.tables() for row in one.rows() for cell in row.cells if cell.text == "*"]
    assert all(pd.isna(one.value) for cell in cells for one in cell.statistics)
    notes = [str(note.text) for note in table(hidden, "trust-pain").footnotes]
    assert notes[-1].startswith("Not shown (*)")
    assert SMALL not in set(next(one for one in hidden.figures() if one.id == "funnel-pain").data["clinic"])


def test_a_published_page_keeps_no_more_digits_than_it_prints() -> None:
    hidden = build_page(Hidden(audit()))
    assert [one.value for one in table(hidden, "trust-pain").statistics()][:3] == [2.07, 1.72, 2.43]
    facts = dict(next(block for block in hidden.sections[0].blocks if isinstance(block, Card)).facts)
    assert str(facts["Privacy"]).startswith("All tables together have 310 different counts, of which 42 are hidden.")


def test_a_part_that_is_not_there_is_replaced_by_its_reason() -> None:
    whole = audit()
    why = "Too few clinics for a model."
    empty = replace(whole.case_mix["pain"], clinics=whole.case_mix["pain"].clinics.iloc[:0], without=why)
    counts = {(): whole.completeness.counts[()], ("clinic",): whole.completeness.counts[("clinic",)]}
    made = build_page(
        replace(
            whole,
            case_mix={"pain": empty},
            series=(),
            shares=(),
            rates=(),
            literature=whole.literature.iloc[:0],
            completeness=replace(whole.completeness, counts=counts, weights=pd.DataFrame(), without="No descriptor."),
            without={"series": "Three periods are too few for a chart."},
        )
    )
    said = [str(text) for text in texts(made)]
    assert why in said
    assert "Three periods are too few for a chart." in said
    assert all(section.blocks or section.sections for section in made.walk())
    assert render_document(made, "html")


def test_choices_are_in_the_page_where_it_has_tables_to_choose_from_and_nowhere_else(page: Document) -> None:
    html = str(render_document(page, "html"))
    assert 'data-groups="Clinic" data-rows="Condition"' in html
    assert 'data-groups="Clinic" data-rows="Year"' in html
    assert "Choose what the tables show" in html
    assert "Choose what the tables show" not in str(render_document(next(iter(letters(audit()).values())), "html"))
    kept = [block.choices for section in page.walk() for block in section.blocks if isinstance(block, TableBlock)]
    assert ("Clinic", "Year") in kept


def test_the_page_is_written_in_the_style_of_the_plan() -> None:
    made = build_page(audit(plan(style="lancet")))
    assert made.style == "lancet"
    assert rows(made, "clinics-at-a-glance")["Parkside"][2] == "1·08"


def test_a_letter_has_the_numbers_of_its_own_unit_and_of_all() -> None:
    made = letters(audit())
    assert len(made) == len(CLINICS) * 3
    for clinic in CLINICS:
        letter = made[f"clinic-{clinic.lower().replace(' ', '-')}"]
        cells = [cell for one in letter.tables() for row in one.rows() for cell in row.cells]
        cells += [cell for text in texts(letter) for cell in cells_of(text)]
        assert {one.arm for cell in cells for one in cell.statistics} <= {clinic, "all"}
        assert not [other for other in CLINICS if other != clinic and other in str(render_document(letter, "html"))]


def test_a_letter_says_where_a_clinic_is_what_is_changing_and_what_small_numbers_cannot_say() -> None:
    made = letters(audit())["clinic-parkside"]
    said = paragraphs(made)
    assert said[2] == (
        "Adjusted for case mix, pain of your patients improved by 1.08 points (n = 192); in all clinics by 2.00. "
        "The 99.8% limits are 1.25 to 2.75. That is lower than chance and the usual differences between clinics "
        "explain."
    )
    assert any("could show a difference from the others of 0.95 points or more" in text for text in said)
    small = paragraphs(letters(audit())["clinic-west-end"])
    assert any(text.startswith("You have few patients with an outcome.") for text in small)


@pytest.mark.parametrize("form", FORMATS)
def test_a_letter_is_one_page_in_every_form(form: str) -> None:
    made = render_document(letters(audit())["therapist-mill-lane-t03"], form)
    assert "Your numbers: T03, Mill Lane" in re.sub(r"\s+", " ", read(form, made))
    if isinstance(made, bytes) and form == "pdf":
        assert len(PdfReader(io.BytesIO(made)).pages) == 1


def test_a_letter_draws_its_own_place_and_no_other_clinic() -> None:
    figure = next(letters(audit())["clinic-parkside"].figures())
    assert figure.alt == "Yours: 1.08; mean of all: 2.00; 95% limits 1.52 to 2.48; 99.8% limits 1.25 to 2.75."
    assert figure.svg().count("<circle") == 1
    hidden = letters(Hidden(with_mark(audit(), float("nan"))))["clinic-west-end"]
    assert not list(hidden.figures())


def test_a_total_that_is_hidden_is_not_taken_for_none() -> None:
    whole = audit()
    share = whole.shares[1]
    gone = replace(share, events=float("nan"), clinics=share.clinics.assign(events=float("nan"), share=float("nan")))
    none = replace(share, events=0, clinics=share.clinics.assign(events=0, share=0.0))
    hidden, zero = (rows(build_page(Hidden(replace(whole, shares=(each,)))), "reached") for each in (gone, none))
    assert hidden["Worse pain"][1:3] == ["*", "*"]
    assert zero["Worse pain"][1] == "0"


def test_a_chart_that_is_hidden_is_neither_a_signal_nor_the_absence_of_one() -> None:
    whole = audit()
    series = tuple(
        one for one in whole.series if one.clinic != SMALL and (one.clinic, one.measure) != ("Harbour", "change")
    )
    glance = rows(build_page(Hidden(replace(whole, series=series))), "clinics-at-a-glance")
    assert glance[SMALL][-1] == "*"
    assert glance["Harbour"][-1] == "No signal"
    shown = table(build_page(Hidden(replace(whole, series=series))), "clinics-at-a-glance")
    assert "Changing in the last period: as far as charts of the clinic are shown." in map(
        str, (note.text for note in shown.footnotes)
    )


def test_a_column_that_is_hidden_as_a_whole_is_left_out_and_named() -> None:
    whole = audit()
    counts = dict(whole.completeness.counts)
    counts["clinic",] = counts["clinic",].assign(forms=float("nan"))
    made = build_page(Hidden(replace(whole, completeness=replace(whole.completeness, counts=counts))))
    of_therapists = table(made, "complete-by-therapist")
    assert [str(one.label) for one in of_therapists.columns][-1] == "Counting forms"
    of_clinics = table(made, "complete-by-clinic")
    assert [row.cells[-1].text for row in of_clinics.rows()] == ["*"] * 12 + ["74.1%"]
    counts["period",] = counts["period",].assign(forms=float("nan"))
    made = build_page(Hidden(replace(whole, completeness=replace(whole.completeness, counts=counts))))
    of_periods = table(made, "complete-by-period")
    assert "Counting forms" not in [str(one.label) for one in of_periods.columns]
    assert "Left out, as no number of it can be shown: Counting forms." in [
        str(one.text) for one in of_periods.footnotes
    ]


def test_a_published_reason_has_no_count_of_people() -> None:
    whole = audit()
    why = "The change of 4 episodes is known. A case-mix model needs 30 or more."
    none = replace(whole.case_mix["pain"], clinics=whole.case_mix["pain"].clinics.iloc[:0], without=why)
    changed = replace(whole, case_mix={"pain": none}, without={"discharge_date": "3 of 90 episodes have no discharge."})
    own, published = (" ".join(map(str, texts(build_page(each)))) for each in (changed, Hidden(changed)))
    assert why in own
    assert "3 of 90" in own
    assert "4 episodes" not in published
    assert "3 of 90" not in published
    assert "There are too few episodes with an outcome for a case-mix model." in published


def test_patients_are_hidden_with_the_episodes_that_they_nearly_are() -> None:
    whole = audit()
    counts = dict(whole.completeness.counts)
    counts[()] = counts[()].astype(float).assign(eligible=float("nan"))
    made = build_page(Hidden(replace(whole, completeness=replace(whole.completeness, counts=counts))))
    assert "* eligible episodes began in 12 clinics; * patients were seen" in paragraphs(made)[0]


def test_patients_are_not_counted_where_the_data_do_not_name_them(tmp_path: Path) -> None:
    whole = audit()
    assert "patient" not in whole.without
    days = "2024-01-08,2024-03-04"
    lines = [f"{k},{'AB'[k % 2]},{days},{4 + k % 5},{k % 4},{30 + k},female" for k in range(40)]
    head = "episode,clinic,intake_date,discharge_date,pain_intake,pain_discharge,age,sex"
    (tmp_path / "episodes.csv").write_text("\n".join([head, *lines]), encoding="utf-8")
    of = plan(outcomes={"pain": {"instrument": "nprs"}}, standards={}, targets={}, recalculate=[])
    found = audit_clinics(of, tmp_path / "episodes.csv").without
    assert "each episode counts as a patient" in found["patient"]
    made = build_page(replace(whole, without={**whole.without, "patient": "Each episode is one."}))
    assert "; each counts as a patient, since the data have no column of patients. The data" in paragraphs(made)[0]


def test_a_plan_without_descriptors_has_a_page() -> None:
    made = build_page(audit(plan(descriptors={}, standards={}, targets={})))
    assert "Adjusted for: value at intake." in " ".join(map(str, texts(made)))


def test_clinics_whose_position_is_hidden_are_not_counted_as_within() -> None:
    made = build_page(Hidden(with_mark(audit(), float("nan"))))
    assert "2 of 11 clinics whose numbers are shown are outside the 99.8% limits." in paragraphs(made)[3]


def test_few_findings_and_few_rows_that_were_left_out_are_not_counted() -> None:
    counts = pd.DataFrame([["reading", "episodes", "a.csv", "rows", 100, 97, 0, 3]], columns=list(COUNT_COLUMNS))
    whole = replace(audit(), disposition=Disposition(counts=counts))
    own, published = build_page(whole), build_page(Hidden(whole))
    assert rows(own, "rows")["Reading: episodes"] == ["rows", "100", "97", "0", "3"]
    assert "rows" not in {one.id for one in published.tables()}
    said = " ".join(map(str, texts(published)))
    assert "their numbers would tell of few people" in said
    assert "Rows with findings of the checks: fewer than 5 warnings." in said


def test_a_page_of_which_nearly_everything_is_hidden_is_drawn_without_the_hidden_points() -> None:
    whole = with_mark(audit(), float("nan"))
    mixes = {}
    for name, found in whole.case_mix.items():
        clinics = found.clinics.assign(**{one: float("nan") for one in found.clinics.select_dtypes("number")})
        recovery = found.recovery.assign(expected=float("nan"))
        bands = found.calibration.assign(observed=float("nan"))
        mixes[name] = replace(found, target=float("nan"), clinics=clinics, recovery=recovery, calibration=bands)
    nothing = [replace(one, n=0, events=0, clinics=one.clinics.assign(adjusted=float("nan"), share=float("nan")))
               for one in whole.shares]  # fmt: skip
    document = build_page(Hidden(replace(whole, case_mix=mixes, shares=tuple(nothing))))
    figures = list(document.figures())
    assert figures
    assert not [one.id for one in figures if one.id.startswith(("funnel", "recovery", "calibration"))]
    for one in figures:
        assert "NaN" not in one.spec()
        assert one.svg().startswith("<svg")


def test_where_many_episodes_have_no_day_of_discharge_the_share_is_said_to_be_an_upper_limit() -> None:
    whole = audit()
    told = replace(whole, without={**whole.without, "discharge_date": "Many have no day of discharge."})
    counts = {**whole.completeness.counts}
    counts[()] = counts[()].assign(of_done=counts[()]["of"])
    told = replace(told, completeness=replace(whole.completeness, counts=counts))
    complete = paragraphs(build_page(told))[2]
    assert "That share is an upper limit: many episodes" in complete
    assert "Counting forms gives" in complete
    assert "missing for" not in " ".join(paragraphs(build_page(told)))
    assert "upper limit" not in paragraphs(build_page(whole))[2]


def test_within_the_limits_is_not_said_to_be_equal_where_clinics_are_few_or_differ() -> None:
    def position(p_value: float, n_clinics: int) -> str:
        whole = audit()
        mixes = {**whole.case_mix, "pain": replace(whole.case_mix["pain"], p_value=p_value, n_clinics=n_clinics)}
        return re.sub(r"\s", " ", paragraphs(build_page(replace(whole, case_mix=mixes)))[3])

    assert "Clinics differ more than chance alone explains (p = 0.012)" in position(0.012, 12)
    assert "With so few clinics, the numbers cannot show whether they differ" in position(0.4, 3)
    assert "does not mean equal" not in position(0.4, 12)


def test_a_unit_within_the_limits_that_is_probably_different_is_not_told_that_it_is_like_the_others() -> None:
    said = " ".join(paragraphs(letters(audit())["clinic-riverside"]))
    assert "within the 99.8% limits, but probably higher than the mean of all" in said
    whole = audit()
    main = whole.case_mix["pain"]
    clinics = main.clinics.assign(
        shrunken_high=main.clinics["shrunken_high"].where(main.clinics["clinic"] != "Harbour", 1.9)
    )
    moved = replace(whole, case_mix={**whole.case_mix, "pain": replace(main, clinics=clinics)})
    assert "but probably lower than" in " ".join(paragraphs(letters(moved)["clinic-harbour"]))
    assert "does not mean that it equals the others" in " ".join(paragraphs(letters(whole)["clinic-harbour"]))


def test_a_letter_has_of_all_clinics_only_what_the_page_shows() -> None:
    whole = audit()
    counts = {**whole.completeness.counts}
    counts[()] = counts[()].astype(float).assign(of_done=float("nan"))
    shares = tuple(
        replace(one, events=float("nan"), clinics=one.clinics.assign(events=float("nan"))) for one in whole.shares
    )
    shown = replace(whole, completeness=replace(whole.completeness, counts=counts), shares=shares, rates=())
    letter = letters(whole, Hidden(shown))["clinic-parkside"]
    cells = rows(letter, "own-numbers")
    assert cells["Completed in time"][1] == "*"
    assert (
        cells["Completed in time"][0] == rows(letters(whole)["clinic-parkside"], "own-numbers")["Completed in time"][0]
    )
    assert cells["Important improvement in pain (95% CI)"][1] == "*"
    assert [cell[1] for label, cell in cells.items() if label.startswith("Sessions attended")] == ["*"]
    assert "in all clinics *" in paragraphs(letter)[1]


def test_lost_patients_cannot_improve_by_more_than_the_scale() -> None:
    whole = audit()
    main = whole.case_mix["pain"]
    clinics = main.clinics.assign(lost_low=-13.5, lost_high=4.0)
    made = build_page(replace(whole, case_mix={**whole.case_mix, "pain": replace(main, clinics=clinics)}))
    assert rows(made, "trust-pain")["Parkside"][-2:] == ["not possible", "4.00"]


def test_methods_name_the_condition_and_the_square_that_the_model_has() -> None:
    whole = audit()
    main = whole.case_mix["pain"]
    more = pd.DataFrame({"term": ["intake score", "intake score", "condition"], "level": ["", "squared", "knee"]})
    both = pd.concat([more.assign(estimate=0.1, conf_low=0.0, conf_high=0.2), main.coefficients], ignore_index=True)
    mixes = {**whole.case_mix, "pain": replace(main, coefficients=both)}
    made = " ".join(map(str, texts(build_page(replace(whole, case_mix=mixes)))))
    assert "Adjusted for: value at intake, its square, condition, age and sex." in made


def test_a_chart_of_few_points_has_neither_limits_nor_signals() -> None:
    whole = audit()
    few = tuple(replace(one, frame=one.frame.iloc[-5:]) if one.clinic == "Parkside" else one for one in whole.series)
    made = build_page(replace(whole, series=few))
    assert any(one.variation.startswith("concern") for one in few if one.clinic == "Parkside")
    assert rows(made, "clinics-at-a-glance")["Parkside"][-1] == "Too few points for limits"
    shown = [row for row in table(made, "charts").rows() if row.label == "Parkside"]
    assert {row.cells[4].text for row in shown} == {"Too few points for limits"}
    assert {row.cells[2].text for row in shown} == {"\N{EN DASH}"}
    count = len(list(table(made, "charts").rows()))
    assert f"of {count} charts" in paragraphs(made)[4]


def test_a_signal_within_the_limits_says_why_it_is_one() -> None:
    whole = audit()
    one = next(one for one in whole.series if (one.clinic, one.measure) == ("Parkside", "change"))
    last = one.frame.index[-1]
    frame = one.frame.assign(rule=one.frame["rule"].astype(object))
    frame.loc[last, ["value", "low", "high", "rule"]] = [2.0, 1.0, 3.0, "seven on one side"]
    series = tuple(replace(each, frame=frame) if each is one else each for each in whole.series)
    said = " ".join(paragraphs(letters(replace(whole, series=series))["clinic-parkside"]))
    assert "within the limits, but one of seven points in a row on one side of the mean" in said


def test_wide_tables_stand_row_by_row_on_a_narrow_screen(page: Document) -> None:
    made = str(render_document(page, "html"))
    stacked = re.findall(r'class="table stacked".*?<caption[^>]*>(.*?)</caption>', made, re.DOTALL)
    for title in ("Completeness by clinic", "Completeness by group of patients", "What patients reach at discharge"):
        assert any(title in one for one in stacked)
    assert any("The last point of every chart" in one for one in stacked)
