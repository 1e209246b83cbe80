"""Shapes that come into the QuickBooks room."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class VerifierIn(Schema):
    """The verifier token that Intuit shows for an application's webhooks."""

    token = fields.String(
        required=True,
        validate=[validate.Length(min=8, max=200), validate.Regexp(r"\S+\Z", error="Without blanks.")],
        metadata={"example": "6f1a6d1c-5a6e-4d0c-9c3b-1f0e2d3c4b5a"},
    )
