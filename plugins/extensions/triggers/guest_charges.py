"""Charges that guests name when a billing run asks. Nothing of an answer is kept until it stands on an invoice: then there is
one row for the key of an extension, and that key is left out of later answers, also of those of another install.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from marshmallow import RAISE, Schema, ValidationError, fields, validate
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.context import CallContext
from kernel.currencies import currencies
from kernel.errors import DeskhandError, InvalidInput
from kernel.hookspecs.charging import Charge, ChargeWindow, Settled
from plugins.extensions.calls.dispatcher import refuse_unstorable
from plugins.extensions.calls.invoking import Occasion, ask_guest, find_export
from plugins.extensions.errors import GuestChargesMoved, GuestRefused, HookFailed
from plugins.extensions.guests.invocation import ExportCall
from plugins.extensions.installs.grants import KIND
from plugins.extensions.models import SERVING, BilledGuestCharge, Install, Release

SOURCE = "extensions.charge"
HOOK = "collect_charges"
MOST_CHARGES = 10_000
MOST_RATE = 10**12
"""Minor units; what is larger is mistyped, and sums of such could not be stored."""
_KEYS = UUID("6f0f4b0e-3c3c-5d55-9c1e-0b7a4d0c5a11")
_DAYS = validate.Range(date(2000, 1, 1), date(2100, 1, 1))


class _OwedSchema(Schema):
    class Meta:
        unknown = RAISE

    client_id = fields.UUID(required=True)
    service_id = fields.UUID(required=True, allow_none=True)
    description = fields.String(required=True, validate=validate.Length(1, 500))
    quantity = fields.String(required=True, validate=validate.Regexp(r"[0-9]{1,10}(\.[0-9]{1,4})?\Z"))
    rate = fields.Integer(required=True, allow_none=True, strict=True, validate=validate.Range(0, MOST_RATE))
    currency_code = fields.String(required=True, allow_none=True)
    charged_on = fields.Date(required=True, allow_none=True, validate=_DAYS)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class Answering(NamedTuple):
    """An install that answers, and what becomes of the work when it does not."""

    install_id: UUID
    title: str
    on_failure: str


def owed_to_guests(ctx: CallContext, window: ChargeWindow, clients: Sequence[UUID]) -> list[Charge]:
    """What installs charge these clients, without what is billed already. One call of each install for a batch of clients.

    Raises HookFailed for an install that fails and whose manifest says `closed`.
    """
    found: list[Charge] = []
    for one in answering(ctx, HOOK) if clients and not window.at_hand else ():
        try:
            found += _asked(ctx, one, window, clients)
        except DeskhandError as error:
            found += _without(ctx, one, window, clients, error)
    billed = set(ctx.session.scalars(_billed(one.source_id for one in found))) if found else set()
    return [one for one in found if one.source_id not in billed]


def answering(ctx: CallContext, hook: str) -> list[Answering]:
    """The installs whose serving release answers a hook, in a fixed order."""
    serving = (Release.tenant_id == Install.tenant_id) & (Release.id == Install.release_id)
    rows = select(Install.id, Release.title, Release.manifest["hooks"]).join(Release, serving).where(Install.state.in_(SERVING))
    return [
        Answering(install_id, title, one["on_failure"])
        for install_id, title, hooks in ctx.session.execute(rows.order_by(Install.id)).all()
        for one in hooks or ()
        if one["name"] == hook
    ]


def mark_billed(ctx: CallContext, settled: Sequence[Settled]) -> None:
    """Note keys as billed, all or none. Raises GuestChargesMoved when one was billed meanwhile."""
    rows = [{"tenant_id": ctx.tenant_id, "id": one.source_id, "invoice_id": one.invoice_id, "line_id": one.line_id}
            for one in settled if one.source_kind == SOURCE]  # fmt: skip
    if rows:
        noted = insert(BilledGuestCharge).values(rows).on_conflict_do_nothing().returning(BilledGuestCharge.id)
        if len(ctx.session.scalars(noted).all()) != len(rows):
            raise GuestChargesMoved("Some charges of extensions were billed meanwhile. Run the billing again.")


def release_billed(ctx: CallContext, settled: Sequence[Settled]) -> None:
    """Make keys billable again after their invoice was voided or deleted."""
    ids = [one.source_id for one in settled if one.source_kind == SOURCE]
    if ids:
        ctx.session.execute(delete(BilledGuestCharge).where(BilledGuestCharge.id.in_(ids)))


def _billed(ids: Iterable[UUID]) -> Any:
    return select(BilledGuestCharge.id).where(BilledGuestCharge.id.in_(list(ids)))


def _asked(ctx: CallContext, one: Answering, window: ChargeWindow, clients: Sequence[UUID]) -> list[Charge]:
    target = find_export(ctx, one.install_id, "collect-charges")
    asked = {"start": window.start.isoformat(), "end": window.end.isoformat(), "client_ids": [str(client) for client in clients]}
    why = Occasion("hook", ctx.actor, ctx.cause)
    answer = ask_guest(ctx.kernel, target, ExportCall("collect-charges", {"window": asked}), why)
    named = _read(answer, set(clients), window.end)
    wanted = sorted({owed["service_id"] for owed in named if owed["service_id"]})
    items = ctx.hooks.get_items(ctx=ctx, item_ids=wanted) if wanted else {}
    if strange := [str(item) for item in wanted if item not in items]:
        raise GuestRefused(f"{one.title} names the service {strange[0]}, which is not there.")
    author = f"{target.name}@{target.semver}"
    return [_charge(source_of(target.name, owed["idempotency_key"]), author, owed, items, window.end) for owed in named]


def source_of(extension: str, key: str) -> UUID:
    """The id of a charge: the same for an extension and a key, however often it is installed anew."""
    return uuid5(uuid5(_KEYS, extension), key)


def _read(answer: Any, clients: set[UUID], end: date) -> list[dict[str, Any]]:
    """The answer, checked: whatever a guest says is a stranger's word. Raises GuestRefused."""
    try:
        refuse_unstorable(answer)
        named: list[dict[str, Any]] = _OwedSchema(many=True).load(answer)
    except InvalidInput as error:
        raise GuestRefused(f"What it charges cannot be stored: {next(iter(error.errors.values()))}") from None
    except ValidationError as error:
        raise GuestRefused(f"What it charges cannot be read: {str(error.messages)[:300]}") from None
    if len(named) > MOST_CHARGES:
        raise GuestRefused(f"It names {len(named)} charges at once; at most {MOST_CHARGES} are taken.")
    for at, owed in enumerate(named):
        if wrong := _wrong(owed, clients, end):
            raise GuestRefused(f"charges[{at}]: {wrong}")
    if len({owed["idempotency_key"] for owed in named}) < len(named):
        raise GuestRefused("It names an idempotency key twice.")
    return named


