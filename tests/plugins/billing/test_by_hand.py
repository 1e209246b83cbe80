"""Invoices written and finalized by few statements are those that the funnel and a batch would have left behind."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.api.endpoint import dumps
from kernel.audit import AuditEntry
from kernel.context import CallContext
from kernel.directory.clients import add_location
from kernel.events import OutboxEvent
from kernel.tenancy import change_settings
from plugins.billing import by_hand, finalizing, finishing, invoices
from plugins.billing.chain import verify_chain
from plugins.billing.credits import giving
from plugins.billing.ledger import list_entries, trial_balance
from plugins.billing.manual import DiscountAsked, LineAsked
from plugins.billing.models import Invoice
from plugins.billing.routes import _told, shown
from plugins.tax.services import set_location_region
from tests.plugins.billing.invoice_desk import lay_out_taxes, taxed_client

SPECIAL = {"id", "invoice_id", "client_id", "location_id", "created_at", "updated_at", "finalized_at", "terms_id", "parties",
           "layout_version_id"}  # fmt: skip


def asked(ctx: CallContext) -> dict[str, Any]:
    """Everything that an invoice by hand may have: places, odd quantities, an exemption, discounts of both kinds."""
    region_id = lay_out_taxes(ctx)
    client_id = taxed_client(ctx, region_id)
    place = add_location(ctx, client_id=client_id, name="Mill", country="AT", line1="Am Bach 1", city="Wien")
    set_location_region(ctx, place.id, region_id)
    lines = [
        LineAsked("lines[0]", "Care", Decimal("1.5"), 3333, location_id=place.id),
        LineAsked("lines[1]", "Advice", Decimal("0.3333"), 10001),
        LineAsked("lines[2]", "Export", Decimal(2), 5000, exemption="Outside the Union"),
    ]
    discounts = [DiscountAsked("discounts[0]", "Early bird", percent=Decimal("12.5")),
                 DiscountAsked("discounts[1]", "Sorry", amount=100, line=2)]  # fmt: skip
    return {"client_id": client_id, "lines": lines, "discounts": discounts, "invoice_date": date(2026, 9, 30), "notes": "Thanks"}


def books(ctx: CallContext) -> list[Any]:
    """What an invoice leaves behind, without ids and instants."""
    assert verify_chain(ctx, "invoice") == []
    rows = [{name: value for name, value in vars(one).items() if name not in SPECIAL and not name.startswith("_")}
            for one in ctx.session.scalars(select(Invoice))]  # fmt: skip
    [invoice] = ctx.session.scalars(select(Invoice))
    parts = [{name: str(value) for name, value in row.items() if name not in SPECIAL}
             for rows in invoices.read_parts(ctx, invoice.id).values() for row in rows]  # fmt: skip
    said = ctx.session.scalars(select(OutboxEvent).where(OutboxEvent.name.like("invoice.%")).order_by(OutboxEvent.id))
    deeds = ctx.session.scalars(select(AuditEntry).where(AuditEntry.kind == "invoice").order_by(AuditEntry.id))
    entries = [{**one["postings"], "words": one["words"]} for one in list_entries(ctx, {}).items]
    assert invoice.parties is not None
    seller, buyer, places = (invoice.parties[name] for name in ("seller", "buyer", "places"))
    told = [(one.name, one.payload["number"]) for one in said], [(one.action, one.label) for one in deeds]
    stood = seller["name"], buyer, list(places.values())
    return [[str(row) for row in rows], parts, told, entries, trial_balance(ctx), stood]


def in_batches(ctx: CallContext, wanted: dict[str, Any]) -> None:
    """As a draft, and then by the statements that finalize any number."""
    draft = by_hand.create_invoice(ctx, **wanted)
    finalizing.finalize_invoice(ctx, draft.id)


def in_two(ctx: CallContext, wanted: dict[str, Any]) -> None:
    finishing.finalize_by_hand(ctx, by_hand.write_by_hand(ctx, **wanted).id)


def at_once(ctx: CallContext, wanted: dict[str, Any]) -> None:
    by_hand.write_by_hand(ctx, **wanted, final=True)


def test_all_ways_to_a_final_invoice_end_in_the_same_books(acme: Any, kernel: Any) -> None:
    left = {}
    for way in (in_batches, in_two, at_once):
        with pytest.raises(ZeroDivisionError), acme.call("carol") as ctx:
            way(ctx, asked(ctx))
            ctx.session.flush()
            ctx.session.expire_all()
            left[way] = books(ctx)
            raise ZeroDivisionError
    assert left[in_two] == left[in_batches]
    version = "'version': 1"
    assert [repr(one) for one in left[at_once]][1:] == [repr(one) for one in left[in_batches]][1:]
    assert version in left[at_once][0][0]
    assert left[at_once][0][0].replace(version, "'version': 2") == left[in_batches][0][0]


@pytest.mark.parametrize("number_at", ["draft", "finalize"])
def test_what_is_told_is_what_stands_there(acme: Any, number_at: str) -> None:
    with acme.call("carol") as ctx:
        change_settings(ctx, "billing", {"number_at": number_at})
        wanted = asked(ctx)
        made = [by_hand.write_by_hand(ctx, **wanted), by_hand.write_by_hand(ctx, **wanted, final=True)]
        told = [_told(ctx, one).value for one in made]
        assert [json.loads(dumps(one)) for one in told] == [_read(ctx, one.id) for one in made]
    with acme.call("carol") as ctx:
        final = finishing.finalize_by_hand(ctx, made[0].id)
        assert json.loads(dumps(_told(ctx, final).value)) == _read(ctx, final.id)


def test_credits_pay_at_once_what_is_final_at_once(acme: Any) -> None:
    with acme.call("carol") as ctx:
        wanted = asked(ctx)
        giving.grant_credit(ctx, wanted["client_id"], amount=300, reason="Late reply")
        final = by_hand.write_by_hand(ctx, **wanted, final=True)
        assert _told(ctx, final).value["settled"] == 300
        giving.grant_credit(ctx, wanted["client_id"], amount=200, reason="Late again")
        draft = by_hand.write_by_hand(ctx, **wanted)
        assert _told(ctx, finishing.finalize_by_hand(ctx, draft.id)).value["settled"] == 200


def test_more_lines_than_go_in_one_statement(acme: Any) -> None:
    with acme.call("carol") as ctx:
        wanted = asked(ctx)
        lines = [LineAsked(f"lines[{at}]", f"Line {at}", Decimal(1), 100 + at) for at in range(75)]
        made = by_hand.write_by_hand(ctx, client_id=wanted["client_id"], lines=lines, final=True)
        assert json.loads(dumps(_told(ctx, made).value)) == _read(ctx, made.id)
        assert verify_chain(ctx, "invoice") == []


def _read(ctx: CallContext, invoice_id: UUID) -> Any:
    ctx.session.expire_all()
    return json.loads(dumps(shown(ctx, invoices.get_invoice(ctx, invoice_id)).value))
