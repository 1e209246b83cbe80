"""Random contracts with everything that may stand in one, as plain values. Imports nothing of the engine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

CURRENCIES = {"JPY": 0, "EUR": 2, "KWD": 3, "CLF": 4}
CYCLES = ("weekly", "bi_weekly", "monthly", "monthly", "monthly", "quarterly", "semi_annual", "annual")
KINDS = ("fixed", "fixed", "product", "license", "usage", "hourly", "bucket")
ROLES = (None, "engineer", "senior")
ZONE = "Europe/Berlin"
FIRST = date(2025, 1, 1)

Deal = dict[str, Any]


def random_market(dice: Random) -> Deal:
    """What a company's deals have in common: rounding, the catalog, its people and their hours, and the day billed up to."""
    items = [{"key": f"I{n}", "prices": {code: _listed(dice) for code in CURRENCIES if dice.random() < 0.98}} for n in range(12)]
    spans = [(day, 480, 1020) for day in range(1, 6)] + ([(6, 540, 720)] if dice.random() < 0.5 else [])
    return {
        "mode": dice.choice(("half_up", "half_even", "up", "down")), "items": items,
        "people": [{"key": f"P{n}", "role": dice.choice(ROLES)} for n in range(12)],
        "hours": {"zone": dice.choice(("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")), "spans": spans,
                  "off": [FIRST + timedelta(dice.randrange(550)) for _ in range(12)]},
        "until": FIRST + timedelta(dice.randrange(60, 560)),
        "busy": {},
    }  # fmt: skip


def _listed(dice: Random) -> list[tuple[date | None, int]]:
    later = [(FIRST + timedelta(dice.randrange(500)), dice.randrange(30_000))] if dice.random() < 0.3 else []
    return [(None, dice.randrange(30_000)), *later]


def random_deal(dice: Random, market: Deal, number: int) -> Deal:
    """One client with one or two contracts, its own prices, its work and its usage."""
    currency = dice.choice(tuple(CURRENCIES))
    deal: Deal = {
        "name": f"Client {number:05}", "currency": currency, "cycles": _cycles(dice), "entries": [], "usage": [],
        "promised": {_item(dice, market): _dated(dice, 1) for _ in range(dice.choice((0, 0, 1)))},
    }  # fmt: skip
    deal["contracts"] = [_contract(dice, market, currency, at) for at in range(dice.choice((1, 1, 2)))]
    lines = [line for contract in deal["contracts"] for line in contract["lines"]]
    deal["entries"] = [one for _ in range(dice.randrange(6)) if (one := _entry(dice, market, currency, lines))]
    deal["usage"] = [_usage(dice, market, lines) for _ in range(dice.randrange(5))]
    return deal


def _item(dice: Random, market: Deal) -> str:
    return dice.choice(market["items"])["key"]


def _day(dice: Random, market: Deal, before: int = 400, after: int = 30) -> date:
    return market["until"] - timedelta(dice.randrange(-after, before))


def _cycles(dice: Random) -> list[Deal]:
    starts = sorted({FIRST + timedelta(dice.randrange(500)) for _ in range(dice.choice((0, 0, 1, 2)))})
    if dice.random() < 0.3:
        return []
    return [
        {"starts": first, "cycle": dice.choice(CYCLES), "weekday": dice.randint(1, 7), "month": dice.randint(1, 12),
         "day": dice.randint(1, 28),
         "reference": FIRST + timedelta(dice.randrange(400)) if dice.random() < 0.5 else None}
        for first in (None, *starts)
    ]  # fmt: skip


def _contract(dice: Random, market: Deal, currency: str, at: int) -> Deal:
    start = _day(dice, market)
    end = start + timedelta(dice.randrange(500)) if dice.random() < 0.4 else None
    contract: Deal = {
        "name": f"Contract {at}", "currency": currency if dice.random() < 0.85 else dice.choice(tuple(CURRENCIES)),
        "start": start, "end": end, "billed_until": start + timedelta(dice.randrange(-10, 90)) if dice.random() < 0.25 else None,
        "cadence": dice.choice(("calendar", "anniversary", "client")),
        "lines": [_line(dice, market, start, end, at * 10 + n) for n in range(dice.randint(1, 3))],
    }  # fmt: skip
    contract["discounts"] = [_discount(dice, contract, at * 10 + n) for n in range(dice.choice((0, 0, 1, 2, 3)))]
    return contract


