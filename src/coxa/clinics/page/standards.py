"""The sentence of page one on standards of care: how often each was met, and its target."""

from __future__ import annotations

from collections.abc import Mapping

from coxa.clinics.audit import Rates
from coxa.clinics.page.intervals import share_values
from coxa.clinics.page.seen import ALL, Seen, at
from coxa.clinics.page.words import rate_label
from coxa.tables.prose import Prose, joined, prose


def standards_sentence(page: Seen) -> Prose | None:
    """Say how often each standard of the plan was met in all clinics; None where the plan has none."""
    found = [_met(page, one) for one in page.audit.rates if one.name in page.audit.plan.standards]
    if not found:
        return None
    return prose("Standards of care in all clinics, with 95% confidence intervals. ", joined("; ", found), ".")


def _met(page: Seen, one: Rates) -> Prose:
    where = f"rate {one.name}"
    values = share_values(one.events, one.n)
    target = page.number("share", {"share": one.target}, at(where, "target")) if one.target else None
    return prose(
        f"{rate_label(page.audit.plan, one.name)}: ",
        page.number("share_interval", values, at(where, "share", ALL)),
        prose(f", {_against(values, one.target)} target of ", target) if target and one.target else "",
    )


def _against(values: Mapping[str, float], target: float) -> str:
    """Return where an interval is against a target."""
    if values["conf_high"] < target:
        return "below its"
    return "above its" if values["conf_low"] > target else "its interval includes the"
