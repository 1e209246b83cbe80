"""Billing runs and previews as they go in and out."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema


class WindowIn(Schema):
    """What a run bills: [window_start, window_end). By default the month before this one, every client, within bounds."""

    window_start = fields.Date(metadata={"example": "2026-07-01"})
    window_end = fields.Date(metadata={"example": "2026-08-01"})
    invoice_date = fields.Date(metadata={"example": "2026-08-01"})
    client_ids = fields.List(fields.UUID(), validate=validate.Length(max=1000))
    bounded = fields.Boolean()


class RunOut(Schema):
    id = fields.UUID()
    window_start = fields.Date()
    window_end = fields.Date()
    invoice_date = fields.Date()
    state = fields.String()
    bounded = fields.Boolean()
    job_id = fields.UUID(allow_none=True)
    client_total = fields.Integer()
    waiting = fields.Raw()
    started_by = fields.String()
    started_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)
    billed = fields.Integer()
    parked = fields.Integer()
    nothing = fields.Integer()
    pending = fields.Integer()
    invoices = fields.Integer()


RunQuery = filtered(state=fields.String())
RunPage = page_schema(RunOut)


class RunClientOut(Schema):
    """A client in a run; a parked one says why, and on which page it is mended."""

    id = fields.UUID()
    client_id = fields.UUID()
    client_name = fields.String()
    state = fields.String()
    invoices = fields.Integer()
    reason_code = fields.String()
    reason = fields.String()
    mend_url = fields.String()


RunClientQuery = filtered(state=fields.String())
RunClientPage = page_schema(RunClientOut)


class ParkedClientOut(Schema):
    """A client that the last run over it parked, with that run's days."""

    id = fields.UUID()
    client_id = fields.UUID()
    client_name = fields.String()
    run_id = fields.UUID()
    window_start = fields.Date()
    window_end = fields.Date()
    reason_code = fields.String()
    reason = fields.String()
    mend_url = fields.String()


ParkedClientQuery = filtered()
ParkedClientPage = page_schema(ParkedClientOut)


class ChangeOut(Schema):
    """A client's subtotal now and in the last period, in minor units; kind is new, gone, more, less or same."""

    client_id = fields.UUID()
    client_name = fields.String()
    currency = fields.String()
    before = fields.Integer(allow_none=True)
    now = fields.Integer(allow_none=True)
    difference = fields.Integer()
    kind = fields.String()


class ChangesOut(Schema):
    items = fields.List(fields.Nested(ChangeOut))


class PreviewLineOut(Schema):
    description = fields.String()
    kind = fields.String()
    item_id = fields.UUID(allow_none=True)
    quantity = fields.Decimal(as_string=True)
    unit = fields.String()
    unit_price = fields.Integer(allow_none=True)
    net = fields.Integer()
    tax = fields.Integer()
    total = fields.Integer()
    period_start = fields.Date(allow_none=True)
    period_end = fields.Date(allow_none=True)
    trace = fields.Raw()


class PreviewInvoiceOut(Schema):
    client_id = fields.UUID()
    client_name = fields.String()
    currency = fields.String()
    po_number = fields.String(allow_none=True)
    subtotal = fields.Integer()
    tax = fields.Integer()
    total = fields.Integer()
    lines = fields.List(fields.Nested(PreviewLineOut))


class PreviewTotalOut(Schema):
    currency = fields.String()
    invoices = fields.Integer()
    subtotal = fields.Integer()
    tax = fields.Integer()
    total = fields.Integer()


class ParkedOut(Schema):
    client_id = fields.UUID()
    client_name = fields.String()
    code = fields.String()
    reason = fields.String()
    mend_url = fields.String()


class PreviewUnapprovedOut(Schema):
    """Billable work before the window's end that nobody has approved."""

    clients = fields.Integer()
    count = fields.Integer()
    minutes = fields.Integer()


class PreviewOut(Schema):
    """What a run would write now: nothing of it is stored."""

    window_start = fields.Date()
    window_end = fields.Date()
    invoice_date = fields.Date()
    invoices = fields.List(fields.Nested(PreviewInvoiceOut))
    parked = fields.List(fields.Nested(ParkedOut))
    waiting = fields.Raw()
    totals = fields.List(fields.Nested(PreviewTotalOut))
    changes = fields.List(fields.Nested(ChangeOut))
    unapproved = fields.Nested(PreviewUnapprovedOut)
