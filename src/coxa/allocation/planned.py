"""The scheme that a plan stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.allocation.schemes import (
    BiasedCoin,
    Cluster,
    Minimisation,
    OfUnits,
    PermutedBlocks,
    Scheme,
    Simple,
    Stratified,
)
from coxa.arguments import kinds
from coxa.errors import PlanError
from coxa.findings import Finding, Findings
from coxa.study.comparative import COMPARATIVE, ComparativeStudy

if TYPE_CHECKING:
    from coxa.study.randomisation import Randomisation


@kinds(study=COMPARATIVE)
def planned_scheme(study: ComparativeStudy) -> Scheme:
    """Return the randomisation scheme of a plan.

    Parameters
    ----------
    study
        A checked plan.

    Raises
    ------
    PlanError
        The plan has no `randomisation`.

    Examples
    --------
    >>> import coxa
    >>> plan = coxa.preset("moa-2013")
    >>> planned_scheme(type(plan).model_validate(plan.model_dump() | {"randomisation": {"scheme": "simple"}}))
    Simple(ratio={'usual_care': 1, 'manual_therapy': 1, 'exercise': 1, 'both': 1})
    """
    part = study.allocation
    if part is None:
        name = study.origin.name if study.origin else "plan"
        remedy = "Add for example `randomisation: {scheme: blocks, block_sizes: [4, 6]}`."
        finding = Finding(
            "error", name, "the plan does not describe how participants are randomised", remedy, field="randomisation"
        )
        raise PlanError("the plan has no randomisation", Findings((finding,)))
    scheme = _of_part(study, part)
    return Cluster(scheme, part.cluster) if part.cluster else scheme


def _of_part(study: ComparativeStudy, part: Randomisation) -> OfUnits:
    ratio = part.shares(study.arms)
    factors = {name: tuple(study.covariates[name].level_labels()) for name in part.covariates}
    if part.scheme == "simple":
        return Simple(ratio)
    if part.scheme == "minimisation":
        return Minimisation(ratio, factors, dict(part.weights), part.probability, part.measure)
    if part.scheme == "biased_coin":
        return BiasedCoin(ratio, factors, part.probability)
    blocks = PermutedBlocks(ratio, part.block_sizes or ())
    return Stratified(blocks, factors) if factors else blocks
