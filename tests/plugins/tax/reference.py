"""Tax reckoned slowly in fractions, from the rules alone: nothing here comes from the engine.

A case is plain data (see `random_case`). The answer is ("refused", code, keys of lines) or ("taxed", groups, tax of lines);
a group is (name, code, percent, base, tax, region, note).
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import floor
from random import Random
from typing import Any

START = date(2024, 1, 1)
REVERSE, EXEMPT_WORDS = "The recipient owes the tax.", "Exempt from tax."
Case = dict[str, Any]


def reckon(case: Case) -> tuple[Any, ...]:
    """The tax of a case."""
    buckets: dict[tuple[Any, ...], list[int]] = {}
    homeless, rateless, foreign = [], [], []
    for at, line in enumerate(case["lines"]):
        treatment = _treatment(case, line)
        if treatment == "no tax ids":
            return "refused", "reverse_charge_needs_tax_ids", {"seller_tax_id", "buyer_tax_id"}
        if treatment == "other currency":
            foreign.append(line["key"])
            break
        if treatment is None:
            (rateless if line["region"] else homeless).append(line["key"])
            continue
        buckets.setdefault(treatment, []).append(at)
    if foreign:
        return "refused", "tax_rate_missing", set(foreign)
    if homeless:
        return "refused", "tax_region_missing", set(homeless)
    if rateless:
        return "refused", "tax_rate_missing", set(rateless)
    return _taxed(case, buckets)


def _treatment(case: Case, line: dict[str, Any]) -> Any:
    if line["category"] is None:
        return "O", None, None, None
    if line["exemption"]:
        return "E", line["exemption"], None, None
    for wanted in (line["location"], None):
        for one in case["exemptions"]:
            if one["location"] == wanted and _in(one, case["date"]):
                words = one["reason"] + (f" (certificate {one['certificate']})" if one["certificate"] else "")
                return "E", words, None, None
    if line["category"] == "exempt":
        return "E", EXEMPT_WORDS, None, None
    if case["reverse_charge"]:
        return ("AE", REVERSE, None, None) if case["tax_ids"] else "no tax ids"
    rate = _rate(case, line["region"], line["category"])
    if rate is None or not _levied(case, rate):
        return None
    if rate["brackets"] and _levied(case, rate)[0]["bracket"] and rate["currency"] != case["currency"]:
        return "other currency"
    return "S", None, line["region"], line["category"]


def _rate(case: Case, region: str | None, category: str) -> Any:
    for rate in case["rates"]:
        if (rate["region"], rate["category"]) == (region, category) and _in(rate, case["date"]):
            return rate
    return None


def _in(dated: dict[str, Any], on: date) -> bool:
    """Whether the day is one of the days, counted one by one."""
    day = dated["starts"] or START - timedelta(days=1)
    while day != (dated["ends"] or START + timedelta(days=800)):
        if day == on:
            return True
        day += timedelta(days=1)
    return False


def _levied(case: Case, rate: dict[str, Any]) -> list[dict[str, Any]]:
    off = {one["component"] for one in rate["holidays"] if _in(one, case["date"])}
    plain = {"name": rate["name"], "percent": rate["percent"], "compound": False, "bracket": None}
    if rate["components"]:
        return [
            plain | {"name": one["name"], "compound": one["compound"],
                     "percent": Fraction(0) if None in off or one["name"] in off else one["percent"]}
            for one in rate["components"] if _in(one, case["date"])
        ]  # fmt: skip
    if None in off:
        return [plain | {"percent": Fraction(0)}]
    if rate["brackets"]:
        return [plain | {"percent": percent, "bracket": (low, high)} for low, high, percent in rate["brackets"]]
    return [plain]


def _taxed(case: Case, buckets: dict[tuple[Any, ...], list[int]]) -> tuple[Any, ...]:
    drafts = [draft for treatment, places in buckets.items() for draft in _groups(case, treatment, places)]
    if case["level"] == "invoice":
        totals = _share_out([sum(one["exact"], Fraction(0)) for one in drafts], case["mode"])
        for one, total in zip(drafts, totals, strict=True):
            one["taxes"] = _fit(total, one["exact"])
        for at, one in enumerate(drafts):
            if one["compound"]:
                one["base"] += sum(sum(other["taxes"]) for other in drafts[:at] if other["bucket"] == one["bucket"])
    taxes = [0] * len(case["lines"])
    for one in drafts:
        for place, tax in zip(one["places"], one["taxes"], strict=True):
            taxes[place] += tax
    groups = [
        (one["name"], "Z" if one["code"] == "S" and not one["percent"] else one["code"], one["percent"], one["base"],
         sum(one["taxes"]), one["region"], one["note"])
        for one in drafts
    ]  # fmt: skip
    return "taxed", groups, taxes


def _groups(case: Case, treatment: tuple[Any, ...], places: list[int]) -> list[dict[str, Any]]:
    code, note, region, category = treatment
    names = {"O": "Not taxable", "E": "Exempt", "AE": "Reverse charge"}
    nothing = {"name": names.get(code, ""), "percent": Fraction(0), "compound": False, "bracket": None}
    levied = _levied(case, _rate(case, region, category)) if code == "S" else [nothing]
    lines = [case["lines"][place] for place in places]
    bases = [Fraction(one["net"] - (one["discount"] if case["reduce"] else 0)) for one in lines]
    carried, made = list(bases), []
    for levy in levied:
        on = carried if levy["compound"] else bases
        part = _part(levy["bracket"], abs(sum(bases)))
        if part is None:
            continue
        exact = [base * part * levy["percent"] / 100 for base in on]
        taxes = _rounded(exact, case)
        made.append(
            {
                **levy,
                "code": code,
                "note": note,
                "region": region,
                "places": places,
                "bucket": treatment,
                "base": int(sum(on if case["level"] != "invoice" else bases) * part),
                "exact": exact,
                "taxes": taxes,
            }
        )
        carried = [a + b for a, b in zip(carried, taxes, strict=True)]
    return made


def _part(bracket: tuple[int, int | None] | None, amount: Fraction) -> Fraction | None:
    """Which part of the amount lies in the bracket: unit by unit it would be the same. None if it is not reached."""
    if bracket is None:
        return Fraction(1)
    low, high = bracket
    inside = max(Fraction(0), (amount if high is None else min(amount, Fraction(high))) - low)
    if not inside and low:
        return None
    return inside / amount if amount else Fraction(0)


def _rounded(exact: list[Fraction], case: Case) -> list[Any]:
    if case["level"] == "line":
        return [nearest(one, case["mode"]) for one in exact]
    if case["level"] == "invoice":
        return exact
    return _share_out(exact, case["mode"])


def _share_out(exact: list[Fraction], mode: str) -> list[int]:
    return _fit(nearest(sum(exact, Fraction(0)), mode), exact)


def _fit(total: int, exact: list[Fraction]) -> list[int]:
    """Whole shares that add up to the total: what is left goes to the largest remainders, the first of equal ones first."""
    negative = total < 0 or (total == 0 and next((one for one in exact if one), 0) < 0)
    if negative:
        return [-one for one in _fit(-total, [-one for one in exact])] if any(exact) else [0] * len(exact)
    shares = [floor(one) for one in exact]
    order = list(range(len(exact)))
    while sum(shares) < total:
        best = max(order, key=lambda at: (exact[at] - floor(exact[at]), -at))
        shares[best] += 1
        order.remove(best)
    return shares


def nearest(value: Fraction, mode: str) -> int:
    """A fraction as a whole number, looking at the two next to it."""
    size = abs(value)
    below, above = floor(size), floor(size) + 1
    if size == below:
        return -below if value < 0 else below
    chosen = {"up": above, "down": below}.get(mode)
    if chosen is None:
        tie = above if mode == "half_up" or above % 2 == 0 else below
        chosen = below if size - below < above - size else above if size - below > above - size else tie
    return -chosen if value < 0 else chosen


def random_case(dice: Random) -> Case:
    """A document with everything that may meet: rates of three kinds with history, holidays, exemptions, discounts."""
    return {
        "date": _day(dice), "currency": dice.choice(["EUR", "EUR", "EUR", "EUR", "JPY"]),
        "mode": dice.choice(["half_up", "half_even", "up", "down"]), "level": dice.choice(["line", "tax_group", "invoice"]),
        "reduce": dice.random() < 0.7, "reverse_charge": dice.random() < 0.1, "tax_ids": dice.random() < 0.6,
        "rates": [rate for region in "AB" for category in ("standard", "reduced") for rate in _rates(dice, region, category)],
        "exemptions": [_exemption(dice) for _ in range(dice.choice([0, 0, 0, 1, 2]))],
        "lines": [_line(dice, str(at)) for at in range(1, dice.choice([0, 1, 2, 3, 5, 9]) + 1)],
    }  # fmt: skip


def _day(dice: Random) -> date:
    return START + timedelta(days=dice.randrange(730))


def _percent(dice: Random) -> Fraction:
    return dice.choice([Fraction(0), Fraction(dice.randrange(31)), Fraction(9975, 1000),
                        Fraction(dice.randrange(100 * 10**6 + 1), 10**6)])  # fmt: skip


def _rates(dice: Random, region: str, category: str) -> list[dict[str, Any]]:
    """One, or two one after the other."""
    change = _day(dice)
    spans = dice.choice([[(START, None)], [(START, None)], [(START, change), (change, None)]])
    return [_one_rate(dice, region, category, starts, ends) for starts, ends in spans if ends != starts]


def _one_rate(dice: Random, region: str, category: str, starts: date, ends: date | None) -> dict[str, Any]:
    key, kind = f"{region}-{category}-{starts}", dice.choice(["percent", "components", "brackets"])
    components = [_component(dice, f"{key}.{at}") for at in range(dice.randint(1, 3))] if kind == "components" else []
    named = dice.choice([None, *(one["name"] for one in components)])
    holidays = [_span(dice) | {"component": named} for _ in range(dice.choice([0, 0, 0, 1]))]
    brackets = _brackets(dice) if kind == "brackets" else []
    return {
        "key": key, "region": region, "category": category, "name": f"{kind} {key}", "starts": starts, "ends": ends,
        "percent": _percent(dice) if kind == "percent" else None, "components": components, "brackets": brackets,
        "holidays": holidays, "currency": "EUR" if brackets else None,
    }  # fmt: skip


def _component(dice: Random, key: str) -> dict[str, Any]:
    days = _span(dice) if dice.random() < 0.2 else {"starts": None, "ends": None}
    return {"key": key, "name": f"part {key}", "percent": _percent(dice), "compound": dice.random() < 0.5, **days}


def _brackets(dice: Random) -> list[tuple[int, int | None, Fraction]]:
    edges = [0, *sorted(dice.sample(range(1, 20000), dice.randint(0, 3)))]
    return [(low, high, _percent(dice)) for low, high in zip(edges, [*edges[1:], None], strict=True)]


def _span(dice: Random) -> dict[str, date]:
    first, last = sorted((_day(dice), _day(dice)))
    return {"starts": first, "ends": last + timedelta(days=1)}


def _exemption(dice: Random) -> dict[str, Any]:
    days = _span(dice) if dice.random() < 0.5 else {"starts": None, "ends": None}
    return {"location": dice.choice([None, 1, 2]), "reason": dice.choice(["Charity", "Diplomats"]),
            "certificate": dice.choice(["", "4711"]), **days}  # fmt: skip


def _line(dice: Random, key: str) -> dict[str, Any]:
    net = dice.choice([0, dice.randrange(1, 200), dice.randrange(10**6), -dice.randrange(10**4)])
    category = dice.choice(["standard", "standard", "standard", "reduced", "exempt", None])
    return {
        "key": key, "net": net, "discount": net * dice.choice([0, 0, dice.randrange(101)]) // 100, "category": category,
        "region": dice.choices(["A", "B", "C", None], [10, 6, 0.3, 0.3])[0], "location": dice.choice([None, 1, 2]),
        "exemption": dice.choices([None, "Education"], [10, 1])[0],
    }  # fmt: skip
