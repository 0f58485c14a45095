"""Tables of a report, as records: formatted text with the statistics it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.tables.table import Table as Table

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.tables.table": ("Table",),
    },
)
