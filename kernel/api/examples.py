"""Example values for the OpenAPI document, made from the schemas themselves."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

_BY_NAME = {"currency": "EUR", "country": "DE", "locale": "en", "zone": "Europe/Vienna"}
_BY_KIND: list[tuple[type[fields.Field[Any]], Any]] = [
    (fields.UUID, "019a1f6e-2c4b-7d10-8a53-6f0e9b7c2d41"),
    (fields.Email, "dana@client.example"),
    (fields.Url, "https://client.example"),
    (fields.DateTime, "2026-10-01T08:00:00+00:00"),
    (fields.Date, "2026-10-01"),
    (fields.Boolean, True),
    (fields.Integer, 1),
    (fields.Decimal, "1.5"),
    (fields.Dict, {}),
    (fields.String, "text"),
]


def example_of(schema: Schema, depth: int = 4) -> Any:
    """A small valid-looking value of a schema; `metadata={"example": …}` of a field is taken as it is."""
    row = {field.data_key or name: _value(field, depth) for name, field in schema.fields.items()}
    return [row] if schema.many else row


def _value(field: fields.Field[Any], depth: int) -> Any:
    if "example" in field.metadata:
        return field.metadata["example"]
    if isinstance(field, fields.Nested):
        return example_of(field.schema, depth - 1) if depth else {}
    if isinstance(field, fields.List):
        return [_value(field.inner, depth)]
    if field.name in _BY_NAME:
        return _BY_NAME[field.name]
    for rule in field.validators:
        if isinstance(rule, validate.OneOf):
            return next(iter(rule.choices))
    if isinstance(field.load_default, str | int):
        return field.load_default
    return next((value for kind, value in _BY_KIND if isinstance(field, kind)), None)
