"""Which items of TIDieR and CERT a plan says, arm by arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from coxa.arguments import kinds
from coxa.study.comparative import COMPARATIVE, ComparativeStudy
from coxa.study.delivery.arm import Delivery
from coxa.study.delivery.words import delivery_words
from coxa.study.parts import Arm, label_of

if TYPE_CHECKING:
    import pandas as pd

TIDIER: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "1": ("name", ()),
    "2": ("why", ("why",)),
    "3": ("materials", ("materials",)),
    "4": ("procedures", ("procedures", "exercises")),
    "5": ("who provided", ("provider",)),
    "6": ("how", ("mode", "supervision")),
    "7": ("where", ("setting",)),
    "8": ("when and how much", ("sessions", "minutes", "weeks", "per_week", "intensity")),
    "9": ("tailoring", ("tailoring", "tailored_how")),
    "10": ("modifications", ("modifications",)),
    "11": ("how well, planned", ("fidelity",)),
    "12": ("how well, actual", ("delivered", "attended")),
}
"""Item of TIDieR -> its topic, and the keys of `delivery` that say it; the name is the arm's label."""

CERT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "1": ("equipment", ("materials",)),
    "2": ("provider", ("provider",)),
    "3": ("individual or group", ("mode",)),
    "4": ("supervision", ("supervision",)),
    "5": ("measuring adherence", ("adherence",)),
    "6": ("motivation", ("motivation",)),
    "7a": ("rule for progression", ("progression", "pain_limit")),
    "7b": ("how progressed", ("progression_how",)),
    "8": ("each exercise", ("exercises", "procedures")),
    "9": ("home programme", ("home_programme", "home_per_week", "home_minutes")),
    "10": ("components other than exercise", ("not_exercise",)),
    "11": ("adverse events", ("harms",)),
    "12": ("setting", ("setting",)),
    "13": ("dose", ("sessions", "minutes", "weeks", "per_week", "intensity", "exercises")),
    "14a": ("generic or tailored", ("tailoring",)),
    "14b": ("how tailored", ("tailored_how",)),
    "15": ("starting level", ("starting_level",)),
    "16a": ("fidelity, planned", ("fidelity",)),
    "16b": ("fidelity, actual", ("delivered", "attended")),
}
"""Item of CERT -> its topic, and the keys of `delivery` that say it."""

DOSE = "13"
"""The item of CERT that asks for the doses of exercises; others ask which exercises there are."""


@kinds(study=COMPARATIVE)
def delivery_items(study: ComparativeStudy) -> pd.DataFrame:
    """Return which items of TIDieR and CERT the plan says of each arm.

    Parameters
    ----------
    study
        The plan.

    Returns
    -------
    DataFrame
        One row per arm, guideline and item: arm, guideline, item, topic, keys (of `delivery`, that say it), text
        (what the plan says, in words; empty where it says nothing), said.

    Notes
    -----
    TIDieR has 12 items, CERT 16, of which three have two parts. Their topics are named, not quoted.

    Examples
    --------
    >>> import coxa
    >>> items = delivery_items(coxa.preset("moa-2013"))
    >>> items.columns.tolist()
    ['arm', 'guideline', 'item', 'topic', 'keys', 'text', 'said']
    """
    import pandas as pd

    rows = []
    for name in study.arm_order:
        arm = study.arms[name]
        delivery = _told(arm)
        for guideline, items in (("TIDieR", TIDIER), ("CERT", CERT)):
            for item, (topic, keys) in items.items():
                text = delivery_words(delivery, keys, doses=guideline == "CERT" and item == DOSE)
                said = text != ""
                if not keys:
                    text, said = label_of(name, arm), arm.label is not None
                rows.append((name, guideline, item, topic, ", ".join(keys) or "label", text, said))
    columns = ["arm", "guideline", "item", "topic", "keys", "text", "said"]
    return pd.DataFrame(rows, columns=columns)


def _told(arm: Arm) -> Delivery:
    """Return the delivery of an arm, with the sessions that the arm itself says."""
    delivery = arm.delivery or Delivery()
    return delivery.model_copy(update={"sessions": arm.sessions_planned})
