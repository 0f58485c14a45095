"""`coxa pool`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.analyse import asked_forms
from coxa.cli.edge import AsJson, OutPath, Quiet, Verbose, check_there, edge, print_json, working
from coxa.errors import OptionError

if TYPE_CHECKING:
    from coxa.study import PoolPlan

PoolPath = Annotated[
    Path | None, typer.Argument(metavar="POOL.YAML", help="The plan; or use --presets.", show_default=False)
]


def pool_command(
    plan: PoolPath = None,
    presets: Annotated[
        str | None, typer.Option("--presets", help="Propose a plan from the presets with this word, such as hip.")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option("--outcome", help="With --presets: a word in the name of the outcome, such as pain.")
    ] = None,
    measure: Annotated[str, typer.Option("--measure", help="With --presets: smd, md, rr, or, rd.")] = "smd",
    own: Annotated[
        Path | None, typer.Option("--with", help="The results.parquet of your own report, as one more trial.")
    ] = None,
    arm: Annotated[str | None, typer.Option("--arm", help="With --with: the arm of your trial.")] = None,
    against: Annotated[str | None, typer.Option("--against", help="With --with: its reference arm.")] = None,
    out: OutPath = Path("review"),
    forms: Annotated[
        str, typer.Option("--format", help="Formats of the report: html, pdf, docx (Word), or several with commas.")
    ] = "html",
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Pool the effects of trials: a meta-analysis with its report, forest plot and checklist.

    Example: coxa pool --presets hip --outcome pain --format html,pdf
    """
    with edge(verbose, as_json):
        check_there(plan)
        check_there(own)
        wanted = asked_forms(forms)
        read, text = _plan(plan, presets, outcome, measure)
        if own is not None:
            read = _with_own(read, own, arm, against)
        with working("pooling", quiet) as tell:
            from coxa.meta.review.run import pool_studies
            from coxa.reviews.write import write_review

            tell("pooling", 0, 2)
            review = pool_studies(read)
            tell("writing the report", 1, 2)
            written = write_review(review, out, wanted, plan_text=text)
        if as_json:
            from coxa.meta.review.frame import effects_frame

            print_json(effects_frame(review))
            return
        from coxa.cli.show_pool import show_review

        show_review(review, quiet)
        typer.echo(f"report: {', '.join(map(str, written))}")
        if text:
            typer.echo(f"plan: {out / 'pool.yaml'}")


def _plan(path: Path | None, presets: str | None, outcome: str | None, measure: str) -> tuple[PoolPlan, str]:
    """Return the plan, and its text where it is proposed."""
    from coxa.study.pool.read import parse_pool, read_pool

    if (path is None) == (presets is None):
        raise OptionError("Give either the plan or `--presets`.")
    if path is not None:
        if outcome is not None:
            raise OptionError("`--outcome` goes with `--presets`. Leave it out, since the plan has its outcome.")
        return read_pool(path), ""
    if presets is None or outcome is None:
        raise OptionError("`--presets` has no outcome. Add `--outcome`, such as `--presets hip --outcome pain`.")
    from coxa.meta.review.propose import propose_pool

    text = propose_pool(presets, outcome, measure)
    return parse_pool(text.encode()), text


def _with_own(plan: PoolPlan, results: Path, arm: str | None, against: str | None) -> PoolPlan:
    """Return a plan with the reader's own trial as its last study."""
    from coxa.study.pool.studies import OwnResult, PooledStudy

    mine = OwnResult(results=str(results.resolve()), arm=arm, reference=against)
    moderators: dict[str, float | str] = dict.fromkeys(plan.subgroups, "own trial")
    study = PooledStudy(label="Own trial", own=mine, moderators=moderators)
    changed = plan.model_copy(update={"studies": {**plan.studies, "own_trial": study}, "moderators": ()})
    changed._origin = plan.origin
    return changed
