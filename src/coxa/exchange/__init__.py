"""A study in the forms that others take: ADaM, Dataset-JSON, the analysis results standard, tables of registries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.exchange.adam.build import to_adam as to_adam
    from coxa.exchange.ars.build import to_ars as to_ars
    from coxa.exchange.dataset_json import to_dataset_json as to_dataset_json
    from coxa.exchange.registries.build import registry_tables as registry_tables
    from coxa.exchange.write import write_export as write_export

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.exchange.adam.build": ("to_adam",),
        "coxa.exchange.ars.build": ("to_ars",),
        "coxa.exchange.dataset_json": ("to_dataset_json",),
        "coxa.exchange.registries.build": ("registry_tables",),
        "coxa.exchange.write": ("write_export",),
    },
)
