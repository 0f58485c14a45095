"""From the items of one instrument to those of another that contains them unchanged."""

from __future__ import annotations

import pandas as pd

from coxa.arguments import FRAME, kinds

# WOMAC LK code -> HOOS code: the HOOS holds the 24 WOMAC LK 3.0 items unchanged (Nilsdotter et al. 2003).
WOMAC_IN_HOOS = {
    **{f"p{k}": f"p{k + 3}" for k in range(1, 6)},
    **{f"s{k}": f"s{k + 3}" for k in range(1, 3)},
    **{f"f{k}": f"a{k}" for k in range(1, 18)},
}


@kinds(items=FRAME)
def womac_from_hoos(items: pd.DataFrame) -> pd.DataFrame:
    """Return the WOMAC Likert items that a long HOOS item table contains.

    Pain p1-p5 are HOOS p4-p8, stiffness s1-s2 are s4-s5 and function f1-f17 are a1-a17; answers keep their
    coding (0 none to 4 extreme). Score the result with ``score(..., "womac", version="lk")``. For complete
    answers, WOMAC function is 68 (100 - HOOS ADL) / 100.

    Parameters
    ----------
    items : DataFrame
        HOOS items in long form, with a column `item`.

    Returns
    -------
    DataFrame
        The rows of those items, `item` renamed; other columns and the order of rows stay as they are.

    Notes
    -----
    Source: Nilsdotter et al. 2003, BMC Musculoskeletal Disorders 4:10.

    Examples
    --------
    >>> import pandas as pd
    >>> hoos = pd.DataFrame({"item": ["p1", "p4", "a17"], "value": [0, 1, 2]})
    >>> womac_from_hoos(hoos)
      item  value
    0   p1      1
    1  f17      2
    """
    womac = {hoos: code for code, hoos in WOMAC_IN_HOOS.items()}
    kept = items[items["item"].isin(list(womac))]
    return kept.assign(item=kept["item"].map(womac)).reset_index(drop=True)
