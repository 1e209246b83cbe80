"""The ways the invoicing host says no."""

from __future__ import annotations

from kernel.errors import Conflict, NotFound, Refused


class AttributionMissing(Refused):
    """An invoice made by an extension names the install and version that made it."""

    code = "attribution_missing"
    title = "Nobody to name as the author"


class ChargeNotFound(NotFound):
    code = "extension_charge_not_found"
    title = "No such charge"


class ChargeBilled(Conflict):
    """The charge stands on an invoice."""

    code = "extension_charge_billed"
    title = "The charge is billed"


class ChargesMoved(Conflict):
    """Charges were billed or removed while the invoice was written."""

    code = "extension_charges_moved"
    title = "Charges changed meanwhile"
