"""Shapes of the accounting room's REST and forms."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from kernel.hookspecs.accounting import MAPPED

_NAME = validate.Length(max=200)
_KIND = validate.OneOf(MAPPED)


class TargetOptions(Schema):
    name = fields.String(validate=_NAME)
    starts_on = fields.Date(metadata={"description": "Documents dated before are never delivered."})
    auto_export = fields.Boolean(metadata={"description": "Deliver documents as they become final."})
    send_payments = fields.Boolean(metadata={"description": "Deliver payments, and what credit notes paid."})
    provision = fields.Boolean(metadata={"description": "Make customers there of clients that are not linked."})
    tax_by = fields.String(validate=validate.OneOf(("ours", "theirs")), metadata={"description": "Whose taxes count."})


class TargetIn(TargetOptions):
    system = fields.String(required=True, validate=validate.Length(min=1, max=100), metadata={"example": "quickbooks_csv"})
    account_id = fields.String(
        load_default="", validate=_NAME, metadata={"description": "The connected company, by its id there.", "example": ""}
    )
    starts_on = fields.Date(required=True)


class TargetForm(TargetOptions):
    """The page's form: `books` is a system, or a system and the id of a company there, such as `quickbooks/9130`."""

    books = fields.String(required=True, validate=validate.Length(min=1, max=300))
    starts_on = fields.Date(required=True)


class TargetPatch(TargetOptions):
    active = fields.Boolean(metadata={"description": "Off: nothing goes out for the time being."})


class TargetOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    system = fields.String()
    name = fields.String()
    connection_id = fields.UUID(allow_none=True)
    account_id = fields.String()
    account_name = fields.String()
    starts_on = fields.Date()
    auto_export = fields.Boolean()
    send_payments = fields.Boolean()
    provision = fields.Boolean()
    tax_by = fields.String()
    active = fields.Boolean()
    halted = fields.String()
    halted_detail = fields.String()
    currencies = fields.List(
        fields.String(), metadata={"description": "What its company keeps books in; empty where it takes any."}
    )
    looked_at = fields.AwareDateTime(allow_none=True)


class TargetList(Schema):
    items = fields.List(fields.Nested(TargetOut))


class MappingQuery(Schema):
    kind = fields.String(load_default="item", validate=_KIND)
    q = fields.String(load_default="")
    key = fields.String(load_default="")
    unmapped = fields.Boolean(load_default=False)


class MappingPage(MappingQuery):
    batch = fields.UUID(load_default=None, metadata={"description": "The batch that a person comes from."})
    job = fields.UUID(load_default=None)


class MappingIn(Schema):
    kind = fields.String(required=True, validate=_KIND)
    our_key = fields.String(required=True, validate=validate.Length(min=1, max=500))
    external_id = fields.String(load_default="", validate=validate.Length(max=500),
                                metadata={"description": "Their id; empty takes the mapping back."})  # fmt: skip
    name = fields.String(load_default="", validate=validate.Length(max=500))
    everywhere = fields.Boolean(load_default=False, metadata={"description": "For all companies of the system."})


class MappingForm(Schema):
    external_id = fields.String(load_default="", validate=validate.Length(max=500))
    everywhere = fields.Boolean(load_default=False)


class MappingOut(Schema):
    our_key = fields.String(attribute="id")
    name = fields.String()
    external_id = fields.String()
    external_name = fields.String()
    own = fields.Boolean()
    suggested_id = fields.String()
    suggested_name = fields.String()


class MappingList(Schema):
    items = fields.List(fields.Nested(MappingOut))


class BatchIn(Schema):
    target_id = fields.UUID(required=True)
    first_day = fields.Date(load_default=None, allow_none=True, metadata={"description": "First invoice date."})
    last_day = fields.Date(load_default=None, allow_none=True, metadata={"description": "Last invoice date, included."})
    statuses = fields.List(fields.String(validate=validate.OneOf(("open", "paid"))), load_default=list)
    client_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=1000))
    invoice_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=1000))


class BatchForm(Schema):
    target_id = fields.UUID(required=True)
    first_day = fields.Date(load_default=None, allow_none=True)
    last_day = fields.Date(load_default=None, allow_none=True)
    status = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(("open", "paid")))
    client_id = fields.UUID(load_default=None, allow_none=True)


class BatchOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    target_id = fields.UUID()
    origin = fields.String()
    state = fields.String()
    filters = fields.Dict()
    started_by = fields.String()
    job_id = fields.UUID(allow_none=True)
    created_at = fields.AwareDateTime()
    delivered_at = fields.AwareDateTime(allow_none=True)


class BatchRow(Schema):
    """A batch as lists show it."""

    id = fields.UUID()
    target_id = fields.UUID()
    target_name = fields.String()
    origin = fields.String()
    state = fields.String()
    filters = fields.Dict()
    started_by = fields.String()
    documents = fields.Integer()
    delivered = fields.Integer()
    attention = fields.Integer()
    created_at = fields.AwareDateTime()
    delivered_at = fields.AwareDateTime(allow_none=True)


BatchQuery = filtered(target_id=fields.UUID(), state=fields.String(), origin=fields.String())
BatchPage = page_schema(BatchRow)


class ProblemOut(Schema):
    code = fields.String()
    subject = fields.String()
    detail = fields.String()
    mend_url = fields.String()
    found_at = fields.AwareDateTime()


class DocumentRow(Schema):
    """A document of a batch; `code` and `detail` are what its last delivery came to, if not to its arrival."""

    id = fields.UUID()
    batch_id = fields.UUID()
    invoice_id = fields.UUID()
    kind = fields.String()
    number = fields.String()
    client_id = fields.UUID()
    client_name = fields.String(allow_none=True)
    issued_on = fields.Date()
    currency = fields.String()
    total = fields.Integer()
    state = fields.String()
    code = fields.String()
    detail = fields.String()
    delivered_at = fields.AwareDateTime(allow_none=True)


DocumentQuery = filtered(state=fields.String(), client_id=fields.UUID())
DocumentPage = page_schema(DocumentRow)


class DocumentOut(DocumentRow):
    snapshot = fields.Dict()
    problems = fields.List(fields.Nested(ProblemOut))


class WorkOut(Schema):
    id = fields.UUID()
    kind = fields.String()
    action = fields.String()
    our_id = fields.UUID()
    label = fields.String()
    state = fields.String()
    attempts = fields.Integer()
    due_at = fields.AwareDateTime()
    code = fields.String()
    detail = fields.String()
    mend_url = fields.String()


WorkQuery = filtered(state=fields.String(), kind=fields.String(), code=fields.String())
WorkPage = page_schema(WorkOut)


class FileOut(Schema):
    id = fields.UUID()
    name = fields.String()
    content_type = fields.String()
    documents = fields.Integer()
    written_at = fields.AwareDateTime()


class FileList(Schema):
    items = fields.List(fields.Nested(FileOut))
