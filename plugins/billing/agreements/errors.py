"""The ways in which agreements say no."""

from __future__ import annotations

from kernel.errors import Conflict, InvalidInput, NotFound, Refused


class ContractTemplateNotFound(NotFound):
    code = "contract_template_not_found"
    title = "No such contract template"


class TemplateLineNotFound(NotFound):
    code = "template_line_not_found"
    title = "No such line on the template"


class PlanBundleNotFound(NotFound):
    code = "plan_bundle_not_found"
    title = "No such plan bundle"


class ScheduledPriceNotFound(NotFound):
    code = "scheduled_price_not_found"
    title = "No such price on the schedule"


class PricesOverlap(InvalidInput):
    """Two prices of a line would hold on one day."""

    code = "scheduled_prices_overlap"
    title = "Another price holds then"


class ContractDiscountNotFound(NotFound):
    code = "contract_discount_not_found"
    title = "No such discount on the contract"


class NoDiscountOnProducts(InvalidInput):
    """A discount names a line of products or licenses: those have a price of their own instead."""

    code = "no_discount_on_products"
    title = "Products have no discount"


class PoNumberMissing(Refused):
    """A contract may be billed under a client's order number only, and has none."""

    code = "po_number_missing"
    title = "The order number is missing"


class PoAmountExceeded(Refused):
    """An invoice would bill more than is left of what the client ordered; `remaining` is in minor units."""

    code = "po_amount_exceeded"
    title = "More than was ordered"


class NothingToRenew(Conflict):
    """The contract has no last day, or is a draft."""

    code = "nothing_to_renew"
    title = "Nothing to renew"
