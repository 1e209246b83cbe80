"""Where a person goes to mend what kept a client from being billed."""

from __future__ import annotations

from uuid import UUID

from kernel.errors import DeskhandError

_PAGES = {
    "price_missing_in_currency": "/catalog",
    "hourly_rate_missing": "/contracts?client_id={client}",
    "charges_unpriceable": "/contracts?client_id={client}",
    "tax_rate_missing": "/taxes",
    "tax_region_missing": "/taxes/of-client/{client}/edit",
    "reverse_charge_needs_tax_ids": "/taxes/of-client/{client}/edit",
    "po_number_missing": "/contracts?client_id={client}",
    "po_amount_exceeded": "/purchase-orders?client_id={client}",
    "no_provider": "/plugins",
    "layout_not_given": "/invoice-layouts",
    "layout_renderer_missing": "/invoice-layouts",
    "work_unapproved": "/time/approval?client_id={client}",
}


def mend_url(error: DeskhandError, client_id: UUID) -> str:
    """The page on which this error is mended; the client's own if no other is known."""
    if error.code == "price_missing_in_currency" and (items := error.extra.get("item_ids")):
        return f"/catalog/{items[0]}/prices/new?currency={error.extra['currency']}"
    named = error.extra.get("mend_url")
    return str(named) if named else _PAGES.get(error.code, "/clients/{client}").format(client=client_id)
