"""Which items of TIDieR and CERT a plan says, arm by arm, and in which words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from coxa.arguments import kinds
from coxa.study.comparative import COMPARATIVE, ComparativeStudy
from coxa.study.delivery.arm import Delivery, Prescription
from coxa.study.delivery.exercises import Exercise, with_own
from coxa.study.parts import Arm, label_of

if TYPE_CHECKING:
    import pandas as pd


CHOICES = {
    "individual": "one at a time",
    "group": "in groups",
    "individual_and_group": "one at a time and in groups",
    "supervised": "supervised",
    "unsupervised": "not supervised",
    "both": "supervised and not supervised",
    "generic": "the same for all",
    "tailored": "tailored to the participant",
}

AROUND = {
    "sessions": "{} session{s}",
    "minutes": "{} minute{s} a session",
    "weeks": "over {} week{s}",
    "per_week": "{} a week",
    "home_per_week": "{} session{s} a week at home",
    "home_minutes": "{} minute{s} each at home",
    "pain_limit": "pain up to {} of 10 accepted",
}

NONE_OF_ITS_OWN: Mapping[str, Exercise] = {}
"""Exercises that a plan adds, where it adds none."""

LOADS = {
    "percent_1rm": "% of 1RM",
    "rm": "RM",
    "kg": "kg",
    "band": "band",
    "bodyweight": "body weight",
    "water": "in water",
}


def delivery_words(
    delivery: Delivery, keys: Iterable[str], *, doses: bool = False, own: Mapping[str, Exercise] = NONE_OF_ITS_OWN
) -> str:
    """Return what the plan says under some keys of `delivery`; empty where it says nothing.

    Parameters
    ----------
    delivery
        How an arm is delivered.
    keys
        Keys of it, in order.
    doses
        True: of exercises the doses, and nothing of those without; false: which exercises there are.
    own
        Exercises that the plan adds to the vocabulary.

    Examples
    --------
    >>> given = Delivery(sessions=12, minutes=(45, 60), exercises=[{"exercise": "leg_press", "sets": 3}])
    >>> delivery_words(given, ["sessions", "minutes", "weeks"])
    '12 sessions; 45 to 60 minutes a session'
    >>> delivery_words(given, ["exercises"]), delivery_words(given, ["exercises"], doses=True)
    ('Leg press', 'Leg press: 3 sets')
    """
    return "; ".join(text for key in keys for text in _key_words(delivery, key, doses, own))


def _key_words(delivery: Delivery, key: str, doses: bool, own: Mapping[str, Exercise]) -> Iterator[str]:
    value = getattr(delivery, key)
    if value is None:
        return
    if key == "exercises":
        labels = {code: one.label for code, one in with_own(own).items()}
        word = _dose if doses else _exercise
        yield from filter(None, (word(one, labels[one.exercise]) for one in value))
    elif key == "attended":
        yield f"{value:.0%} of sessions attended"
    elif key in AROUND:
        yield AROUND[key].format(_span(value), s="" if value == 1 else "s")
    else:
        yield CHOICES.get(value, str(value)) if key in ("mode", "supervision", "tailoring") else str(value)


def _span(value: float | tuple[float, float]) -> str:
    return f"{value[0]:g} to {value[1]:g}" if isinstance(value, tuple) else f"{value:g}"


def span_words(value: float | tuple[float, float] | None) -> str:
    """Return "3" or "8 to 12"; empty of None.

    Examples
    --------
    >>> span_words((8, 12)), span_words(3), span_words(None)
    ('8 to 12', '3', '')
    """
    return "" if value is None else _span(value)


def _exercise(one: Prescription, label: str) -> str:
    more = [one.target, one.stage, one.position, f"side: {one.side}" if one.side else None]
    if one.supervised is not None:
        more.append("supervised" if one.supervised else "at home")
    said = ", ".join(text for text in more if text)
    return label + (f" ({said})" if said else "")


def _dose(one: Prescription, label: str) -> str:
    """Return "Leg press: 3 sets, 8 to 12 repetitions, 12 to 8 RM"; empty where no dose is given."""
    parts = [
        f"{_span(value)} {unit}"
        for value, unit in (
            (one.sets, "sets"),
            (one.reps, "repetitions"),
            (one.hold_s, "s held"),
            (one.rest_s, "s of rest"),
            (one.minutes, "minutes"),
        )
        if value is not None
    ]
    parts += [f"tempo {one.tempo}"] if one.tempo else []
    parts += [load_words(one)] if one.load is not None or one.load_type is not None else []
    parts += [f"effort {_span(one.effort)} of 10"] if one.effort is not None else []
    parts += ["on each side"] if one.per_side and parts else []
    parts += ["once a week" if one.per_week == 1 else f"{_span(one.per_week)} times a week"] if one.per_week else []
    return f"{label}: {', '.join(parts)}" if parts else ""


def load_words(one: Prescription) -> str:
    """Return the load of a prescription, "12 to 8 RM"; empty where none is stated."""
    unit = LOADS[one.load_type] if one.load_type else ""
    if one.load is None:
        return unit
    return f"{one.load if isinstance(one.load, str) else _span(one.load)} {unit}".strip()


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
                doses = guideline == "CERT" and item == DOSE
                text = delivery_words(delivery, keys, doses=doses, own=study.exercises)
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