def _discount(dice: Random, contract: Deal, number: int) -> Deal:
    """A percentage or a fixed amount off all of a contract or one of its lines."""
    lines = [one["key"] for one in contract["lines"] if one["kind"] not in ("product", "license")]
    start = contract["start"] + timedelta(dice.randrange(-20, 200))
    fixed = dice.choice((0, dice.randrange(500), dice.randrange(150_000))) if dice.random() < 0.5 else None
    return {
        "key": number, "line": dice.choice(lines) if lines and dice.random() < 0.5 else None, "start": start,
        "percent": dice.choice((Decimal(100), Decimal(dice.randrange(10_000)) / 100)) if fixed is None else None, "fixed": fixed,
        "end": start + timedelta(dice.randrange(300)) if dice.random() < 0.4 else None, "currency": contract["currency"],
    }  # fmt: skip


def _line(dice: Random, market: Deal, start: date, end: date | None, number: int) -> Deal:
    kind = dice.choice(KINDS)
    line: Deal = {
        "key": number, "kind": kind, "cycle": dice.choice(CYCLES), "prorate": dice.random() < 0.6, "price": None,
        "timing": "arrears" if kind in ("hourly", "usage") else dice.choice(("advance", "arrears")),
        "start": start + timedelta(dice.randrange(60)) if dice.random() < 0.2 else None, "end": None, "items": [],
        "scheduled": {}, "role_rates": {}, "hourly_rate": None, "minimum": 0, "round_up": 0, "overtime": None, "bucket": None,
    }  # fmt: skip
    if dice.random() < 0.2:
        line["end"] = (line["start"] or start) + timedelta(dice.randrange(300))
    _FILL[kind](dice, market, line)
    return line


def _fixed(dice: Random, market: Deal, line: Deal) -> None:
    line["items"] = _items(dice, market, dice.choice((0, 0, 1, 2, 3)))
    if not line["items"] or dice.random() < 0.7:
        line["price"] = dice.randrange(200_000)
    _schedule(dice, line, [None, *(one["item"] for one in line["items"])])


def _goods(dice: Random, market: Deal, line: Deal) -> None:
    line["items"] = _items(dice, market, dice.randint(1, 3))
    _schedule(dice, line, [one["item"] for one in line["items"]])


def _metered(dice: Random, market: Deal, line: Deal) -> None:
    line["items"] = _items(dice, market, dice.randint(1, 2))
    for one in line["items"]:
        one["minimum"] = Decimal(dice.randrange(500)) / 10 if dice.random() < 0.4 else Decimal(0)
        if dice.random() < 0.4:
            bounds = sorted({Decimal(dice.randrange(1, 4000)) / 4 for _ in range(dice.randint(1, 3))})
            ends = zip([Decimal(0), *bounds], [*bounds, None], strict=True)
            one["tiers"], one["price"] = [(start, end, dice.randrange(500)) for start, end in ends], None
    _schedule(dice, line, [one["item"] for one in line["items"]])


def _hourly(dice: Random, market: Deal, line: Deal) -> None:
    line["items"] = [{**one, "price": None, "quantity": Decimal(1)} for one in _items(dice, market, dice.choice((0, 0, 1, 2)))]
    line["hourly_rate"] = dice.randrange(20_000) if dice.random() < 0.5 else None
    line["role_rates"] = {role: dice.randrange(20_000) for role in ROLES if role and dice.random() < 0.4}
    line["minimum"], line["round_up"] = dice.choice((0, 0, 15, 30)), dice.choice((0, 0, 6, 15))
    if dice.random() < 0.5:
        line["overtime"] = {
            "after": dice.choice((30, 60, 120)), "per": dice.choice(("day", "week")),
            "factor": Decimal(dice.randrange(10, 30)) / 10, "rate": dice.randrange(30_000) if dice.random() < 0.3 else None,
        }  # fmt: skip


