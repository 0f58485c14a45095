"""What a list becomes: a sealed list, cards, a REDCap table."""

from __future__ import annotations

import hashlib
from html.parser import HTMLParser

import pandas as pd
import pytest

from coxa.design import Minimisation, PermutedBlocks, Stratified, check_seals, randomise, redcap_table, seal
from coxa.design.handed_over import allocation_cards
from coxa.errors import OptionError

TWO = {"usual_care": 1, "exercise": 1}
SCHEME = Stratified(PermutedBlocks(TWO, (4,)), {"sex": ("female", "male")})
LIST = randomise(SCHEME, 8, seed=2**90 + 5)
NASTY = "<script>alert('x')</script> & \"quoted\""


def test_a_seal_can_be_opened_with_nothing_but_sha256() -> None:
    sealed = seal(LIST)
    rows = zip(LIST.frame["sequence"], sealed.key["salt"], LIST.frame["arm"], sealed.public["seal"], strict=True)
    for number, salt, arm, shown in rows:
        assert hashlib.sha256(f"{salt}:{number}:{arm}".encode()).hexdigest() == shown


def test_a_sealed_list_shows_neither_arm_nor_block_nor_participant() -> None:
    assert set(seal(LIST).public.columns) == {"sequence", "sex", "seal"}
    units = pd.DataFrame({"participant_id": ["p1", "p2", "p3"], "sex": ["male", "female", "male"]})
    drawn = randomise(Minimisation(TWO, SCHEME.factors), participants=units, seed=1)
    assert set(seal(drawn).public.columns) == {"sequence", "seal"}


def test_equal_arms_have_different_seals_and_the_same_list_the_same() -> None:
    assert seal(LIST).public["seal"].is_unique
    assert seal(LIST).sha256 == seal(randomise(SCHEME, 8, seed=2**90 + 5)).sha256
    assert seal(LIST).sha256 != seal(randomise(SCHEME, 8, seed=2**90 + 6)).sha256


def test_a_change_is_found_where_it_was_made() -> None:
    sealed = seal(LIST)
    assert not check_seals(sealed.public, sealed.key, LIST.frame)
    turned = {"exercise": "usual_care", "usual_care": "exercise"}
    first = LIST.frame["sequence"] == 1
    other = LIST.frame.assign(arm=LIST.frame["arm"].where(~first, LIST.frame["arm"].map(turned)))
    (finding,) = check_seals(sealed.public, sealed.key, other)
    assert finding.rule == "the seal of number 1 does not fit its arm"
    shorter = check_seals(sealed.public, sealed.key, LIST.frame.iloc[:-1])
    assert ["has no arm" in item.rule for item in shorter] == [True]
    twice = check_seals(sealed.public, sealed.key, pd.concat([other.head(1), LIST.frame]))
    assert [item.rule for item in twice] == ["number 1 has more than one arm"]
    (nameless,) = check_seals(sealed.public, sealed.key, LIST.frame.drop(columns="arm"))
    assert nameless.rule == "the table of the arms lacks a column, sequence or arm"


class Tags(HTMLParser):
    """Counts tags and checks that they are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not any(name in ("src", "href") for name, _ in attrs)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_cards_are_one_page_each_escaped_and_ask_for_nothing() -> None:
    labels = {"arm": {"exercise": NASTY}, "sex": {"male": "Male & <b>"}, "factor": {"sex": "Sex"}}
    page = allocation_cards(LIST, NASTY, labels)
    parsed = Tags()
    parsed.feed(page)
    assert parsed.open == []
    assert parsed.seen.count("section") == len(LIST.frame) == 16
    assert "script" not in parsed.seen
    assert "b" not in parsed.seen
    assert "&lt;script&gt;" in page
    assert "break-after: page" in page
    assert "Card 16 of 16" in page
    assert page == allocation_cards(LIST, NASTY, labels)


def test_redcap_takes_its_own_names_and_codes() -> None:
    codes = {"arm": {"usual_care": "0", "exercise": "1"}, "sex": {"female": "2"}}
    table = redcap_table(LIST, fields={"sex": "dem_sex"}, codes=codes)
    assert list(table.columns) == ["redcap_randomization_group", "dem_sex", "redcap_randomization_number"]
    arms = LIST.frame["arm"].map({"usual_care": "0", "exercise": "1"})
    assert table["redcap_randomization_group"].tolist() == arms.tolist()
    assert table["dem_sex"].tolist() == ["2"] * 8 + ["male"] * 8


def test_redcap_has_no_use_for_given_participants() -> None:
    units = pd.DataFrame({"participant_id": ["p1", "p2", "p3"], "sex": ["male", "female", "male"]})
    with pytest.raises(OptionError, match="lists made in advance"):
        redcap_table(randomise(Minimisation(TWO, SCHEME.factors), participants=units, seed=1))
