"""The query language, as far as programs use it: one entity, conditions joined by AND, order, pages, counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from quickbooks_fake import faults
from quickbooks_fake.clock import read_stamp
from quickbooks_fake.wire import Entity, ref

PAGE, LARGEST_PAGE = 100, 1000
_TOKEN = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|([A-Za-z_][\w.]*)|(-?\d+(?:\.\d+)?)|(<=|>=|!=|[=<>(),*]))""")
_REFS = frozenset({"CustomerRef", "CurrencyRef", "SalesTermRef", "ParentRef", "IncomeAccountRef"})
_TIMES = frozenset({"MetaData.LastUpdatedTime", "MetaData.CreateTime"})
_TXN = {"Id", "DocNumber", "TxnDate", "CustomerRef", "CurrencyRef", "Balance", "TotalAmt", "PrivateNote", *_TIMES}
FILTERABLE = {
    "Invoice": _TXN | {"DueDate", "SalesTermRef"},
    "CreditMemo": _TXN,
    "Estimate": {*_TXN} - {"Balance"},
    "Payment": {"Id", "TxnDate", "CustomerRef", "CurrencyRef", "TotalAmt", "UnappliedAmt", "PaymentRefNum", *_TIMES},
    "Customer": {"Id", "DisplayName", "CompanyName", "GivenName", "FamilyName", "Active", "Balance", *_TIMES},
    "Item": {"Id", "Name", "FullyQualifiedName", "Sku", "Type", "Active", "ParentRef", "IncomeAccountRef", *_TIMES},
    "Account": {"Id", "Name", "FullyQualifiedName", "AccountType", "Classification", "AcctNum", "Active", *_TIMES},
    "Term": {"Id", "Name", "Active", *_TIMES},
    "TaxCode": {"Id", "Name", "Active", *_TIMES},
    "TaxRate": {"Id", "Name", "Active", *_TIMES},
    "CompanyInfo": {"Id"},
    "Preferences": {"Id"},
}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: `values` are those of a list for `in`, else one."""

    name: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A select statement that was understood."""

    entity: str
    count: bool
    where: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    start: int
    most: int


def parse(text: str) -> Query:
    """Understand a statement. Raises Fault 4000 or 4001."""
    return _Parser(text).query()