def _bucket(dice: Random, market: Deal, line: Deal) -> None:
    unit = dice.choice(("hour", "hour", "each"))
    members = {_item(dice, market): Decimal(dice.randrange(5, 40)) / 10 for _ in range(dice.randint(1, 4))}
    after = dice.random() < 0.5 and unit == "hour"
    line["bucket"] = {
        "unit": unit, "included": Decimal(dice.randrange(40)) / 4, "rate": dice.randrange(20_000),
        "rollover": dice.random() < 0.6, "covers_all": unit == "hour" and dice.random() < 0.6, "members": members,
        "after": Decimal(dice.randrange(5, 40)) / 10 if after else None,
    }  # fmt: skip
    if dice.random() < 0.6:
        line["items"] = _items(dice, market, dice.choice((0, 0, 1, 2)))
        line["price"] = dice.randrange(100_000)


_FILL = {"fixed": _fixed, "product": _goods, "license": _goods, "usage": _metered, "hourly": _hourly, "bucket": _bucket}


def _items(dice: Random, market: Deal, count: int) -> list[Deal]:
    return [
        {"item": one["key"], "quantity": Decimal(dice.randrange(1, 400)) / dice.choice((1, 4)), "minimum": Decimal(0),
         "tiers": [], "price": dice.randrange(20_000) if dice.random() < 0.5 else None}
        for one in dice.sample(market["items"], count)
    ]  # fmt: skip


def _schedule(dice: Random, line: Deal, targets: list[str | None]) -> None:
    for target in targets:
        if dice.random() < 0.15:
            line["scheduled"][target] = _dated(dice, dice.randint(1, 2))


def _dated(dice: Random, count: int) -> list[tuple[date, date | None, int]]:
    """Prices with first and last days, none of which overlap."""
    starts = sorted({FIRST + timedelta(dice.randrange(500)) for _ in range(count)})
    ends = [later - timedelta(1 + dice.randrange(1)) for later in starts[1:]]
    last = starts[-1] + timedelta(dice.randrange(200)) if dice.random() < 0.5 else None
    return [(start, end, dice.randrange(50_000)) for start, end in zip(starts, [*ends, last], strict=True)]


def _entry(dice: Random, market: Deal, currency: str, lines: list[Deal]) -> Deal | None:
    """An hour or so of somebody who is free then; some at night, on the days when clocks are changed more than on others."""
    day = dice.choice((date(2025, 3, 30), date(2025, 10, 26), date(2026, 3, 29))) if dice.random() < 0.05 else _day(dice, market)
    began = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=5 * dice.randrange(288))
    ended = began + timedelta(minutes=dice.choice((5, 20, 30, 45, 60, 90, 125, 300)))
    person = dice.choice(market["people"])["key"]
    taken = market["busy"].setdefault(person, [])
    if any(start < ended and began < end for start, end in taken):
        return None
    taken.append((began, ended))
    clock = (ended - began) // timedelta(minutes=1)
    booked = [line["key"] for line in lines if line["kind"] in ("hourly", "bucket")]
    return {
        "person": person, "item": _likely(dice, market, lines), "began": began, "ended": ended,
        "minutes": clock if dice.random() < 0.8 else dice.randrange(1, 200), "on": began.astimezone(ZoneInfo(ZONE)).date(),
        "rate": dice.randrange(20_000) if dice.random() < 0.12 else None, "currency": currency,
        "line": dice.choice(booked) if booked and dice.random() < 0.2 else None,
    }  # fmt: skip


def _likely(dice: Random, market: Deal, lines: list[Deal]) -> str:
    """An item of the client's lines more often than any."""
    held = [one["item"] for line in lines for one in line["items"]]
    held += [item for line in lines if line["bucket"] for item in line["bucket"]["members"]]
    return dice.choice(held) if held and dice.random() < 0.7 else _item(dice, market)


def _usage(dice: Random, market: Deal, lines: list[Deal]) -> Deal:
    metered = [(line["key"], one["item"]) for line in lines if line["kind"] == "usage" for one in line["items"]]
    line, item = None, _likely(dice, market, lines)
    if metered and dice.random() < 0.5:
        line, item = dice.choice(metered)
        line = line if dice.random() < 0.5 else None
    quantity = Decimal(dice.randrange(-200, 5000)) / 10
    return {"item": item, "on": _day(dice, market), "quantity": quantity or Decimal(1), "line": line}
