"""The form of a contract line: tiers are rows beside the items there, since browsers know one level of rows."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from kernel.errors import InvalidInput
from plugins.billing.contracts.agreed import AgreedLine, as_view
from plugins.billing.contracts.checks import usual_timing
from plugins.billing.contracts.schemas import KINDS, MINUTES, LineIn, TierIn


class TierRow(TierIn):
    """A tier as the form has it; without an item it belongs to the line's only one."""

    item_id = fields.UUID(allow_none=True)


class LineForm(LineIn):
    """A line as the form has it; what is typed is text, which a strict integer would refuse."""

    minimum_minutes = fields.Integer(validate=MINUTES)
    round_up_minutes = fields.Integer(validate=MINUTES)
    tiers = fields.List(fields.Nested(TierRow), validate=validate.Length(max=100))


def blank(kind: str) -> dict[str, Any]:
    """What the form of a new line begins with."""
    known = kind if kind in KINDS else "fixed"
    return {"kind": known, "cycle": "monthly", "timing": usual_timing(known), "prorate": known not in ("hourly", "usage"),
            "items": [] if known == "hourly" else [{"quantity": 1}] if known == "fixed" else [{}]}  # fmt: skip


def present(agreed: AgreedLine) -> dict[str, Any]:
    """What the form of an existing line begins with."""
    view = as_view(agreed)
    tiers = [{"item_id": item["item_id"], **tier} for item in view["items"] for tier in item["tiers"]]
    return view | {"tiers": tiers}


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
    return given | {"items": items, "role_rates": given.get("role_rates", [])}