def run(query: Query, rows: Iterable[Entity]) -> list[Entity]:
    """The rows that a query asks for; names that were made inactive only where it asks for them."""
    told_active = any(one.name == "Active" for one in query.where)
    found = [row for row in rows if (told_active or row.get("Active", True)) and all(_holds(row, one) for one in query.where)]
    for name, falling in reversed(query.order):
        found.sort(key=lambda row: _sortable(row, name), reverse=falling)
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.place = 0

    def query(self) -> Query:
        self._word("select")
        count = self._selection()
        self._word("from")
        entity = self._entity(self._next()[1])
        where, order, start, most = self._clauses(entity)
        if self.place < len(self.tokens):
            raise faults.bad_query(f"Encountered {self._peek()!r}")
        return Query(entity, count, where, order, start, most)

    def _clauses(self, entity: str) -> tuple[tuple[Condition, ...], tuple[tuple[str, bool], ...], int, int]:
        where: list[Condition] = []
        if self._maybe("where"):
            where.append(self._condition(entity))
            while self._maybe("and"):
                where.append(self._condition(entity))
        order = self._order(entity)
        start = self._number("startposition", 1)
        most = self._number("maxresults", PAGE)
        if most > LARGEST_PAGE:
            raise faults.refused_query(f"value {most} is too large. Max allowed value is {LARGEST_PAGE}.")
        return tuple(where), order, max(start, 1), most

    def _selection(self) -> bool:
        if self._maybe("count"):
            for expected in "(*)":
                self._symbol(expected)
            return True
        while self._peek().lower() != "from":
            self._next()
        return False

    def _condition(self, entity: str) -> Condition:
        name = self._property(entity, self._next()[1])
        operator = self._next()[1].lower()
        if operator == "in":
            self._symbol("(")
            values = [self._next()[1]]
            while self._maybe(","):
                values.append(self._next()[1])
            self._symbol(")")
            return Condition(name, "in", tuple(values))
        if operator not in (*_COMPARE, "like"):
            raise faults.bad_query(f"Encountered {operator!r}")
        return Condition(name, operator, (self._next()[1],))

    def _order(self, entity: str) -> tuple[tuple[str, bool], ...]:
        if not (self._maybe("orderby") or (self._maybe("order") and self._maybe("by"))):
            return ()
        order = []
        while True:
            name = self._property(entity, self._next()[1])
            order.append((name, not self._maybe("asc") and self._maybe("desc")))
            if not self._maybe(","):
                return tuple(order)

    def _number(self, word: str, otherwise: int) -> int:
        if not self._maybe(word):
            return otherwise
        value = self._next()[1]
        if not value.isdecimal():
            raise faults.bad_query(f"Encountered {value!r}")
        return int(value)

    def _entity(self, name: str) -> str:
        if name not in FILTERABLE:
            raise faults.bad_query(f"Invalid context declaration: {name}")
        return name

    def _property(self, entity: str, name: str) -> str:
        known = {one.lower(): one for one in FILTERABLE[entity]}
        if name.lower() not in known:
            raise faults.refused_query(f"Property {name} not found for Entity {entity}")
        return known[name.lower()]

    def _peek(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise faults.bad_query("Encountered end of statement")
        self.place += 1
        return self.tokens[self.place - 1]

    def _maybe(self, text: str) -> bool:
        if self.place < len(self.tokens) and self.tokens[self.place][0] != "text" and self._peek().lower() == text:
            self.place += 1
            return True
        return False

    def _word(self, text: str) -> None:
        if not self._maybe(text):
            raise faults.bad_query(f"Encountered {self._peek()!r}, was expecting {text!r}")

    _symbol = _word


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    place = 0
    while place < len(text.rstrip()):
        found = _TOKEN.match(text, place)
        if found is None:
            raise faults.bad_query(f"Encountered {text[place : place + 10]!r}")
        quoted, name, number, symbol = found.groups()
        if quoted is not None:
            yield "text", re.sub(r"\\(.)", r"\1", quoted)
        else:
            yield ("name" if name else "number" if number else "symbol"), name or number or symbol
        place = found.end()


def value_of(row: Entity, name: str) -> Any:
    """What a property of a row holds, as conditions and orders see it."""
    if name in _REFS:
        return ref(row, name)
    outer, _, inner = name.partition(".")
    value = row.get(outer)
    return value.get(inner) if inner and isinstance(value, dict) else value


def _holds(row: Entity, condition: Condition) -> bool:
    value = value_of(row, condition.name)
    if value is None:
        return condition.operator == "!="
    if condition.operator == "like":
        pattern = ".*".join(re.escape(part) for part in condition.values[0].split("%"))
        return re.fullmatch(pattern, str(value), re.IGNORECASE | re.DOTALL) is not None
    wanted = [_alike(value, condition.name, one) for one in condition.values]
    value = read_stamp(value) if condition.name in _TIMES else value
    return value in wanted if condition.operator == "in" else _COMPARE[condition.operator](value, wanted[0])


def _alike(value: Any, name: str, text: str) -> Any:
    """The text of a condition as the kind of value that it is compared with. Raises Fault 4001."""
    try:
        if name in _TIMES:
            return read_stamp(text)
        if name in ("TxnDate", "DueDate"):
            return date.fromisoformat(text[:10]).isoformat()
        if isinstance(value, bool):
            return text.lower() == "true"
        return Decimal(text) if isinstance(value, Decimal | int) else text
    except (ValueError, InvalidOperation) as error:
        raise faults.refused_query(f"value {text!r} does not fit {name}") from error


def _sortable(row: Entity, name: str) -> tuple[bool, Any]:
    value = value_of(row, name)
    if name == "Id" and str(value).isdecimal():
        return True, (0, int(value), "")
    return value is not None, (1, 0, value) if name == "Id" else value
