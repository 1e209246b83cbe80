"""The ways the invoicing host says no."""

from __future__ import annotations

from kernel.errors import Refused


class AttributionMissing(Refused):
    """An invoice made by an extension names the install and version that made it."""

    code = "attribution_missing"
    title = "Nobody to name as the author"
