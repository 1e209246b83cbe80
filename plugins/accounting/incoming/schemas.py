"""Exceptions and reconciliation as they go in and out. Amounts are minor units."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from plugins.accounting.incoming.drift import KINDS

STATES = ("open", "accepted", "resolved")


class ExceptionOut(Schema):
    """Where both sides differ; `ours` and `theirs` are amounts in minor units where the kind is about an amount."""

    id = fields.UUID()
    version = fields.Integer()
    target_id = fields.UUID()
    kind = fields.String(validate=validate.OneOf(KINDS))
    subject = fields.String()
    external_id = fields.String()
    our_id = fields.UUID(allow_none=True)
    client_id = fields.UUID(allow_none=True)
    label = fields.String()
    currency = fields.String()
    ours = fields.String()
    theirs = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    found_at = fields.AwareDateTime()
    settled_at = fields.AwareDateTime(allow_none=True)
    settled_by = fields.String()


ExceptionQuery = filtered(state=fields.String(), kind=fields.String(), target_id=fields.UUID(), client_id=fields.UUID())
ExceptionPage = page_schema(ExceptionOut)


class LookOut(Schema):
    """The job that looks at the other side."""

    job_id = fields.UUID()


class AmountsOut(Schema):
    total = fields.Integer()
    tax = fields.Integer()
    open = fields.Integer()


class ReconciledOut(Schema):
    """A document or payment on both sides; `theirs` is null where nobody looked at it since it was delivered. Of a payment only
    `open` counts: what of it pays none of the documents that are there.
    """

    our_id = fields.UUID()
    kind = fields.String()
    number = fields.String()
    client_id = fields.UUID()
    client = fields.String()
    currency = fields.String()
    ours = fields.Nested(AmountsOut)
    theirs = fields.Nested(AmountsOut, allow_none=True)
    differs = fields.Boolean()


class ClientSumOut(Schema):
    """A client's documents in a currency, credit notes and unused money taken off."""

    client_id = fields.UUID()
    client = fields.String()
    currency = fields.String()
    ours = fields.Nested(AmountsOut)
    theirs = fields.Nested(AmountsOut)
    unseen = fields.Integer()
    differs = fields.Boolean()


class ReconciliationOut(Schema):
    """Documents and payments that differ, or all of them, and the sums of clients. More follow where `next_after` is set."""

    documents = fields.List(fields.Nested(ReconciledOut))
    next_after = fields.String(allow_none=True)
    clients = fields.List(fields.Nested(ClientSumOut))


class ReconciliationQuery(Schema):
    """Only what differs, unless `all`; what follows the document or payment `after`, at most `limit`."""

    all = fields.Boolean(load_default=False)
    after = fields.String(load_default="", validate=validate.Length(max=40))
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 5_000))


class ReportQuery(Schema):
    """Which books the report is about, and whether documents that are equal are shown."""

    target_id = fields.UUID(load_default=None)
    all = fields.Boolean(load_default=False)
    after = fields.String(load_default="", validate=validate.Length(max=40))
