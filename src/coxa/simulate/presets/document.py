"""The presets in words, for the command, and as a page of the docs with a large simulated trial of each."""

from __future__ import annotations

import math
from collections.abc import Mapping

from coxa.simulate.from_plan.numbers import arm_numbers
from coxa.simulate.presets import preset, preset_names
from coxa.simulate.published import ERRORS, PER_ARM, Comparison, compare_published
from coxa.study.assumptions.published import Figure
from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.arm import Delivery

KINDS: Mapping[str, str] = {
    "mean": "mean",
    "sd": "standard deviation",
    "change": "mean change",
    "change_sd": "standard deviation of change",
    "residual_sd": "residual standard deviation",
    "difference": "difference",
    "change_difference": "difference in change",
    "standardised_difference": "standardised difference",
    "interaction": "interaction",
    "responders": "share of responders",
    "risk_difference": "difference in shares",
    "retention": "share retained",
    "attendance": "share of sessions attended",
    "attended_at_least": "share attending sessions",
    "adverse_events": "share with an adverse event",
}

TAGS: Mapping[str, str] = {"read": "read", "secondary": "read in a secondary source", "computed": "computed"}


def figure_words(study: ComparativeStudy, figure: Figure) -> str:
    """Say what a figure is: kind, outcome, visit, arms.

    Examples
    --------
    >>> from coxa.simulate.presets import preset
    >>> moa = preset("moa-2013")
    >>> figure_words(moa, moa.source.figures[2])
    'difference, WOMAC total, Year 1, Manual therapy less Usual care'
    """
    kind = f"share attending {figure.sessions} sessions or more" if figure.sessions else KINDS[figure.kind]
    if figure.outcome is not None and study.outcomes[figure.outcome].kind == "yes_no":
        kind = {"mean": "share", "difference": "difference in shares"}.get(figure.kind, kind)
    named = [
        study.label(what, name)
        for what, name in (("outcomes", figure.outcome), ("visits", figure.visit), ("arms", figure.arm))
        if name is not None
    ]
    if figure.against is not None:
        named[-1] += f" less {study.label('arms', figure.against)}"
    return ", ".join([kind, *named])


def origin_words(figure: Figure) -> str:
    """Say where a figure comes from: tag, how it was computed, source, and why the simulation may be off."""
    parts = [TAGS[figure.tag], figure.how, figure.origin, figure.because]
    return "; ".join(part for part in parts if part)


def decimals_of(figure: Figure) -> int:
    """Return the decimals with which a figure was printed."""
    shown = f"{figure.value:.10g}"
    return max(len(shown.partition(".")[2]), math.floor(-math.log10(figure.rounding)) if figure.rounding else 0)


def published_words(figure: Figure) -> str:
    """Return the published number, with its interval."""
    digits = decimals_of(figure)
    interval = f" ({figure.interval[0]:g} to {figure.interval[1]:g})" if figure.interval else ""
    return f"{figure.value:.{digits}f}{interval}"


def simulated_words(told: Comparison) -> tuple[str, str]:
    """Return the simulated number and how far it may be off, with one decimal more than the published one."""
    digits = decimals_of(told.figure) + 1
    return f"{told.simulated:.{digits}f}", f"{told.allowed:.{digits}f}"


def arm_words(study: ComparativeStudy) -> list[str]:
    """Return, arm by arm, its label, number, components and dose."""
    part = study.assumptions
    numbers = arm_numbers(study, part) if part else [0] * len(study.arms)
    words = []
    for name, number in zip(study.arm_order, numbers, strict=True):
        arm = study.arms[name]
        delivers = ", ".join(component.replace("_", " ") for component in arm.delivers)
        dose = dose_words(arm.delivery) if arm.delivery else ""
        told = "; ".join(part for part in (delivers, dose) if part)
        words.append(f"{study.label('arms', name)} ({number})" + (f": {told}" if told else ""))
    return words


