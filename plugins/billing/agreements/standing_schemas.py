"""What goes in and out of the interfaces of orders and renewals, and what is said of them."""

from __future__ import annotations

from marshmallow import Schema, fields

from kernel.api.listing import filtered, page_schema
from plugins.billing.agreements.schemas import MONTHS


class OrderRow(Schema):
    """A contract under a client's order; amounts in minor units with tax, `remaining` below zero where it is exceeded."""

    id = fields.UUID()
    name = fields.String()
    client_id = fields.UUID()
    client_name = fields.String()
    po_number = fields.String()
    currency = fields.String()
    authorized = fields.Integer()
    invoiced = fields.Integer()
    remaining = fields.Integer()
    state = fields.String()
    po_policy = fields.String()
    updated_at = fields.AwareDateTime()


OrderQuery = filtered(client_id=fields.UUID(), po_number=fields.String(), currency=fields.String(), po_policy=fields.String())
OrderPage = page_schema(OrderRow)


class RenewalRow(Schema):
    """A contract whose last day comes near; `decide_by` is the last day on which somebody may say that it ends."""

    id = fields.UUID()
    name = fields.String()
    client_id = fields.UUID()
    client_name = fields.String()
    end_on = fields.Date()
    decide_by = fields.Date()
    renewal_mode = fields.String()
    renewal_months = fields.Integer(allow_none=True)
    notice_days = fields.Integer()
    state = fields.String()
    updated_at = fields.AwareDateTime()


RenewalQuery = filtered(client_id=fields.UUID(), renewal_mode=fields.String())
RenewalPage = page_schema(RenewalRow)


class RenewIn(Schema):
    months = fields.Integer(allow_none=True, validate=MONTHS, metadata={"example": 12})


class SnoozeIn(Schema):
    until = fields.Date(required=True)


class ContractRenewed(Schema):
    """Said when a contract was renewed; it ended on `ends_on` before."""

    contract_id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)
    name = fields.String(required=True)
    ends_on = fields.Date(required=True)
    renewed_until = fields.Date(required=True)


class ContractRenewalDue(Schema):
    """Said once of each last day that comes near; `mode` auto means that it is renewed unless somebody says no."""

    contract_id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)
    name = fields.String(required=True)
    ends_on = fields.Date(required=True)
    decide_by = fields.Date(required=True)
    mode = fields.String(required=True)
