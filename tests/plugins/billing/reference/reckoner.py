"""What a client owes, reckoned slowly. Imports nothing of the engine.

Written from the rules: which periods are due, what of them is covered, which price holds on which day, minimum before
round-up before overtime, usage summed before minimum and tiers, buckets before hours.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.plugins.billing.reference.days import DAY, Days, Span
from tests.plugins.billing.reference.money import of_days, rounded, shared
from tests.plugins.billing.reference.terms import JANUARY, Answer, Deal, Line, Missing, Owed


def reckon(market: Deal, deal: Deal) -> Answer:
    """What one client owes before the market's day."""
    reckoner = Reckoner(market, deal)
    try:
        reckoner.recurring()
        reckoner.buckets()
        reckoner.usage()
        reckoner.hours()
    except Missing:
        return Answer(None)
    return Answer(sorted(reckoner.owed, key=str), frozenset(reckoner.billed_entries), frozenset(reckoner.billed_usage))


class Reckoner:
    """One client's bills."""

    def __init__(self, market: Deal, deal: Deal) -> None:
        self.market, self.deal, self.mode = market, deal, market["mode"]
        self.lines = [Line(market, deal, contract, line) for contract in deal["contracts"] for line in contract["lines"]]
        self.by_key = {one.line["key"]: one for one in self.lines}
        self.owed: list[Owed] = []
        self.billed_entries: set[int] = set()
        self.billed_usage: set[int] = set()
        self.drawn_entries: set[int] = set()
        self.drawn_usage: set[int] = set()

    # prices

    def listed(self, item: str, currency: str, on: date) -> int | None:
        facts = next(one for one in self.market["items"] if one["key"] == item)
        begun = [(start or date.min, amount) for start, amount in facts["prices"].get(currency, ()) if (start or date.min) <= on]
        return max(begun)[1] if begun else None

    def promised(self, item: str, currency: str, on: date) -> int | None:
        if currency != self.deal["currency"]:
            return None
        for start, end, amount in self.deal["promised"].get(item, ()):
            if start <= on and (end is None or on <= end):
                return amount
        return None

    def unit_price(self, line: Line, one: Deal, on: date) -> int | None:
        found = (self.promised(one["item"], line.currency, on), line.scheduled(one["item"], on), one["price"],
                 self.listed(one["item"], line.currency, on))  # fmt: skip
        return next((price for price in found if price is not None), None)

    # recurring

    def recurring(self) -> None:
        for line in self.lines:
            free = line.kind == "bucket" and line.line["price"] is None and not line.line["items"]
            if line.kind in ("fixed", "product", "license", "bucket") and not free:
                for period in line.due(line.line["timing"]):
                    self._recur(line, period)

    def _recur(self, line: Line, period: Span) -> None:
        start, end = line.served(period)
        items, flat = line.line["items"], line.kind in ("fixed", "bucket")
        prices = [self.unit_price(line, one, start) for one in items]
        values = [None if price is None else rounded(price * Fraction(one["quantity"]), self.mode)
                  for price, one in zip(prices, items, strict=True)]  # fmt: skip
        whole = line.line["price"] if line.scheduled(None, start) is None else line.scheduled(None, start)
        if None in values and not (flat and whole is not None and len(items) == 1):
            raise Missing
        sure = [value or 0 for value in values]
        if flat:
            due = self._part(sum(sure) if whole is None else whole, line.part(period))
            amounts = shared(due, [Fraction(value) for value in sure]) if items else [due]
        else:
            amounts = [self._part(value, line.part(period)) for value in sure]
        names = [one["item"] for one in items] or [None]
        kind = "fixed" if flat else line.kind
        for name, amount in zip(names, amounts, strict=True):
            self.owed.append(Owed(line.currency, line.line["key"], kind, start, end, name, amount))

    def _part(self, amount: int, part: tuple[int, int, int] | None) -> int:
        return amount if part is None else of_days(amount, *part, self.mode)

    # buckets

    def buckets(self) -> None:
        draws: dict[int, list[tuple[date, str, Fraction, str, int]]] = defaultdict(list)
        for at, entry in enumerate(self.deal["entries"]):
            if entry["on"] >= self.market["until"]:
                continue
            if entry["rate"] is None and (line := self._pool("hour", entry["item"], entry["on"], entry["line"])):
                self.drawn_entries.add(at)
                draws[line.line["key"]].append((entry["on"], entry["item"], self._minutes(line, entry), "entry", at))
        for at, used in enumerate(self.deal["usage"]):
            if used["on"] >= self.market["until"]:
                continue
            if line := self._pool("each", used["item"], used["on"], used["line"]):
                self.drawn_usage.add(at)
                weight = cents(Fraction(used["quantity"]) * Fraction(self._speed(line, used["item"])))
                draws[line.line["key"]].append((used["on"], used["item"], weight, "usage", at))
        for line in self.lines:
            if line.kind == "bucket":
                self._settle(line, draws[line.line["key"]])

    def _pool(self, unit: str, item: str, on: date, booked: int | None) -> Line | None:
        pools = [one for one in self.lines if one.kind == "bucket" and one.line["bucket"]["unit"] == unit]
        if booked is not None:
            mine = [one for one in pools if one.line["key"] == booked]
            terms = mine[0].line["bucket"] if mine else None
            return mine[0] if terms and (item in terms["members"] or terms["covers_all"]) else None
        live = [one for one in pools if one.in_force(on)]
        named = [one for one in live if item in one.line["bucket"]["members"]]
        chosen = named or [one for one in live if one.line["bucket"]["covers_all"]]
        if len(chosen) > 1:
            raise Missing
        return chosen[0] if chosen else None

    def _speed(self, line: Line, item: str) -> Decimal:
        return line.line["bucket"]["members"].get(item, Decimal(1))

    def _minutes(self, line: Line, entry: Deal) -> Fraction:
        """Weighted minutes: each minute of the clock is in working hours or not."""
        speed, after = Fraction(self._speed(line, entry["item"])), line.line["bucket"]["after"]
        if after is None:
            return cents(entry["minutes"] * speed)
        clock, at, inside = (entry["ended"] - entry["began"]) // timedelta(minutes=1), entry["began"], 0
        for _ in range(clock):
            inside += self._working(at)
            at += timedelta(minutes=1)
        share = Fraction(inside, clock)
        return cents(entry["minutes"] * (speed * share + max(speed, Fraction(after)) * (1 - share)))

    def _working(self, at: Any) -> bool:
        hours = self.market["hours"]
        wall = at.astimezone(ZoneInfo(hours["zone"]))
        minute = wall.hour * 60 + wall.minute
        spans = [span for span in hours["spans"] if span[0] == wall.isoweekday() and span[1] <= minute < span[2]]
        return bool(spans) and wall.date() not in hours["off"]

    def _settle(self, line: Line, draws: list[tuple[date, str, Fraction, str, int]]) -> None:
        terms, due = line.line["bucket"], line.due("arrears")
        per = 60 if terms["unit"] == "hour" else 1
        base, before = Fraction(terms["included"]) * per, None
        over = bool(line.last) and line.days.period(line.last)[1] <= line.until["arrears"]
        if over and not due and draws:
            last = line.days.period(line.last)
            used = max(sum((one[2] for one in draws), Fraction(0)), Fraction(0))
            self._statement(line, last, draws, max(used - base, Fraction(0)), per)
        waiting: list[tuple[date, str, Fraction, str, int]] = []
        for number, period in enumerate(due):
            rest = over and number == len(due) - 1
            mine = [one for one in draws if (rest or one[0] < period[1]) and (number == 0 or one[0] >= due[number - 1][1])]
            mine, waiting = waiting + mine, []
            if sum((one[2] for one in mine), Fraction(0)) < 0 and period[1] < line.after:
                mine, waiting = [], mine
            used = max(sum((one[2] for one in mine), Fraction(0)), Fraction(0))
            starts_here = period[0] <= line.owed_from
            carried = max(base - (before or 0), Fraction(0)) if terms["rollover"] and not starts_here else Fraction(0)
            before = used
            fee = line.line["price"] is not None or line.line["items"]
            if mine or fee:
                self._statement(line, line.served(period), mine, max(used - base - carried, Fraction(0)), per)

    def _statement(self, line: Line, served: Span, mine: list[Any], beyond: Fraction, per: int) -> None:
        self.billed_entries |= {one[4] for one in mine if one[3] == "entry"}
        self.billed_usage |= {one[4] for one in mine if one[3] == "usage"}
        start, end = served
        items = sorted({one[1] for one in mine}, key=lambda item: (item, item))
        if not beyond:
            self.owed.append(Owed(line.currency, line.line["key"], "bucket", start, end, items[0] if items else None, 0))
            return
        weights = [max(sum((one[2] for one in mine if one[1] == item), Fraction(0)), Fraction(0)) for item in items]
        amount = rounded(beyond * line.line["bucket"]["rate"] / per, self.mode)
        for item, part in zip(items, shared(amount, weights), strict=True):
            self.owed.append(Owed(line.currency, line.line["key"], "bucket", start, end, item, part))

    # usage

    def usage(self) -> None:
        on_lines: dict[int, list[int]] = defaultdict(list)
        free: dict[tuple[str, Span], list[int]] = defaultdict(list)
        months = Days([(date.min, "monthly", JANUARY)])
        for at, used in enumerate(self.deal["usage"]):
            if used["on"] >= self.market["until"] or at in self.drawn_usage:
                continue
            line = self._holder("usage", used)
            if line is None:
                free[used["item"], months.period(used["on"])].append(at)
            else:
                on_lines[line.line["key"]].append(at)
        for line in self.lines:
            if line.kind == "usage":
                self._metered(line, on_lines[line.line["key"]])
        self._let_corrections_wait(free, [])
        for (item, month), records in free.items():
            on, currency = month[1] - DAY, self.deal["currency"]
            price = self.promised(item, currency, on)
            price = self.listed(item, currency, on) if price is None else price
            self._use(None, currency, item, month, records, Fraction(0), [], price)

    def _holder(self, kind: str, thing: Deal) -> Line | None:
        booked = self.by_key.get(thing["line"]) if thing["line"] is not None else None
        if booked:
            return booked
        live = [one for one in self.lines if one.kind == kind and one.in_force(thing["on"])]
        chosen = [one for one in live if one.item(thing["item"])] or [one for one in live if not one.line["items"]]
        return chosen[0] if len(chosen) == 1 else None

    def _metered(self, line: Line, records: list[int]) -> None:
        due, sums = line.due("arrears"), defaultdict[tuple[str, Span], list[int]](list)
        for at in records:
            used = self.deal["usage"][at]
            if line.before and used["on"] <= line.before:
                continue
            period = next((one for one in due if used["on"] < one[1]), None)
            if period is None and line.last and line.days.period(line.last)[1] <= line.until["arrears"]:
                period = line.days.period(used["on"])
            if period:
                sums[used["item"], period].append(at)
        self._let_corrections_wait(sums, due)
        for period in due:
            for one in line.line["items"]:
                mine = sums.pop((one["item"], period), [])
                if mine or one["minimum"]:
                    self._price_use(line, one, period, line.served(period), mine, one["minimum"])
        for (item, _), mine in sums.items():
            own = line.days.period(min(self.deal["usage"][at]["on"] for at in mine))
            self._price_use(line, line.item(item) or {}, own, own, mine, Decimal(0))

    def _let_corrections_wait(self, sums: dict[tuple[str, Span], list[int]], due: list[Span]) -> None:
        """A period that was corrected below nothing is put to the next one, again and again; the last one waits unbilled."""
        for item in sorted({item for item, _ in sums}):
            spans = [*due, *sorted({span for name, span in sums if name == item} - set(due))]
            if all(self._sum(sums.get((item, span), [])) >= 0 for span in spans):
                continue
            waiting: list[int] = []
            for span in spans:
                waiting += sums.pop((item, span), [])
                if waiting and self._sum(waiting) >= 0:
                    sums[item, span], waiting = waiting, []

    def _sum(self, mine: list[int]) -> Fraction:
        return sum((Fraction(self.deal["usage"][at]["quantity"]) for at in mine), Fraction(0))

    def _price_use(self, line: Line, one: Deal, period: Span, served: Span, mine: list[int], minimum: Decimal) -> None:
        last, tiers = served[1] - DAY, one.get("tiers", [])
        found = (None if tiers else self.promised(one["item"], line.currency, last), line.scheduled(one["item"], served[0]),
                 one["price"], self.listed(one["item"], line.currency, last))  # fmt: skip
        price = next((price for price in found if price is not None), None)
        self._use(line, line.currency, one["item"], served, mine, Fraction(minimum), tiers, price)

    def _use(self, line: Line | None, currency: str, item: str, served: Span, mine: list[int], minimum: Fraction,
             tiers: list[Any], price: int | None) -> None:  # fmt: skip
        used = self._sum(mine)
        quantity = max(used, minimum, Fraction(0))
        if tiers:
            exact = sum(
                (max(min(quantity, Fraction(end)) if end is not None else quantity, Fraction(start)) - Fraction(start)) * each
                for start, end, each in tiers
            )
        elif price is None:
            raise Missing
        else:
            exact = quantity * price
        self.billed_usage |= set(mine)
        key = line.line["key"] if line else None
        self.owed.append(Owed(currency, key, "usage", *served, item, rounded(Fraction(exact), self.mode)))

    # hours

    def hours(self) -> None:
        groups: dict[tuple[Any, ...], list[tuple[int, int, int]]] = defaultdict(list)
        works = [work for at in range(len(self.deal["entries"])) if (work := self._work(at))]
        over = self._overtime(works)
        for at, line, source, rate, minutes, currency in works:
            entry = self.deal["entries"][at]
            days = line.days if line else Days([(date.min, "monthly", JANUARY)])
            start, end = days.period(entry["on"])
            period = start, min(end, self.market["until"])
            role = self._role(entry) if source == "role" else ""
            groups[currency, line.line["key"] if line else None, period, entry["item"], role, source, rate].append(
                (at, minutes, over.get(at, 0))
            )
        for (currency, key, period, item, _, _, rate), mine in groups.items():
            minutes, late = sum(one[1] for one in mine), sum(one[2] for one in mine)
            dearer = self._dearer(key, rate) if late else Fraction(0)
            amount = rounded((Fraction(rate) * (minutes - late) + dearer * late) / 60, self.mode)
            self.billed_entries |= {one[0] for one in mine}
            self.owed.append(Owed(currency, key, "hourly", *period, item, amount))

    def _dearer(self, key: int, rate: int) -> Fraction:
        terms = self.by_key[key].line["overtime"]
        return Fraction(terms["rate"]) if terms["rate"] is not None else rate * Fraction(terms["factor"])

    def _role(self, entry: Deal) -> str:
        return next(one["role"] for one in self.market["people"] if one["key"] == entry["person"]) or ""

    def _work(self, at: int) -> tuple[int, Line | None, str, int, int, str] | None:
        entry = self.deal["entries"][at]
        if entry["on"] >= self.market["until"] or at in self.drawn_entries:
            return None
        line = self._holder("hourly", entry)
        if line and entry["on"] >= line.until["arrears"]:
            return None
        currency = entry["currency"] if entry["rate"] is not None else line.currency if line else self.deal["currency"]
        source, rate = self._rate(entry, line, currency)
        if rate is None:
            raise Missing
        minutes = max(entry["minutes"], line.line["minimum"]) if line else entry["minutes"]
        step = line.line["round_up"] if line else 0
        return at, line, source, rate, minutes if not step else -(-minutes // step) * step, currency

    def _rate(self, entry: Deal, line: Line | None, currency: str) -> tuple[str, int | None]:
        if entry["rate"] is not None:
            return "entry", entry["rate"]
        if line and self._role(entry) in line.line["role_rates"]:
            return "role", line.line["role_rates"][self._role(entry)]
        if line and line.line["hourly_rate"] is not None:
            return "line", line.line["hourly_rate"]
        promised = self.promised(entry["item"], currency, entry["on"])
        if promised is not None:
            return "client", promised
        return "catalog", self.listed(entry["item"], currency, entry["on"])

    def _overtime(self, works: list[Any]) -> dict[int, int]:
        """Minute by minute through each person's day or week on a line."""
        worked: dict[tuple[Any, ...], int] = defaultdict(int)
        over: dict[int, int] = {}
        for at, line, _, _, minutes, _ in sorted(works, key=lambda one: self.deal["entries"][one[0]]["began"]):
            terms = line.line["overtime"] if line else None
            if terms:
                entry = self.deal["entries"][at]
                spell = entry["on"] if terms["per"] == "day" else entry["on"] - timedelta(entry["on"].weekday())
                count = 0
                for _ in range(minutes):
                    worked[line.line["key"], entry["person"], spell] += 1
                    count += worked[line.line["key"], entry["person"], spell] > terms["after"]
                over[at] = count
        return over


def cents(exact: Fraction) -> Fraction:
    """Rounded to two decimals, half away from zero."""
    return Fraction(rounded(exact * 100, "half_up"), 100)
