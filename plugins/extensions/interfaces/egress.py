"""`http.fetch`: the only way out for a guest, to the hosts that an administrator consented to and to no other.

The call is made by `kernel.outbound`: https, each address of a name checked and the connection made to a checked one,
each redirect checked like the first request. One invocation may make so many calls, move so many bytes and wait so long.
Each call leaves an audit entry, refused ones too; the entry names the host and no path, for a path may be a secret.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from marshmallow import Schema, fields, validate
from sqlalchemy import select

from kernel import audit
from kernel.capabilities import GuestCall
from kernel.config import Settings
from kernel.context import Actor, CallContext, Cause
from kernel.errors import DeskhandError, InvalidInput
from kernel.hookspecs.start import HostFunction, Later
from plugins.extensions.errors import EgressSpent
from plugins.extensions.guests.limits import INTERACTIVE, Limits
from plugins.extensions.models import Grant
from plugins.extensions.services import KIND

if TYPE_CHECKING:
    from uuid import UUID

    from kernel.app import Kernel
    from kernel.outbound import Answer, Outbound

CAPABILITY = "cap:http.fetch"
REDIRECTS = 5
MOST_ANSWER_BYTES = 2 * 1024 * 1024
MOST_REQUEST_HEADERS = 50
USUAL_SECONDS = 10.0


class Header(Schema):
    name = fields.String(required=True)
    value = fields.String(required=True)


class FetchRequest(Schema):
    """One request. Redirects are followed at most five times, to consented hosts only."""

    method = fields.String(required=True, validate=validate.Length(max=16))
    url = fields.String(required=True, validate=validate.Length(max=8192))
    headers = fields.List(fields.Nested(Header), required=True, validate=validate.Length(max=MOST_REQUEST_HEADERS))
    body = fields.String(required=True, metadata={"description": "Empty for none."})
    base64 = fields.Boolean(required=True, metadata={"description": "`body` is bytes in base64."})
    timeout_ms = fields.Integer(required=True, allow_none=True, strict=True, validate=validate.Range(1, 60_000), metadata={
        "wit": "u32", "description": "Of the whole call, redirects included; 10,000 unless given."})  # fmt: skip
    follow_redirects = fields.Boolean(required=True)


class FetchArguments(Schema):
    input = fields.Nested(FetchRequest, required=True)


class FetchResponse(Schema):
    """What came back; any status is an answer. It has at most 2 MiB."""

    status = fields.Integer(required=True, metadata={"wit": "u16"})
    url = fields.String(required=True, metadata={"description": "The last one asked."})
    headers = fields.List(fields.Nested(Header), required=True)
    body = fields.String(required=True)
    base64 = fields.Boolean(required=True, metadata={"description": "`body` is no UTF-8 text: its bytes stand in base64."})


@dataclass(slots=True)
class Allowance:
    """What is left of one invocation's calls, bytes (both ways) and seconds of waiting."""

    calls: int
    bytes: int
    seconds: float

    @classmethod
    def of(cls, limits: Limits) -> Allowance:
        return cls(limits.http_calls, limits.egress_bytes, limits.egress_seconds)

    def take_call(self, sent: int) -> None:
        """Count a call that sends so many bytes. Raises EgressSpent."""
        if self.calls < 1 or self.seconds <= 0:
            raise EgressSpent("This invocation has used up its HTTP calls or the time for them.")
        if sent >= self.bytes:
            raise EgressSpent(f"The request is larger than the {self.bytes} bytes that this invocation may still move.")
        self.calls -= 1
        self.bytes -= sent


