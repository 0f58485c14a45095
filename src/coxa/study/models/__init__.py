"""The kinds of models that an analysis of a plan may have, each with its own options."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from coxa.study.analysis import Analysis
from coxa.study.models.ancova import ANCOVA
from coxa.study.models.cace import CACE
from coxa.study.models.clda import CLDA
from coxa.study.models.cluster_periods import ClusterPeriodModel
from coxa.study.models.cluster_periods_gee import ClusterPeriodGEE
from coxa.study.models.competing_risks import CompetingRisks
from coxa.study.models.counts import CountModel
from coxa.study.models.cox import Cox
from coxa.study.models.crossover import Crossover
from coxa.study.models.dose_response import DoseResponseModel
from coxa.study.models.doubly_robust import DoublyRobust
from coxa.study.models.dropout_weights import DropoutWeights
from coxa.study.models.gee import GEE
from coxa.study.models.glmm import GLMM
from coxa.study.models.imputation import Imputation
from coxa.study.models.imputed_counts import ImputedCounts
from coxa.study.models.kaplan_meier import KaplanMeier
from coxa.study.models.lmm import LMM
from coxa.study.models.location_scale import LocationScale
from coxa.study.models.logistic import Logistic
from coxa.study.models.mann_whitney import MannWhitney
from coxa.study.models.matching import Matching
from coxa.study.models.mediation import Mediation
from coxa.study.models.mmrm import MMRM
from coxa.study.models.n_of_1 import NOfOne
from coxa.study.models.ordinal import Ordinal
from coxa.study.models.proportions import Proportions
from coxa.study.models.recurrent import Recurrent
from coxa.study.models.responder_mmrm import ResponderMMRM
from coxa.study.models.standardisation import Standardisation
from coxa.study.models.weighted_mmrm import WeightedMMRM
from coxa.study.models.weighting import Weighting
from coxa.study.models.win_ratio import WinRatio

AnyModel = (
    MMRM
    | ANCOVA
    | CLDA
    | LMM
    | Crossover
    | ClusterPeriodModel
    | ClusterPeriodGEE
    | NOfOne
    | LocationScale
    | Imputation
    | DropoutWeights
    | Proportions
    | Ordinal
    | MannWhitney
    | Cox
    | KaplanMeier
    | CompetingRisks
    | Recurrent
    | GLMM
    | Logistic
    | CountModel
    | ImputedCounts
    | GEE
    | WinRatio
    | ResponderMMRM
    | CACE
    | DoseResponseModel
    | Mediation
    | Weighting
    | DoublyRobust
    | Matching
    | WeightedMMRM
    | Standardisation
)
"""Every kind of model; a new one is added here. Its method is `coxa.analyses.methods.<model>`."""

AnyAnalysis = Annotated[AnyModel, Field(discriminator="model")]
"""An analysis of a plan; `model` says which options it has."""

MODELS: dict[str, type[Analysis]] = {
    get_args(kind.model_fields["model"].annotation)[0]: kind for kind in get_args(AnyModel)
}
"""Word of a plan -> the options of this kind of model."""


def models_of(summary: str) -> list[str]:
    """Return the models that estimate a population-level summary.

    Examples
    --------
    >>> models_of("difference_in_means")[:5]
    ['mmrm', 'ancova', 'clda', 'lmm', 'crossover']
    """
    return [word for word, kind in MODELS.items() if summary in kind.summaries]
