"""Makes calls of guests short to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plugins.extensions.guests.contract import load_contract
from plugins.extensions.guests.invocation import GuestRequest, HostCall, Invocation, Outcome
from plugins.extensions.guests.limits import Limits
from plugins.extensions.guests.pool import GuestPool

SHORT = Limits(cpu_seconds=0.5, wall_seconds=20.0)
EVERYTHING = load_contract().default_capabilities | {"cap:invoice.manual.create"}
CREATED = {
    "invoice_id": "0198c1d0-0000-7000-8000-000000000001",
    "invoice_number": "INV-0001",
    "status": "draft",
    "subtotal": 9500,
    "tax": 1805,
    "total": 11305,
    "currency_code": "EUR",
    "minor_unit_exponent": 2,
    "url": "/invoices/0198c1d0-0000-7000-8000-000000000001",
}


@dataclass
class Host:
    """Answers host calls and remembers them; `answers` are by `interface.function` with snake_case names."""

    answers: dict[str, Mapping[str, Any] | Exception] = field(default_factory=dict)
    calls: list[HostCall] = field(default_factory=list)

    def __call__(self, call: HostCall) -> Mapping[str, Any]:
        self.calls.append(call)
        answer = self.answers.get(f"{call.interface}.{call.function}", {"success": True, "value": None})
        if isinstance(answer, Exception):
            raise answer
        return answer


def call(
    pool: GuestPool,
    artefact: str,
    path: str = "/",
    *,
    host: Host | None = None,
    method: str = "GET",
    body: str = "",
    capabilities: frozenset[str] = EVERYTHING,
    limits: Limits = SHORT,
    journal: bool = False,
) -> Outcome:
    """One invocation."""
    request = GuestRequest(method, path, params=(("id", "7"),), query=(("q", "a"), ("q", "b")), body=body)
    return pool.invoke(Invocation(artefact, request, capabilities, limits, journal), host or Host())