def _wrong(owed: Mapping[str, Any], clients: set[UUID], end: date) -> str:
    if owed["client_id"] not in clients:
        return f"nobody asked for the client {owed['client_id']}"
    if Decimal(owed["quantity"]) <= 0:
        return "the quantity is not above zero"
    if (owed["rate"] is None) != (owed["currency_code"] is None) or (owed["rate"] is None and owed["service_id"] is None):
        return "a rate and its currency, or a service that has a price"
    if owed["currency_code"] is not None and owed["currency_code"] not in currencies():
        return f"{owed['currency_code']} is not a currency of ISO 4217"
    return "it is dated after the window" if owed["charged_on"] and owed["charged_on"] >= end else ""


def _charge(source_id: UUID, author: str, owed: Mapping[str, Any], items: Mapping[UUID, Any], end: date) -> Charge:
    facts = items.get(owed["service_id"])
    return Charge(
        owed["client_id"], SOURCE, source_id, owed["service_id"], owed["description"],
        Decimal(owed["quantity"]), facts.unit if facts else "each", owed["charged_on"] or end - timedelta(days=1), owed["rate"],
        owed["currency_code"], detail={"extension": author, "key": owed["idempotency_key"]},
    )  # fmt: skip


def _without(
    ctx: CallContext, one: Answering, window: ChargeWindow, clients: Sequence[UUID], error: DeskhandError
) -> list[Charge]:
    """`closed`: nothing is billed. `open`: billed without, and noted. `skip`: these clients are left out, with the reason."""
    if one.on_failure == "closed":
        words = f"{one.title} does not say what clients owe, and nothing is billed without it. {error.detail}"
        raise HookFailed(words, extension=one.title, cause=error.code) from error
    if one.on_failure == "open":
        audit.record(ctx, "extension.hook_failed", kind=KIND, row_id=one.install_id, label=one.title,
                     changes={"hook": HOOK, "reason": error.detail, "clients": len(clients)})  # fmt: skip
        return []
    words, on = f"{one.title} does not say what is owed", window.end - timedelta(days=1)
    return [
        Charge(client, SOURCE, uuid5(one.install_id, f"{client} {on}"), None, words, Decimal(1), "each", on) for client in clients
    ]
