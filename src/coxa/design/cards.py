"""Allocation cards for envelopes, as one HTML file that asks the network for nothing: one card a page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from coxa.allocation.schemes import factors_of, unit_of
from coxa.design.allocation_list import AllocationList


def allocation_cards(
    allocation: AllocationList, title: str, labels: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    """Return printable cards: above the fold what may be seen, below it the arm.

    Parameters
    ----------
    allocation
        The list.
    title
        Title of the trial.
    labels
        "arm" or a factor -> word -> label to print instead. Factors' own names under "factor".

    Returns
    -------
    str
        HTML; everything from outside is escaped; the same list gives the same bytes.

    Examples
    --------
    >>> from coxa.design import Simple, randomise
    >>> page = allocation_cards(randomise(Simple({"a": 1, "b": 1}), 3, seed=1), "Hip & knee")
    >>> page.count('<section class="card">'), "Hip &amp; knee" in page
    (3, True)
    """
    labels = labels or {}
    shown = [name for name in (*factors_of(allocation.scheme), unit_of(allocation.scheme)) if name in allocation.frame]
    shown += ["number"] if "number" in allocation.frame else []
    names = {"participant_id": "Participant", "number": "Number in the stratum", **labels.get("factor", {})}
    cards = [
        {
            "number": row["sequence"],
            "facts": [(names.get(name, name), labels.get(name, {}).get(str(row[name]), row[name])) for name in shown],
            "arm": labels.get("arm", {}).get(row["arm"], row["arm"]),
        }
        for row in allocation.frame.to_dict("records")
    ]
    return _template().render(title=title, cards=cards, total=len(cards))


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("coxa.design"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("cards.html.j2")
