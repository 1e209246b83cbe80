"""What goes in and out of the service desk's interfaces."""

from decimal import Decimal

from marshmallow import Schema, ValidationError, fields, validate

from kernel.api.listing import filtered, page_schema


class TicketIn(Schema):
    client_id = fields.UUID(required=True)
    title = fields.String(required=True, validate=validate.Length(1, 255))
    description = fields.String(validate=validate.Length(max=20_000))
    board_id = fields.UUID()
    status_id = fields.UUID()
    priority_id = fields.UUID()
    location_id = fields.UUID(allow_none=True)
    contact_id = fields.UUID(allow_none=True)
    assignee_id = fields.UUID(allow_none=True)
    team_id = fields.UUID(allow_none=True)
    due_on = fields.Date(allow_none=True)


class TicketPatch(Schema):
    title = fields.String(validate=validate.Length(1, 255))
    description = fields.String(validate=validate.Length(max=20_000))
    board_id = fields.UUID()
    status_id = fields.UUID()
    priority_id = fields.UUID()
    location_id = fields.UUID(allow_none=True)
    contact_id = fields.UUID(allow_none=True)
    assignee_id = fields.UUID(allow_none=True)
    team_id = fields.UUID(allow_none=True)
    due_on = fields.Date(allow_none=True)


class TicketOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    number = fields.Integer()
    title = fields.String()
    description = fields.String()
    client_id = fields.UUID()
    location_id = fields.UUID(allow_none=True)
    contact_id = fields.UUID(allow_none=True)
    board_id = fields.UUID()
    status_id = fields.UUID()
    priority_id = fields.UUID()
    assignee_id = fields.UUID(allow_none=True)
    team_id = fields.UUID(allow_none=True)
    due_on = fields.Date(allow_none=True)
    origin = fields.String()
    is_closed = fields.Boolean()
    closed_at = fields.AwareDateTime(allow_none=True)
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class TicketRow(Schema):
    """A ticket as lists show it, with the words of its status, priority and people."""

    id = fields.UUID()
    number = fields.Integer()
    title = fields.String()
    client_id = fields.UUID()
    client_name = fields.String()
    board_id = fields.UUID()
    status_id = fields.UUID()
    status_name = fields.String()
    priority_name = fields.String()
    priority_level = fields.Integer()
    assignee_id = fields.UUID(allow_none=True)
    assignee_name = fields.String(allow_none=True)
    due_on = fields.Date(allow_none=True)
    is_closed = fields.Boolean()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


TicketQuery = filtered(
    client_id=fields.UUID(),
    board_id=fields.UUID(),
    status_id=fields.UUID(),
    priority_id=fields.UUID(),
    assignee_id=fields.UUID(),
    is_closed=fields.Boolean(),
    number=fields.Integer(),
    created_at=fields.AwareDateTime(),
)
TicketPage = page_schema(TicketRow)


class Ticked(Schema):
    """Rows that were ticked on a page."""

    ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=500))


class CommentIn(Schema):
    body = fields.String(required=True, validate=validate.Length(1, 20_000))
    internal = fields.Boolean(load_default=False)
    is_resolution = fields.Boolean(load_default=False)


class CommentPatch(Schema):
    body = fields.String(validate=validate.Length(1, 20_000))
    is_resolution = fields.Boolean()


class CommentOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    ticket_id = fields.UUID()
    body = fields.String()
    internal = fields.Boolean()
    is_resolution = fields.Boolean()
    author_kind = fields.String()
    author_id = fields.UUID(allow_none=True)
    author_name = fields.String()
    created_at = fields.AwareDateTime()


class CommentList(Schema):
    items = fields.List(fields.Nested(CommentOut))


def _four_places(value: Decimal) -> None:
    if not 0 < value < 10**10 or value != round(value, 4):
        raise ValidationError("Give a number above zero and below ten thousand million, with at most four decimals.")


_RATE = validate.Range(0, 10**15)


class MaterialIn(Schema):
    item_id = fields.UUID(required=True)
    quantity = fields.Decimal(as_string=True, validate=_four_places)
    rate = fields.Integer(strict=True, validate=_RATE)
    currency = fields.String(validate=validate.Regexp(r"[A-Z]{3}\Z"))
    description = fields.String(validate=validate.Length(max=1000))
    used_on = fields.Date()


class MaterialPatch(Schema):
    quantity = fields.Decimal(as_string=True, validate=_four_places)
    rate = fields.Integer(strict=True, validate=_RATE)
    description = fields.String(validate=validate.Length(1, 1000))
    used_on = fields.Date()


class MaterialOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    ticket_id = fields.UUID()
    item_id = fields.UUID()
    description = fields.String()
    quantity = fields.Decimal(as_string=True)
    rate = fields.Integer()
    currency = fields.String()
    used_on = fields.Date()
    invoice_id = fields.UUID(allow_none=True)


class MaterialList(Schema):
    items = fields.List(fields.Nested(MaterialOut))


class BoardIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 100))
    is_default = fields.Boolean(load_default=False)


class BoardPatch(Schema):
    name = fields.String(validate=validate.Length(1, 100))
    is_default = fields.Boolean(validate=validate.Equal(True, error="Make another board the default one instead."))
    active = fields.Boolean()


class StatusIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 100))
    is_closed = fields.Boolean(load_default=False)


class StatusOut(Schema):
    id = fields.UUID()
    board_id = fields.UUID()
    name = fields.String()
    position = fields.Integer()
    is_closed = fields.Boolean()
    is_default = fields.Boolean()


class StatusList(Schema):
    items = fields.List(fields.Nested(StatusOut))


class BoardOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    is_default = fields.Boolean()
    active = fields.Boolean()


class BoardList(Schema):
    items = fields.List(fields.Nested(BoardOut))


class PriorityOut(Schema):
    id = fields.UUID()
    name = fields.String()
    level = fields.Integer()


class PriorityList(Schema):
    items = fields.List(fields.Nested(PriorityOut))


class TicketEvent(Schema):
    ticket_id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)
    number = fields.Integer(required=True)


class TicketAssigned(TicketEvent):
    assignee_id = fields.UUID(required=True, allow_none=True)


class TicketCommented(Schema):
    ticket_id = fields.UUID(required=True)
    comment_id = fields.UUID(required=True)
    internal = fields.Boolean(required=True)