@dataclass(frozen=True, slots=True)
class MeteredCall(GuestCall):
    """A guest's call with what its invocation may still spend on the network."""

    egress: Allowance = field(default_factory=partial(Allowance.of, INTERACTIVE), compare=False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call that a guest asks for, by whom, and where it may go."""

    kernel: Kernel
    tenant_id: UUID
    actor: Actor
    invocation: GuestCall
    hosts: tuple[str, ...]
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    content: bytes
    seconds: float
    redirects: int

    def sent_bytes(self) -> int:
        return len(self.content) + len(self.url) + sum(len(name) + len(value) for name, value in self.headers)


def fetch(ctx: CallContext, invocation: GuestCall, input: Mapping[str, Any]) -> Later:
    """Ask a consented host; any HTTP status is an answer. Raises InvalidInput, EgressSpent and what `kernel.outbound` raises.

    The call itself is made after the host call's transaction, so that a slow host holds no connection to the database.
    """
    asked = Exchange(
        ctx.kernel, ctx.tenant_id, ctx.actor, invocation, consented_hosts(ctx, invocation.install_id), input["method"],
        input["url"], tuple((one["name"], one["value"]) for one in input["headers"]), _content(input),
        (input["timeout_ms"] or USUAL_SECONDS * 1000) / 1000, REDIRECTS if input["follow_redirects"] else 0,
    )  # fmt: skip
    return Later(lambda: _carried_out(asked))


def consented_hosts(ctx: CallContext, install_id: UUID) -> tuple[str, ...]:
    """The hosts of the grant, as consented; none without them."""
    wanted = select(Grant.parameters).where(Grant.install_id == install_id, Grant.capability == CAPABILITY)
    return tuple((ctx.session.scalar(wanted) or {}).get("hosts", ()))


def _carried_out(asked: Exchange) -> Mapping[str, Any]:
    began = time.monotonic()
    try:
        answer = _asked(asked)
    except DeskhandError as error:
        _note(asked, began, {"refused": error.code})
        raise
    _note(asked, began, {"status": answer.status, "received": len(answer.body), "redirects": answer.hops})
    return _given(answer)


def _asked(asked: Exchange) -> Answer:
    """Make the call within what is left of the invocation's allowance, and take it off."""
    from kernel.outbound import OutboundLimits, OutboundTooLarge  # with what calls out: of no use to a process that starts

    left = _allowance(asked.invocation)
    left.take_call(asked.sent_bytes())
    limits = OutboundLimits(min(MOST_ANSWER_BYTES, left.bytes), min(asked.seconds, left.seconds), asked.redirects)
    began = time.monotonic()
    try:
        answer = _outbound(asked.kernel.settings).request(
            asked.method, asked.url, headers=_by_name(asked.headers), content=asked.content, hosts=asked.hosts, limits=limits
        )
    except OutboundTooLarge:
        left.bytes -= limits.max_bytes  # it was read up to there
        raise
    finally:
        left.seconds -= time.monotonic() - began
    left.bytes -= len(answer.body)
    return answer


def _allowance(invocation: GuestCall) -> Allowance:
    if not isinstance(invocation, MeteredCall):
        raise TypeError("http.fetch is called within an invocation that is metered")
    return invocation.egress


@lru_cache(maxsize=8)
def _outbound(settings: Settings) -> Outbound:
    from kernel.outbound import open_outbound

    return open_outbound(settings)


def _by_name(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    from kernel.outbound import OutboundRefused

    by_name = {name.lower(): value for name, value in headers}
    if len(by_name) < len(headers):
        raise OutboundRefused("A header may be sent once.")
    return by_name


def _content(request: Mapping[str, Any]) -> bytes:
    body: str = request["body"]
    if not request["base64"]:
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(errors={"input.body": "This is not base64."}) from error


def _given(answer: Answer) -> Mapping[str, Any]:
    headers = [{"name": name, "value": value} for name, value in answer.headers.multi_items()]
    try:
        return {"status": answer.status, "url": answer.url, "headers": headers, "body": answer.body.decode(), "base64": False}
    except UnicodeDecodeError:
        packed = base64.b64encode(answer.body).decode()
        return {"status": answer.status, "url": answer.url, "headers": headers, "body": packed, "base64": True}


def _note(asked: Exchange, began: float, outcome: Mapping[str, Any]) -> None:
    invocation, facts = asked.invocation, {"method": asked.method, "host": _host(asked.url), "sent": len(asked.content)}
    spent = {"milliseconds": round((time.monotonic() - began) * 1000)}
    with asked.kernel.call(asked.tenant_id, asked.actor, Cause(invocation.request_id)) as ctx:
        audit.record(ctx, "extension.fetched", kind=KIND, row_id=invocation.install_id, label=invocation.extension_name,
                     changes={**facts, **outcome, **spent})  # fmt: skip


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "")[:255]
    except ValueError:
        return ""


FETCH = HostFunction("http", "fetch", CAPABILITY, "Ask a consented host over HTTPS.", FetchArguments, FetchResponse, fetch)
