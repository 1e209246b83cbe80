"""REST of the e-invoicing room."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from kernel.api.rest import Rest
from kernel.context import CallContext
from kernel.web.pages import attachment
from plugins.einvoicing import schemas, services

rest = Rest("einvoicing")
_INVOICE = "/invoices/<uuid:invoice_id>/e-invoice"
_FACTS = "/clients/<uuid:client_id>/e-invoicing"


@rest.get(_INVOICE, permission="invoice.read", query=schemas.EInvoiceQuery)
def get_e_invoice(ctx: CallContext, invoice_id: UUID, query: dict[str, Any]) -> Response:
    """An invoice as data by EN 16931

    XML in UBL 2.1 or CII, or the PDF with the data in it (Factur-X, ZUGFeRD). What keeps it from being one is refused by name.
    """
    return attachment(*services.write_file(ctx, invoice_id, query.get("format") or "ubl"))


@rest.get(f"{_INVOICE}/check", permission="invoice.read", out=schemas.CheckOut)
def check_e_invoice(ctx: CallContext, invoice_id: UUID) -> Any:
    """Which facts an invoice lacks as an e-invoice"""
    return services.check_invoice(ctx, invoice_id)


@rest.get(_FACTS, permission="invoice.read", out=schemas.ClientFactsOut)
def get_client_facts(ctx: CallContext, client_id: UUID) -> Any:
    """Read what e-invoices say of a client"""
    return services.get_client_facts(ctx, client_id)


@rest.put(_FACTS, permission="e_invoice.manage", body=schemas.ClientFactsIn, out=schemas.ClientFactsOut, if_match=True)
def set_client_facts(ctx: CallContext, client_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Set what e-invoices say of a client"""
    return services.set_client_facts(ctx, client_id, **body, version=version)
