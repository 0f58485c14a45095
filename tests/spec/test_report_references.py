"""References: every method has its entry, what ran is numbered, and BibTeX is BibTeX."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.covariances import COVARIANCES, Covariance
from coxa.errors import OptionError
from coxa.instruments import instrument_names
from coxa.report.document import Paragraph
from coxa.report.references import bibliography
from coxa.report.references.bibliography import coxa_entry, entries, methods, of_instrument, of_method
from coxa.report.references.cited import cited, methods_used
from coxa.report.references.styles import bibtex, ris, vancouver
from coxa.report.report import Report
from coxa.report.topics.methods.analyses import references
from coxa.report.topics.methods.section import methods_section
from coxa.study import Study
from coxa.study.kinds import study_of
from coxa.study.models import MODELS
from coxa.study.models.proportions import Proportions
from coxa.study.randomisation import Randomisation
from coxa.study.words import Averaging, Contrast, Ddf, MarginType, Multiplicity, Vcov
from tests.spec.small_trial import plan, report, with_holm

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "src" / "coxa" / "study" / "templates" / "parallel-trial" / "study.yaml"
NEEDED = {
    "article": ("author", "title", "journal", "year", "volume", "pages"),
    "techreport": ("institution", "year"),
    "misc": ("author", "title", "year"),
}
CITED = re.compile(r"\[([\d,]+)\]")


def parse_bibtex(text: str) -> dict[str, dict[str, str]]:
    """Read BibTeX whose values stand in braces; anything else is refused."""
    found: dict[str, dict[str, str]] = {}
    at = 0
    while entry := re.compile(r"\s*@(\w+)\{([\w-]+),").match(text, at):
        at = entry.end()
        fields = {"type": entry.group(1)}
        while field := re.compile(r"\s*(\w+) = \{").match(text, at):
            at = end = field.end()
            depth = 1
            while depth:
                sign = text[end]
                escaped = text[end - 1] == "\\"
                depth += 0 if escaped else {"{": 1, "}": -1}.get(sign, 0)
                end += 1
            assert field.group(1) not in fields
            fields[field.group(1)] = text[at : end - 1]
            at = end + (text[end] == ",")
        close = re.compile(r"\s*\}").match(text, at)
        assert close, text[at : at + 40]
        at = close.end()
        assert entry.group(2) not in found
        found[entry.group(2)] = fields
    assert not text[at:].strip(), text[at : at + 40]
    return found


def planned(**keys: object) -> Study:
    """Return the small plan with other options of its primary analysis."""
    whole = plan().model_dump(exclude_unset=True)
    whole["analyses"]["primary"] |= keys
    return study_of(whole)


def mentioned(made: Report) -> list[int]:
    """Return the numbers of the references in the order in which the methods section first cites them."""
    section = methods_section(made)
    said = " ".join(str(block.text) for block in section.blocks if isinstance(block, Paragraph))
    numbers = [int(number) for group in CITED.findall(said) for number in group.split(",")]
    return list(dict.fromkeys(numbers))


# -- the bibliography ------------------------------------------------------------------------------------------------


def test_every_word_that_a_plan_can_ask_for_is_a_method_with_its_entry_or_one_that_needs_none() -> None:
    words = {
        word
        for closed in (Covariance, Ddf, Vcov, Averaging, Multiplicity, Contrast, MarginType)
        for word in get_args(closed)
    }
    for part, key in ((Proportions, "missing_response"), (Randomisation, "scheme")):
        words |= set(get_args(part.model_fields[key].annotation))
    words |= {
        *MODELS,
        "reml",
        "ml",
        "HC3",
        "hedges-g",
        "random-effects",
        "g-computation",
        "within-between",
        "clda",
        "estimands",
    }
    assert words <= set(methods())


def test_a_covariance_structure_brings_its_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    band = replace(COVARIANCES["toep"], cites=("jennrich1986",))
    monkeypatch.setattr(bibliography, "COVARIANCES", {**COVARIANCES, "band": band})
    assert methods()["band"] == ("jennrich1986",)


def test_methods_that_need_no_entry_are_listed() -> None:
    assert {word for word, keys in methods().items() if not keys} == {
        *("ml", "us", "residual", "normal", "model", "by_visit", "superiority", "none", "observed", "non_responder"),
        *("subgroups", "factorial", "simple", "blocks"),
        *("logistic", "counts", "poisson", "quasi-poisson", "glmm", "sas"),
        *("weighting", "doubly_robust", "standardisation", "weighted_mmrm"),
    }


def test_every_entry_is_complete() -> None:
    for one in entries():
        missing = [name for name in NEEDED[one.type] if not getattr(one, name)]
        assert not missing, f"{one.key}: {missing}"
        assert one.key.rstrip("0123456789").isalpha()
        assert one.key.endswith(one.year)
        assert not one.doi or re.fullmatch(r"10\.\d{4,}/\S+", one.doi)


def test_every_entry_is_the_source_of_something() -> None:
    used = {key for keys in methods().values() for key in keys}
    used |= {one.key for name in instrument_names() for one in of_instrument(name)}
    used |= {
        "hopewell2025",
        "vohra2015",
        "calvert2013",
        "chan2025",
        "vonelm2007",
        "hoffmann2014",
        "slade2016",
        "page2021",
        "hemming2018",
    }
    assert {one.key for one in entries()} <= used


def test_an_instrument_is_cited_by_its_paper_and_a_generic_scale_by_none() -> None:
    assert [one.key for one in of_instrument("hoos")] == ["nilsdotter2003"]
    assert of_instrument("nprs") == ()
    assert [one.title for one in of_instrument("psfs")] == [
        "Stratford, Gill, Westaway and Binkley 1995, Physiotherapy Canada 47(4):258-263"
    ]


def test_an_unknown_method_is_answered_with_the_nearest() -> None:
    with pytest.raises(OptionError, match="did you mean kenward-roger"):
        of_method("kenward-rogers")


# -- styles ----------------------------------------------------------------------------------------------------------


def test_bibtex_of_everything_can_be_read_again() -> None:
    found = parse_bibtex(bibtex([*entries(), *of_instrument("psfs"), coxa_entry()]))
    assert len(found) == len(entries()) + 2
    assert found["newcombe1998"]["doi"] == "10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I"
    assert found["newcombe1998"]["pages"] == "873--890"
    assert found["pustejovsky2018"]["journal"] == r"Journal of Business \& Economic Statistics"
    assert found["hopewell2025"]["author"].endswith(" and others")
    assert found["fai1996"]["author"] == "Fai, A. H.-T. and Cornelius, P. L."
    assert found["hopewell2025"]["title"].startswith("{CONSORT 2025 statement:")


@pytest.mark.parametrize("broken", ["@article{a,\n  title = {x}", "@article{a,\n  title = x\n}", "stray"])
def test_what_is_no_bibtex_is_not_read(broken: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        parse_bibtex(broken)


def test_vancouver_names_six_authors_at_most() -> None:
    by_key = {one.key: one for one in entries()}
    assert vancouver(by_key["hopewell2025"]).startswith(
        "Hopewell S, Chan AW, Collins GS, Hróbjartsson A, Moher D, Schulz KF, et al. CONSORT 2025 statement:"
    )
    assert vancouver(by_key["liu2009"]).split("? ")[1].startswith("Statistics in Medicine 2009;28(20):2509-2530.")


def test_ris_has_one_line_a_field() -> None:
    (one,) = of_method("holm")
    assert ris([one]).splitlines() == [
        "TY  - JOUR",
        "AU  - Holm, S",
        "TI  - A simple sequentially rejective multiple test procedure",
        "JO  - Scandinavian Journal of Statistics",
        "PY  - 1979",
        "VL  - 6",
        "IS  - 2",
        "SP  - 65",
        "EP  - 70",
        "ER  - ",
    ]


def test_the_entry_of_coxa_is_that_of_its_citation_file() -> None:
    told = YAML(typ="safe").load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    mine = coxa_entry()
    assert (mine.title, mine.version) == (told["title"], told["version"])
    assert mine.author == tuple(f"{{{author['name']}}}" for author in told["authors"])


# -- what is cited ---------------------------------------------------------------------------------------------------


def test_a_plan_cites_what_it_may_run_and_a_report_what_ran() -> None:
    study = planned(covariance=["us", "toeph"], ddf="satterthwaite")
    assert {"us", "toeph", "satterthwaite"} <= set(methods_used(study))
    ran = methods_used(plan(), report().fits)
    assert "toeph" not in ran
    assert {"mmrm", "reml", "us", "kenward-roger-linear", "ancova", "residual", "proportions"} <= set(ran)


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"vcov": "CR2", "ddf": "satterthwaite"}, "bell2002"),
        ({"ddf": "between-within"}, "schluchter1990"),
        ({"margin": {"type": "equivalence", "value": 5}}, "schuirmann1987"),
        ({"averaging": "counterfactual"}, "snowden2011"),
        ({"contrasts": ["by_visit", "auc"]}, "matthews1990"),
        ({"multiplicity": "dunnett"}, "dunnett1955"),
        ({"standardised_effect": True}, "hedges1981"),
        ({"covariance": "sp_exp"}, "jones1991"),
    ],
)
def test_an_option_of_the_plan_brings_its_entry(keys: dict[str, object], key: str) -> None:
    assert key not in {one.key for one in cited(plan())}
    assert key in {one.key for one in cited(planned(**keys))}


def test_numbers_rise_as_the_methods_are_read_and_each_is_listed() -> None:
    for made in (report(), with_holm(report()), _with_more(report())):
        assert mentioned(made) == list(range(1, len(references(made)) + 1))


def _with_more(made: Report) -> Report:
    """Return the report as if its plan had asked for much more of the primary analysis."""
    primary = made.study.analyses["primary"].model_copy(
        update={"multiplicity": "hochberg", "contrasts": ("by_visit", "slope"), "standardised_effect": True}
    )
    study = made.study.model_copy(
        update={
            "analyses": {**made.study.analyses, "primary": primary},
            "randomisation": Randomisation(scheme="minimisation", factors=("site",)),
        }
    )
    return replace(made, study=study)


# -- the command -----------------------------------------------------------------------------------------------------


def test_the_command_prints_bibtex_of_a_plan_and_of_coxa() -> None:
    run = CliRunner().invoke(app, ["cite", str(TEMPLATE)])
    assert run.exit_code == 0
    assert {"ich2019", "coxa"} <= set(parse_bibtex(run.stdout))


def test_the_command_prints_one_method() -> None:
    run = CliRunner().invoke(app, ["cite", "--method", "kenward-roger", "--format", "text"])
    assert run.stdout.startswith("[1] Kenward MG, Roger JH. Small sample inference")
    run = CliRunner().invoke(app, ["cite", "--method", "residual"])
    assert (run.exit_code, run.stdout) == (0, "")
    assert "residual needs no reference" in run.stderr


@pytest.mark.parametrize("words", [[], [str(TEMPLATE), "--method", "holm"], ["--method", "holm", "--format", "word"]])
def test_the_command_refuses_what_it_cannot_do(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["cite", *words]).exit_code == 2
