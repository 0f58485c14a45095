"""A plan of treatments in periods, and its rows, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study

PLAN = """
study: periods
title: Treatments in periods
design: crossover
arms:
{arms}
periods:
  treatments: {{{treatments}}}
  sequences: {{{sequences}}}
  visits: [{visits}]
visits:
  baseline: {{day: 0}}
{days}
outcomes:
  pain: {{range: [0, 100], unit: points, higher_is_better: false}}
estimands:
  pain:
    treatment: {{compare: [{compare}], against: {against}}}
    endpoint: {{outcome: pain, measure: value, visit: [{visits}]}}
analyses:
  main: {{estimand: pain, role: primary, model: crossover{options}}}
"""


def plan(sequences: Sequence[str] = ("ab", "ba"), options: str = "", more: str = "") -> bytes:
    """Return a plan whose arms are sequences of one-letter treatments."""
    treatments, periods = sorted(set("".join(sequences))), range(1, len(sequences[0]) + 1)
    named = {word: ", ".join(f"t{letter}" for letter in word) for word in sequences}
    return (
        PLAN.format(
            arms="\n".join(f"  s{word}: {{label: {word}}}" for word in sequences),
            treatments=", ".join(f"t{letter}: Treatment {letter}" for letter in treatments),
            sequences=", ".join(f"s{word}: [{received}]" for word, received in named.items()),
            visits=", ".join(f"p{place}" for place in periods),
            days="\n".join(f"  p{place}: {{day: {14 * place}}}" for place in periods),
            compare=", ".join(f"t{letter}" for letter in treatments[1:]),
            against=f"t{treatments[0]}",
            options=f", {options}" if options else "",
        )
        + more
    ).encode()


def rows(data: Mapping[str, Sequence]) -> SimulatedRows:
    """Return the rows of an estimand from columns id, sequence, period and y."""
    arms, periods = sorted({f"s{word.lower()}" for word in data["sequence"]}), sorted(set(data["period"]))
    frame = pd.DataFrame(
        {
            "participant_id": [str(one) for one in data["id"]],
            "arm": pd.Categorical([f"s{word.lower()}" for word in data["sequence"]], categories=arms),
            "visit": pd.Categorical(
                [f"p{period}" for period in data["period"]], categories=[f"p{one}" for one in periods]
            ),
            "value": pd.Series(data["y"], dtype=float),
        }
    )
    return SimulatedRows(frame, "value")


def analysed(data: Mapping[str, Sequence], options: str = "") -> tuple[ComparativeStudy, pd.DataFrame]:
    """Return the plan of these data and every number of its analysis."""
    study = parse_study(plan(tuple(dict.fromkeys(word.lower() for word in data["sequence"])), options))
    assert isinstance(study, ComparativeStudy)
    _, estimates, _ = run_analysis(study, "main", study.analyses["main"], rows(data))
    return study, estimates.frame
