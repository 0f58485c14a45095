"""The sentence of page one on standards of care: how often each was met, and its target."""

from __future__ import annotations

from coxa.clinics.audit import Rates
from coxa.clinics.page.intervals import share_values
from coxa.clinics.page.seen import ALL, Seen, at
from coxa.clinics.page.words import rate_label
from coxa.tables.phrases import mid_sentence
from coxa.tables.prose import Prose, in_sentence, prose


def standards_sentence(page: Seen) -> Prose | None:
    """Say how often each standard of the plan was met in all clinics; None where the plan has none."""
    found = [_met(page, one) for one in page.audit.rates if one.name in page.audit.plan.standards]
    return prose("Standards of care, in all clinics: ", in_sentence(found), ".") if found else None


def _met(page: Seen, one: Rates) -> Prose:
    where = f"rate {one.name}"
    target = page.number("share", {"share": one.target}, at(where, "target")) if one.target else None
    return prose(
        f"{mid_sentence(rate_label(page.audit.plan, one.name))} ",
        page.number("share_interval", share_values(one.events, one.n), at(where, "share", ALL)),
        prose(", target ", target) if target else "",
    )
