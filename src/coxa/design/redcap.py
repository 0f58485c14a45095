"""An allocation list as the table that REDCap's randomisation module takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from coxa.allocation.schemes import factors_of
from coxa.design.allocation_list import AllocationList
from coxa.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

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
            "this list is of given participants, and REDCap takes lists made in advance; leave redcap out"
        )
    columns = {GROUP: _coded(allocation.frame["arm"], codes.get("arm", {}))}
    columns |= {fields.get(name, name): _coded(allocation.frame[name], codes.get(name, {})) for name in factors}
    return pd.DataFrame({**columns, NUMBER: allocation.frame["sequence"]})


def _coded(words: pd.Series, codes: Mapping[str, str]) -> pd.Series:
    return words.astype("str").map(lambda word: codes.get(word, word))
