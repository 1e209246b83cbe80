"""What goes in and out of the interfaces of imports."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from kernel.api.listing import filtered, page_schema
from plugins.imports.services import Options


class OptionsIn(Schema):
    """How an import goes about it."""

    dry_run = fields.Boolean(load_default=False, metadata={"description": "Check everything and keep nothing."})
    skip_bad_rows = fields.Boolean(load_default=False, metadata={"description": "Load the good rows of a file with bad ones."})
    again = fields.Boolean(load_default=False, metadata={"description": "Load files that were loaded before, once more."})
    encoding = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=40))
    date_order = fields.String(allow_none=True, load_default=None, validate=validate.OneOf(("dmy", "mdy")))
    decimal = fields.String(allow_none=True, load_default=None, validate=validate.OneOf(("point", "comma")))

    @post_load
    def _blank_is_none(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value if value != "" else None for name, value in data.items()}


def options_of(data: dict[str, Any]) -> Options:
    """The options among loaded data."""
    return Options(**{name: data[name] for name in OptionsIn().fields})


class Base64(fields.Field[bytes]):
    """Bytes, written in base 64 (RFC 4648)."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bytes:
        try:
            return base64.b64decode(str(value), validate=True)
        except binascii.Error:
            raise ValidationError("Write the file's bytes in base 64.") from None


class FileIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 200))
    content = Base64(required=True, metadata={"type": "string", "contentEncoding": "base64", "example": "bmFtZQo="})


class ImportIn(OptionsIn):
    files = fields.List(fields.Nested(FileIn), required=True, validate=validate.Length(1, 100))


class ImportOut(Schema):
    id = fields.UUID()
    state = fields.String()
    source = fields.String()
    dry_run = fields.Boolean()
    skip_bad_rows = fields.Boolean()
    started_by = fields.String()
    job_id = fields.UUID(allow_none=True)
    file_names = fields.List(fields.String())
    unknown_files = fields.List(fields.String())
    created_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)


class FileOut(Schema):
    id = fields.UUID()
    name = fields.String()
    state = fields.String()
    kinds = fields.List(fields.String())
    unread = fields.List(fields.String())
    rows_total = fields.Integer()
    rows_loaded = fields.Integer()
    error_count = fields.Integer()
    message = fields.String(allow_none=True)
    size = fields.Integer()
    sha256 = fields.String()


class FilesOut(Schema):
    items = fields.List(fields.Nested(FileOut))


class ProblemOut(Schema):
    file = fields.String()
    line = fields.Integer(allow_none=True)
    column = fields.String(allow_none=True)
    external_id = fields.String(allow_none=True)
    message = fields.String()


class ProblemsOut(Schema):
    items = fields.List(fields.Nested(ProblemOut))


class ProblemQuery(Schema):
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 1000))


ImportQuery = filtered(state=fields.String(), dry_run=fields.Boolean())
ImportPage = page_schema(ImportOut)
