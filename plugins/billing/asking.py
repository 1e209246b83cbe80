"""Lines and discounts as interfaces ask for them, with their paths for errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plugins.billing.manual import DiscountAsked, LineAsked


def asked_lines(rows: Sequence[Mapping[str, Any]]) -> list[LineAsked]:
    """Lines of a request body."""
    return [
        LineAsked(
            f"lines[{at}]", row.get("description", ""), row.get("quantity"), row.get("rate"), row.get("item_id"),
            row.get("tax_category", "standard"), row.get("location_id"), exemption=row.get("exemption") or None,
        )
        for at, row in enumerate(rows)
    ]  # fmt: skip


def asked_discounts(rows: Sequence[Mapping[str, Any]]) -> list[DiscountAsked]:
    """Discounts of a request body."""
    return [
        DiscountAsked(f"discounts[{at}]", row["description"], row.get("percent"), row.get("amount"), row.get("line"),
                      row.get("item_id"))
        for at, row in enumerate(rows)
    ]  # fmt: skip
