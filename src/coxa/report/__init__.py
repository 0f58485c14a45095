"""From a plan and a cohort to a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.analyses.not_fitted import NotFitted as NotFitted
    from coxa.report.analyse import primary_rows as primary_rows
    from coxa.report.interim import record_look as record_look
    from coxa.report.output.render import render as render
    from coxa.report.report import Report as Report
    from coxa.report.topics.measurement.measured import MeasuredScore as MeasuredScore
    from coxa.report.topics.measurement.measured import measured_scores as measured_scores
    from coxa.report.topics.participants.flow.build import participant_flow as participant_flow
    from coxa.report.topics.participants.flow.draw import plot_flow as plot_flow
    from coxa.report.trace.compare import compare_results as compare_results
    from coxa.report.trace.crate import CrateOptions as CrateOptions
    from coxa.report.trace.results import results_frame as results_frame
    from coxa.report.trace.verify import verify as verify
    from coxa.report.transform.sharing.attack import attack as attack
    from coxa.report.transform.sharing.attack import texts_in as texts_in
    from coxa.report.transform.shell import shell as shell

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.report.analyse": ("primary_rows",),
        "coxa.report.interim": ("record_look",),
        "coxa.report.output.render": ("render",),
        "coxa.analyses.not_fitted": ("NotFitted",),
        "coxa.report.report": ("Report",),
        "coxa.report.topics.measurement.measured": ("MeasuredScore", "measured_scores"),
        "coxa.report.topics.participants.flow.build": ("participant_flow",),
        "coxa.report.topics.participants.flow.draw": ("plot_flow",),
        "coxa.report.trace.compare": ("compare_results",),
        "coxa.report.trace.crate": ("CrateOptions",),
        "coxa.report.trace.results": ("results_frame",),
        "coxa.report.trace.verify": ("verify",),
        "coxa.report.transform.sharing.attack": ("attack", "texts_in"),
        "coxa.report.transform.shell": ("shell",),
    },
)