def dose_words(delivery: Delivery) -> str:
    """Say the dose of an arm in one line.

    Examples
    --------
    >>> dose_words(Delivery(sessions=12, weeks=12, minutes=(60, 90), home_per_week=2))
    '12 sessions, 12 weeks, 60 to 90 minutes, 2 times a week at home'
    """
    told = [
        ("{} sessions", delivery.sessions),
        ("{} weeks", delivery.weeks),
        ("{} minutes", delivery.minutes),
        ("{} times a week", delivery.per_week),
        ("{} times a week at home", delivery.home_per_week),
    ]
    parts = [text.format(_span(value)) for text, value in told if value is not None]
    if delivery.exercises:
        parts.append(f"exercises: {', '.join(each.exercise.replace('_', ' ') for each in delivery.exercises)}")
    return ", ".join(parts)


def _span(value: float | tuple[float, float]) -> str:
    return f"{value[0]:g} to {value[1]:g}" if isinstance(value, tuple) else f"{value:g}"


def primary_words(study: ComparativeStudy) -> str:
    """Return outcome and visit of the first estimand."""
    endpoint = next(iter(study.estimands.values())).endpoint
    visits = ", ".join(study.label("visits", visit) for visit in endpoint.visit)
    return f"{study.label('outcomes', endpoint.outcome)}, {visits}"


INTRODUCTION = f"""# Presets

Published trials as study files, ready to be simulated. This page is generated by `coxa presets --markdown`.

```
coxa presets                                        # what there is
coxa presets harris-hayes-2020                      # one of them, published and simulated figures
coxa new my-trial --preset harris-hayes-2020        # a copy of its study file, to be changed
coxa simulate my-trial/study.yaml --out my-trial/simulated
coxa report my-trial/simulated/study.yaml --out my-trial/out
```

In Python, `coxa.preset("harris-hayes-2020")` is the plan, and
`coxa.simulate.compare_published(plan)` the comparison below; it works with any plan that has a `source`.

A figure is *read* (in the paper or its abstract), *read in a secondary source*, or *computed* from figures that were
read. Everything else that a simulation needs is a *working value* and is listed as such: change it before you rely on
it. Figures that were not read are left out rather than recalled.

The simulated number is that of a trial with {PER_ARM:,} participants in each arm. It may be off by what is in the last
column but one: half a unit of the last digit printed, {ERRORS:g} Monte Carlo standard errors, and more only where a
reason is given. Differences are in the direction of the outcome, so that less pain is negative. Where a printed mean
lies near an end of its scale, the plan has the mean and spread before that end, found by
`coxa.simulate.ends.before_the_ends`.
"""


def presets_document() -> str:
    """Return the page on presets as Markdown.

    Examples
    --------
    >>> presets_document().splitlines()[0]  # doctest: +SKIP
    '# Presets'
    """
    head = "| preset | trial | arms | n | primary outcome | paper |\n|---|---|---|---|---|---|"
    rows = [f"| {' | '.join(cells)} |" for cells in (preset_row(name) for name in preset_names())]
    return "\n".join([INTRODUCTION, head, *rows, "", *(_section(name) for name in preset_names())])


def preset_row(name: str) -> list[str]:
    """Return name, trial, arms, number of participants, primary outcome and paper of a preset."""
    from coxa.simulate.from_plan.numbers import arm_numbers

    study = preset(name)
    assert study.source is not None
    assert study.assumptions is not None
    arms = ", ".join(study.label("arms", arm) for arm in study.arm_order)
    n = str(int(arm_numbers(study, study.assumptions).sum()))
    return [name, study.source.trial, arms, n, primary_words(study), study.source.paper]


def _section(name: str) -> str:
    study = preset(name)
    source = study.source
    assert source is not None
    registered = f" {source.registration}." if source.registration else ""
    return "\n".join(
        [
            f"## {name}",
            "",
            f"{study.title}. {source.trial}: {source.paper}.{registered} Read at: {'; '.join(source.addresses)}.",
            "",
            *[f"- {words}" for words in arm_words(study)],
            "",
            *_figures(study),
            "",
            f"Working values: {'; '.join(source.working)}.",
            "",
            f"Left out: {'; '.join(source.left_out)}.",
            "",
        ]
    )


def _figures(study: ComparativeStudy) -> list[str]:
    lines = ["| figure | published (95% CI) | simulated | may be off by | origin |", "|---|---|---|---|---|"]
    for told in compare_published(study):
        simulated, allowed = simulated_words(told)
        figure = told.figure
        cells = [figure_words(study, figure), published_words(figure), simulated, allowed, origin_words(figure)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines
