"""What goes in and out of the interfaces of templates and bundles."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from plugins.billing.agreements.line_data import TemplateLineIn, TemplateLineOut
from plugins.billing.contracts.schemas import CADENCES, CURRENCY, RENEWALS, STATUSES, ContractOut, quantity_field

MONTHS = validate.Range(1, 120)
NOTICE = validate.Range(0, 3650)
NAME = validate.Length(1, 255)


class TemplatePatch(Schema):
    name = fields.String(validate=NAME)
    description = fields.String(validate=validate.Length(max=1000))
    cadence = fields.String(validate=validate.OneOf(CADENCES))
    term_months = fields.Integer(allow_none=True, validate=MONTHS, metadata={"example": 12})
    renewal_mode = fields.String(validate=validate.OneOf(RENEWALS))
    renewal_months = fields.Integer(allow_none=True, validate=MONTHS, metadata={"example": 12})
    notice_days = fields.Integer(validate=NOTICE, metadata={"example": 30})


class TemplateIn(TemplatePatch):
    name = fields.String(required=True, validate=NAME)
    currency = fields.String(validate=CURRENCY)
    lines = fields.List(fields.Nested(TemplateLineIn), validate=validate.Length(max=200))


class TemplateOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    description = fields.String()
    currency = fields.String()
    cadence = fields.String()
    term_months = fields.Integer(allow_none=True)
    renewal_mode = fields.String()
    renewal_months = fields.Integer(allow_none=True)
    notice_days = fields.Integer()
    lines = fields.List(fields.Nested(TemplateLineOut))
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class TemplateRow(Schema):
    id = fields.UUID()
    name = fields.String()
    description = fields.String()
    currency = fields.String()
    cadence = fields.String()
    term_months = fields.Integer(allow_none=True)
    renewal_mode = fields.String()
    line_count = fields.Integer()
    updated_at = fields.AwareDateTime()


TemplateQuery = filtered(name=fields.String(), currency=fields.String(), cadence=fields.String(), renewal_mode=fields.String())
TemplatePage = page_schema(TemplateRow)


class QuantityIn(Schema):
    """How many a client takes of an item on a line of the template; left out, as the template says."""

    line_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    quantity = quantity_field(validate.Range(min=0, min_inclusive=False), allow_none=True, load_default=None)


class BundleApplyIn(Schema):
    client_id = fields.UUID(required=True)
    start_on = fields.Date(required=True)
    status = fields.String(validate=validate.OneOf(STATUSES))
    po_number = fields.String(allow_none=True, validate=validate.Length(1, 100))
    quantities = fields.List(fields.Nested(QuantityIn), validate=validate.Length(max=1000))


class TemplateApplyIn(BundleApplyIn):
    name = fields.String(validate=NAME)


class SaveAsTemplateIn(Schema):
    name = fields.String(required=True, validate=NAME)
    description = fields.String(validate=validate.Length(max=1000))


class BundlePatch(Schema):
    name = fields.String(validate=NAME)
    description = fields.String(validate=validate.Length(max=1000))
    template_ids = fields.List(fields.UUID(), validate=validate.Length(1, 50))


class BundleIn(BundlePatch):
    name = fields.String(required=True, validate=NAME)
    template_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 50))


class BundleOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    description = fields.String()
    template_ids = fields.List(fields.UUID())
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class BundleRow(Schema):
    id = fields.UUID()
    name = fields.String()
    description = fields.String()
    template_count = fields.Integer()
    updated_at = fields.AwareDateTime()


BundleQuery = filtered(name=fields.String())
BundlePage = page_schema(BundleRow)


class ContractList(Schema):
    items = fields.List(fields.Nested(ContractOut))
