"""What guests call: `invoicing.create-manual-invoice` asks billing by hook, `charges.create-charges` keeps charges here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from kernel.capabilities import GuestCall
from kernel.context import CallContext
from kernel.errors import DeskhandError, InvalidInput
from kernel.hookspecs.invoicing import DraftInvoice, ManualInvoice, ManualLine
from kernel.hookspecs.start import HostFunction, HostInterface
from plugins.invoicing_host.charges import keep_charges
from plugins.invoicing_host.errors import AttributionMissing
from plugins.invoicing_host.schemas import ChargeArguments, CreateArguments, CreatedInvoice, KeptCharges

_PART = re.compile(r"[a-z_]+")
_LINE_WORDS = {
    "lines": "items", "item_id": "service_id", "percent": "rate", "amount": "rate", "line": "applies_to_item_id",
    "applies_to_line": "applies_to_item_id", "applies_to_item": "applies_to_service_id",
}  # fmt: skip
_HEADER_WORDS = {"currency": "currency_code"}


def create_manual_invoice(ctx: CallContext, _invocation: GuestCall, input: Mapping[str, Any]) -> dict[str, Any]:
    """Create a draft with the extension as its author. Raises InvalidInput by the contract's paths, AttributionMissing."""
    _check_author(ctx)
    items: Sequence[Mapping[str, Any]] = input["items"]
    _check_discounted_services(ctx, items)
    invoice = ManualInvoice(
        client_id=input["client_id"], lines=[_line(one) for one in items], invoice_date=input["invoice_date"],
        due_date=input["due_date"], po_number=input["po_number"], currency=input["currency_code"],
        idempotency_key=input["idempotency_key"],
    )  # fmt: skip
    try:
        return _created(ctx.hooks.create_manual_invoice(ctx=ctx, invoice=invoice))
    except DeskhandError as error:
        error.errors = {contract_path(path, items): words for path, words in error.errors.items()}
        raise


def create_charges(ctx: CallContext, _invocation: GuestCall, charges: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Keep charges for the next billing run. Raises InvalidInput by the contract's paths, AttributionMissing."""
    _check_author(ctx)
    return {"value": [{"charge_id": one.id, "created": one.created} for one in keep_charges(ctx, charges)]}


def _check_author(ctx: CallContext) -> None:
    if ctx.actor.kind != "extension" or not ctx.actor.author:
        raise AttributionMissing("Only an installed extension does this.")


def contract_path(path: str, items: Sequence[Mapping[str, Any]] = ()) -> str:
    """A field's path as the contract names it, from billing's.

    >>> contract_path("lines[2].item_id"), contract_path("currency")
    ('items[2].service_id', 'currency_code')
    """
    if not path.startswith("lines"):
        return _HEADER_WORDS.get(path, path)
    at = re.match(r"lines\[([0-9]+)\]", path)
    if at and path.endswith(".item_id") and int(at[1]) < len(items) and items[int(at[1])]["is_discount"]:
        path = path.removesuffix("item_id") + "applies_to_item"
    return _PART.sub(lambda part: _LINE_WORDS.get(part[0], part[0]), path)


def _line(item: Mapping[str, Any]) -> ManualLine:
    percentage = item["discount_type"] == "percentage"
    position = item["applies_to_item_id"]
    return ManualLine(
        item_id=item["service_id"], description=item["description"], quantity=Decimal(item["quantity"]),
        rate=0 if percentage else item["rate"], discount_type=item["discount_type"],
        percent=Decimal(item["rate"]) if percentage else None,
        applies_to_line=None if position is None else int(position), applies_to_item=item["applies_to_service_id"],
    )  # fmt: skip


def _check_discounted_services(ctx: CallContext, items: Sequence[Mapping[str, Any]]) -> None:
    """Billing looks at the items of lines only; the contract says that every service exists."""
    wanted = {at: one["service_id"] for at, one in enumerate(items) if one["is_discount"]}
    known = ctx.hooks.get_items(ctx=ctx, item_ids=sorted(set(wanted.values()))) if wanted else {}
    missing = [at for at, service_id in wanted.items() if service_id not in known]
    if missing:
        raise InvalidInput(errors={f"items[{at}].service_id": "There is no service with this id." for at in missing})


def _created(draft: DraftInvoice) -> dict[str, Any]:
    return {
        "invoice_id": draft.id, "invoice_number": draft.number or None, "status": draft.status, "subtotal": draft.subtotal,
        "tax": draft.tax, "total": draft.total, "currency_code": draft.currency, "minor_unit_exponent": draft.exponent,
        "url": draft.url,
    }  # fmt: skip


INVOICING = HostInterface(
    "invoicing", "Invoices of the tenant's clients. Amounts are integers in minor units of the invoice's currency."
)
CHARGES = HostInterface(
    "charges", "Things that clients owe and that the next billing run puts on their invoices, with contracts and approved work."
)
CREATE_MANUAL_INVOICE = HostFunction(
    interface="invoicing",
    name="create_manual_invoice",
    capability="cap:invoice.manual.create",
    says="Create a draft manual invoice.",
    takes=CreateArguments,
    gives=CreatedInvoice,
    call=create_manual_invoice,
)
CREATE_CHARGES = HostFunction(
    interface="charges",
    name="create_charges",
    capability="cap:charge.create",
    says="Keep charges for the next billing run.",
    takes=ChargeArguments,
    gives=KeptCharges,
    call=create_charges,
)
