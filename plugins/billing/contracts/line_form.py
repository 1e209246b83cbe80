"""The form of a contract line: tiers are rows beside the items there, since browsers know one level of rows; and what a
bucket includes stands beside the line's own fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from marshmallow import fields, validate

from kernel.errors import InvalidInput
from plugins.billing.contracts.agreed import AgreedLine, as_view
from plugins.billing.contracts.checks import usual_timing
from plugins.billing.contracts.schemas import (
    KINDS,
    MINUTES,
    UNITS,
    BucketMemberIn,
    LineIn,
    TierIn,
    multiplier_field,
    quantity_field,
)
from plugins.billing.manual import AMOUNT_FROM_ZERO

_BUCKET = (
    "unit", "included", "overage_rate", "rollover", "covers_all", "after_hours", "hours_id", "alert_percent", "members",
)  # fmt: skip


class TierRow(TierIn):
    """A tier as the form has it; without an item it belongs to the line's only one."""

    item_id = fields.UUID(allow_none=True)


class LineForm(LineIn):
    """A line as the form has it; what is typed is text, which a strict integer would refuse."""

    minimum_minutes = fields.Integer(validate=MINUTES)
    round_up_minutes = fields.Integer(validate=MINUTES)
    tiers = fields.List(fields.Nested(TierRow), validate=validate.Length(max=100))
    overtime_after = fields.Integer(allow_none=True, validate=validate.Range(1, 10_080))
    unit = fields.String(validate=validate.OneOf(UNITS))
    included = quantity_field(validate.Range(min=0))
    overage_rate = fields.Integer(validate=validate.Range(0, 10**15, error=AMOUNT_FROM_ZERO))
    rollover = fields.Boolean()
    covers_all = fields.Boolean()
    after_hours = multiplier_field(allow_none=True)
    hours_id = fields.UUID(allow_none=True)
    alert_percent = fields.Integer(allow_none=True, validate=validate.Range(1, 100))
    members = fields.List(fields.Nested(BucketMemberIn), validate=validate.Length(max=200))


def blank(kind: str) -> dict[str, Any]:
    """What the form of a new line begins with."""
    known = kind if kind in KINDS else "fixed"
    if known == "bucket":
        return {"kind": known, "cycle": "monthly", "timing": "advance", "unit": "hour", "members": []}
    return {"kind": known, "cycle": "monthly", "timing": usual_timing(known), "prorate": known not in ("hourly", "usage"),
            "items": [] if known == "hourly" else [{"quantity": 1}] if known == "fixed" else [{}]}  # fmt: skip


def present(agreed: AgreedLine) -> dict[str, Any]:
    """What the form of an existing line begins with."""
    return with_tier_rows(as_view(agreed))


def with_tier_rows(line: dict[str, Any]) -> dict[str, Any]:
    """A line with its items' tiers as rows beside them, and what its bucket says as fields of its own."""
    tiers = [{"item_id": item["item_id"], **tier} for item in line.get("items", ()) for tier in item.get("tiers", ())]
    return line | {"tiers": tiers} | (line.get("bucket") or {})


def as_line(data: dict[str, Any]) -> dict[str, Any]:
    """What was typed, as services take it. Raises InvalidInput for a tier of an item that is not on the line."""
    given = dict(data)
    tiers = given.pop("tiers", [])
    items = [dict(item, tiers=[]) for item in given.get("items", [])]
    for at, tier in enumerate(tiers):
        own = dict(tier)
        wanted = own.pop("item_id", None)
        found = [item for item in items if wanted in (None, item["item_id"])]
        if len(found) != 1:
            raise InvalidInput(errors={f"tiers[{at}].item_id": "Choose which item of the line this tier is for."})
        found[0]["tiers"].append(own)
    if given.get("kind") == "hourly":
        given = {"minimum_minutes": 0, "round_up_minutes": 0} | given
    bucket = {name: given.pop(name) for name in _BUCKET if name in given}
    if given.get("kind") == "bucket":
        given["bucket"] = _whole(bucket)
    return given | {"items": items, "role_rates": given.get("role_rates", [])}


def _whole(bucket: dict[str, Any]) -> dict[str, Any]:
    missing = {name: "Give a number." for name in ("included", "overage_rate") if bucket.get(name) is None}
    if missing:
        raise InvalidInput(errors=missing)
    return {"members": [], **bucket}


@contextmanager
def as_typed() -> Iterator[None]:
    """Name errors of a bucket by the fields of the form."""
    try:
        yield
    except InvalidInput as error:
        error.errors = {path.removeprefix("bucket."): words for path, words in error.errors.items()}
        raise
