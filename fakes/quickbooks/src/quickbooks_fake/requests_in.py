"""What a request to the accounting API means: one operation, or a batch of them, each with its effect once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from quickbooks_fake import faults
from quickbooks_fake.books import KINDS
from quickbooks_fake.company import Company
from quickbooks_fake.wire import Entity

BATCH = 30
LONGEST_REQUEST_ID, LONGEST_OF_BATCH, LONGEST_BID = 50, 36, 10
_KIND = {kind.lower(): kind for kind in (*KINDS, "CompanyInfo", "Preferences")}


@dataclass(slots=True)
class Remembered:
    """Answers by request id, for each company. Only what was carried out is remembered: a refusal may be tried again."""

    answers: dict[tuple[str, str], Any] = field(default_factory=dict)

    def once(self, realm: str, request_id: str, work: Callable[[], Any]) -> Any:
        """The answer of the first request with this id, else of this one."""
        if not request_id:
            return work()
        if (realm, request_id) not in self.answers:
            self.answers[realm, request_id] = work()
        return self.answers[realm, request_id]


def kind_of(name: str) -> str:
    """The kind that a path names in small letters. Raises Fault 500."""
    if name not in _KIND:
        raise faults.unsupported(name)
    return _KIND[name]


def check_request_id(request_id: str, most: int = LONGEST_REQUEST_ID) -> str:
    """Refuse a request id that is too long. Raises Fault 2050."""
    if len(request_id) > most:
        raise faults.wrong_length("requestid", most, len(request_id))
    return request_id


def operate(company: Company, kind: str, body: Entity, operation: str, include: str) -> Entity:
    """Carry out one change. `operation` and `include` are those of the address."""
    if not isinstance(body, dict):
        raise faults.unreadable(kind, body)
    if operation == "delete":
        return company.delete(kind, body)
    if operation == "void" or include == "void":
        return company.void(kind, body)
    if operation not in ("", "update"):
        raise faults.unsupported(operation)
    return company.update(kind, body) if str(body.get("Id") or "0") != "0" else company.create(kind, body)


def batch(company: Company, remembered: Remembered, body: Any, request_id: str) -> list[Entity]:
    """Carry out a batch: each item by itself. Raises Fault 2020, 2050 or 1040 where nothing of it is done."""
    items = body.get("BatchItemRequest") if isinstance(body, dict) else None
    if not items:
        raise faults.missing("BatchItemRequest")
    if len(items) > BATCH:
        raise faults.large_batch(BATCH)
    check_request_id(request_id, LONGEST_OF_BATCH)
    for item in items:
        if not item.get("bId"):
            raise faults.missing("bId")
        if request_id and len(item["bId"]) > LONGEST_BID:
            raise faults.wrong_length("bId", LONGEST_BID, len(item["bId"]))
    return [_item(company, remembered, item, request_id) for item in items]


def _item(company: Company, remembered: Remembered, item: Entity, request_id: str) -> Entity:
    try:
        if query := item.get("Query"):
            return {"QueryResponse": company.query(query), "bId": item["bId"]}
        kind = next((name for name in item if name in KINDS), "")
        if not kind:
            raise faults.missing("BatchItemRequest")
        own = f"{request_id}-{item['bId']}" if request_id else ""
        answer = remembered.once(company.realm, own, lambda: _change(company, kind, item))
        return {kind: answer, "bId": item["bId"]}
    except faults.Fault as fault:
        return {"Fault": fault.body(), "bId": item["bId"]}


def _change(company: Company, kind: str, item: Entity) -> Entity:
    body, operation = item[kind], item.get("operation")
    if operation == "create":
        return company.create(kind, body)
    if operation == "update" and item.get("optionsData") == "void":
        return company.void(kind, body)
    if operation == "update":
        return company.update(kind, body)
    if operation == "delete":
        return company.delete(kind, body)
    raise faults.unsupported(str(operation))
