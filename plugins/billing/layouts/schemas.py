"""Layouts of invoices as they go in and out."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from plugins.billing.layouts.blocks import Block, Whole
from plugins.billing.layouts.choosing import KINDS
from plugins.billing.layouts.images import MOST_BYTES
from plugins.billing.layouts.store import LONGEST_NAME

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_EXAMPLE = {"format": 1, "page": {"accent": "#1f4b99"}, "blocks": [{"kind": "letterhead"}, {"kind": "totals"}]}


def _document() -> fields.Dict:
    return fields.Dict(keys=fields.String(), metadata={"description": "The layout; see the guide to invoice layouts.",
                                                       "example": _EXAMPLE})  # fmt: skip


class LayoutName(Schema):
    name = fields.String(required=True, validate=validate.Length(1, LONGEST_NAME))


class LayoutIn(LayoutName):
    clone_of = fields.UUID(metadata={"description": "A layout to begin with; without it `document` is wanted."})
    document = fields.Dict(keys=fields.String(), allow_none=True,
                           metadata={"description": "Instead of `clone_of`.", "example": None})  # fmt: skip

    @validates_schema
    def _one_beginning(self, data: dict[str, Any], **_: Any) -> None:
        if ("clone_of" in data) == (data.get("document") is not None):
            raise ValidationError("Give either the layout to clone or a document.", "clone_of")


class LayoutPatch(Schema):
    name = fields.String(validate=validate.Length(1, LONGEST_NAME))
    document = _document()


class LayoutOut(Schema):
    id = fields.UUID()
    name = fields.String()
    origin = fields.String(metadata={"description": "standard, code (printed by another room), extension or own."})
    key = fields.String(allow_none=True)
    current = fields.Integer(metadata={"description": "The number of the version in force."})
    draft = fields.Dict(keys=fields.String(), allow_none=True, metadata={"description": "What is edited and not published yet."})
    document = fields.Dict(keys=fields.String(), metadata={"description": "What is in force."})
    version = fields.Integer()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class LayoutList(Schema):
    items = fields.List(fields.Nested(LayoutOut))


class LayoutVersionOut(Schema):
    id = fields.UUID()
    number = fields.Integer()
    document = fields.Dict(keys=fields.String())
    made_by = fields.String()
    created_at = fields.AwareDateTime()


class LayoutVersionList(Schema):
    items = fields.List(fields.Nested(LayoutVersionOut))


class RestoreIn(Schema):
    number = fields.Integer(required=True, validate=validate.Range(min=1))


class PreviewIn(Schema):
    invoice_id = fields.UUID(metadata={"description": "Whose facts to print; without it a sample."})
    document = _document()
    form = fields.String(load_default="pdf", validate=validate.OneOf(["pdf", "html"]))


class ChoiceIn(Schema):
    layout_id = fields.UUID(required=True)
    client_id = fields.UUID(allow_none=True, metadata={"description": "Empty for all clients."})
    kind = fields.String(allow_none=True, validate=validate.OneOf(KINDS), metadata={"description": "Empty for all kinds."})


class ChoiceOut(Schema):
    id = fields.UUID()
    layout_id = fields.UUID()
    client_id = fields.UUID(allow_none=True)
    kind = fields.String(allow_none=True)
    created_at = fields.AwareDateTime()


class ChoiceList(Schema):
    items = fields.List(fields.Nested(ChoiceOut))


class ImageIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 100))
    content = fields.String(required=True, validate=validate.Length(max=MOST_BYTES * 4 // 3 + 4),
                            metadata={"description": "A PNG or JPEG file in base64.", "example": PIXEL})  # fmt: skip


class ImageForm(Schema):
    """The upload form; its file comes beside it."""

    name = fields.String(load_default="", validate=validate.Length(max=100))


class ImageOut(Schema):
    id = fields.UUID()
    name = fields.String()
    content_type = fields.String()
    size = fields.Integer()
    width = fields.Integer()
    height = fields.Integer()
    created_at = fields.AwareDateTime()


class ImageList(Schema):
    items = fields.List(fields.Nested(ImageOut))


class WidthRow(Schema):
    """A column as its form has it: its width, and the column whose blocks it keeps."""

    width = Whole(required=True, validate=validate.Range(1, 12))
    at = fields.Integer(allow_none=True, load_default=None)


class WidthsForm(Block):
    """The form of a `columns` block; what is in the columns is edited block by block."""

    columns = fields.List(fields.Nested(WidthRow), required=True, validate=validate.Length(1, 3))
