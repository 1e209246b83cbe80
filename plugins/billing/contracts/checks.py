"""What makes a contract line whole. Pure: no database, no context."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plugins.billing.errors import UsageTiersInvalid
from plugins.billing.usage import Tier, check_tiers

Problem = tuple[str, str]
MEASURED = ("hourly", "usage")
FLAT = ("fixed", "bucket")
_ONLY = {
    "hourly_rate": ("hourly", None), "minimum_minutes": ("hourly", 0),
    "round_up_minutes": ("hourly", 0), "overtime_after": ("hourly", None), "overtime_rate": ("hourly", None),
}  # fmt: skip


def usual_timing(kind: str) -> str:
    """What is measured is billed in arrears, the rest in advance unless agreed otherwise."""
    return "arrears" if kind in MEASURED else "advance"


def check_terms(terms: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a contract's own terms of order and renewal, by field."""
    problems = {}
    if terms["po_amount"] is not None and not terms["po_number"]:
        problems["po_amount"] = "Give the number of the order whose amount this is."
    if terms["renewal_mode"] != "none" and terms["renewal_months"] is None:
        problems["renewal_months"] = "Give the months by which it is renewed."
    if terms["renewal_mode"] != "none" and terms["end_on"] is None:
        problems["end_on"] = "What is renewed has a last day; without one it goes on anyway."
    return problems


def check_line(line: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a line, by field path; `line` holds its columns, `items` (with `tiers`) and `role_rates`."""
    return dict([*_check_terms(line), *_check_items(line), *_check_role_rates(line), *_check_bucket(line)])


def _check_terms(line: Mapping[str, Any]) -> Iterator[Problem]:
    kind, items = line["kind"], line["items"]
    if kind in MEASURED and line["timing"] == "advance":
        yield "timing", "What is measured can only be billed in arrears."
    for name, (only, blank) in _ONLY.items():
        if kind != only and line.get(name) not in (blank, None):
            yield name, f"Only {only} lines have this."
    if kind not in FLAT and line.get("price") is not None:
        yield "price", "Only fixed lines and buckets have this."
    if line.get("overtime_rate") is not None and line.get("overtime_after") is None:
        yield "overtime_after", "Say after how many minutes overtime begins."
    if kind == "fixed" and line.get("price") is None and not items:
        yield "price", "Give a price, or the services whose prices make it up."
    if kind not in (*FLAT, "hourly") and not items:
        yield "items", "Name at least one catalog item."
    if line.get("start_on") and line.get("end_on") and line["end_on"] < line["start_on"]:
        yield "end_on", "The last day is before the first."


def _check_items(line: Mapping[str, Any]) -> Iterator[Problem]:
    seen: set[Any] = set()
    for at, item in enumerate(line["items"]):
        if item["item_id"] in seen:
            yield f"items[{at}].item_id", "This item is on the line already."
        seen.add(item["item_id"])
        if line["kind"] != "usage" and (item.get("minimum_quantity") or item.get("tiers")):
            yield f"items[{at}].tiers", "Only usage lines have tiers and minimum quantities."
        if item.get("tiers"):
            yield from _check_tiers(at, item)


def _check_tiers(at: int, item: Mapping[str, Any]) -> Iterator[Problem]:
    if item.get("unit_price") is not None:
        yield f"items[{at}].unit_price", "Tiers set the price; leave this empty."
    try:
        check_tiers(as_tiers(item["tiers"]))
    except UsageTiersInvalid as error:
        yield f"items[{at}].tiers", error.detail


def as_tiers(tiers: Sequence[Mapping[str, Any]]) -> list[Tier]:
    """Tiers as the pricing knows them, in ascending order."""
    known = [Tier(one["from_quantity"], one.get("to_quantity"), one["unit_price"]) for one in tiers]
    return sorted(known, key=lambda tier: tier.start)


def _check_role_rates(line: Mapping[str, Any]) -> Iterator[Problem]:
    seen: set[str] = set()
    for at, one in enumerate(line["role_rates"]):
        if line["kind"] != "hourly":
            yield f"role_rates[{at}].role", "Only hourly lines have rates by role."
        if one["role"] in seen:
            yield f"role_rates[{at}].role", "This role has a rate already."
        seen.add(one["role"])


def _check_bucket(line: Mapping[str, Any]) -> Iterator[Problem]:
    bucket = line.get("bucket")
    if (line["kind"] == "bucket") != bool(bucket):
        yield "bucket", "Say what a period includes." if line["kind"] == "bucket" else "Only buckets have this."
        return
    if not bucket:
        return
    members = bucket.get("members") or ()
    if not members and not bucket.get("covers_all"):
        yield "bucket.members", "Name a service that draws from it, or let it cover all."
    if bucket.get("covers_all") and bucket.get("unit") == "each":
        yield "bucket.covers_all", "Units are counted for named items only."
    if (bucket.get("after_hours") is None) != (bucket.get("hours_id") is None):
        yield "bucket.hours_id", "Work after hours needs both: the hours, and how fast it burns outside of them."
    if bucket.get("after_hours") is not None and bucket.get("unit") == "each":
        yield "bucket.after_hours", "Only hours burn faster after hours."
    named = [one["item_id"] for one in members]
    for at, item_id in enumerate(named):
        if item_id in named[:at]:
            yield f"bucket.members[{at}].item_id", "This service draws from it already."
