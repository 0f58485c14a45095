"""An allocation list as it is handed over: cards for envelopes as one HTML file, and the table that REDCap takes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from coxa.allocation.schemes import factors_of, unit_of
from coxa.design.allocation_list import AllocationList
from coxa.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd


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


GROUP, NUMBER = "redcap_randomization_group", "redcap_randomization_number"


def redcap_table(
    allocation: AllocationList,
    *,
    fields: Mapping[str, str] | None = None,
    codes: Mapping[str, Mapping[str, str]] | None = None,
) -> pd.DataFrame:
    """Return the upload table of an open (not blinded) REDCap randomisation.

    Parameters
    ----------
    allocation
        A list made in advance.
    fields
        Factor -> REDCap's field, where it is called differently.
    codes
        "arm" or a factor -> word -> REDCap's code of that choice; words without a code are their own code.

    Returns
    -------
    DataFrame
        `redcap_randomization_group`, the strata under REDCap's field names, `redcap_randomization_number`.

    Raises
    ------
    OptionError
        The list is of given participants: REDCap itself takes the next entry of a stratum.

    Notes
    -----
    Columns as in the template that REDCap offers for download; versions in which the first column bears the name of
    the randomisation field also take them. All of a stratum's entries are used in the order of the file.

    Examples
    --------
    >>> from coxa.design import Simple, randomise
    >>> allocation = randomise(Simple({"a": 1, "b": 1}), 4, seed=1)
    >>> sorted(redcap_table(allocation, codes={"arm": {"a": "1", "b": "2"}})["redcap_randomization_group"].unique())
    ['1', '2']
    """
    import pandas as pd

    fields, codes = fields or {}, codes or {}
    factors = factors_of(allocation.scheme)
    if "number" not in allocation.frame and len(allocation.frame.columns.difference(["sequence", "block", "arm"])):
        raise OptionError(
            "This list is of given participants, and REDCap takes lists made in advance. Leave out redcap."
        )
    columns = {GROUP: _coded(allocation.frame["arm"], codes.get("arm", {}))}
    columns |= {fields.get(name, name): _coded(allocation.frame[name], codes.get(name, {})) for name in factors}
    return pd.DataFrame({**columns, NUMBER: allocation.frame["sequence"]})


def _coded(words: pd.Series, codes: Mapping[str, str]) -> pd.Series:
    return words.astype("str").map(lambda word: codes.get(word, word))
