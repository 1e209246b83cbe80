"""Terms of payment: the tenant's, a client's, an invoice's; and the discount for who pays early."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from kernel.context import Actor, CallContext
from kernel.errors import InvalidInput
from plugins.billing import invoices, runs
from plugins.billing.chain import verify_chain
from plugins.billing.models import Terms
from plugins.billing.receivables import payers, terms
from plugins.billing.receivables.errors import TermsInUse
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import draft, final, lay_out_taxes, taxed_client


def by_code(ctx: CallContext, code: str) -> Terms:
    return ctx.session.scalars(select(Terms).where(Terms.code == code)).one()


def test_an_invoice_is_due_by_the_default_then_the_clients_then_its_own_terms(acme: Any) -> None:
    with acme.call("carol") as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        assert draft(ctx, client_id).due_date == date(2026, 10, 15)
        payers.change_payer(ctx, client_id, {"terms_id": by_code(ctx, "eom_30").id})
        assert draft(ctx, client_id, invoice_date=date(2026, 2, 3)).due_date == date(2026, 3, 30)
        early = draft(ctx, client_id, terms_id=by_code(ctx, "2_10_net_30").id)
        assert (early.due_date, early.early_percent, early.early_until) == (date(2026, 10, 31), Decimal(2), date(2026, 10, 11))
        by_hand = draft(ctx, client_id, due_date=date(2026, 10, 2))
        assert (by_hand.due_date, by_hand.terms_id, by_hand.early_until) == (date(2026, 10, 2), None, None)


def test_a_run_bills_by_the_terms_of_each_client(acme: Any) -> None:
    with acme.call("carol") as ctx:
        region = lay_out_taxes(ctx)
        clients = [taxed_client(ctx, region, name) for name in ("Hill", "Dale")]
        for client_id in clients:
            Desk.of(ctx, client_id).contract(
                {"kind": "fixed", "cycle": "monthly", "timing": "advance", "price": 10000}, start="2026-09-01"
            )
        payers.change_payer(ctx, clients[1], {"terms_id": by_code(ctx, "due_on_receipt").id})
        found = runs.preview_run(ctx, window_start=date(2026, 9, 1), window_end=date(2026, 10, 1)).invoices
        assert {one.draft.client_id: one.draft.due_date for one in found} == {
            clients[0]: date(2026, 10, 15), clients[1]: date(2026, 10, 1),
        }  # fmt: skip


def test_a_draft_that_changes_is_due_anew_unless_somebody_set_the_day(acme: Any) -> None:
    with acme.call("carol") as ctx:
        one = draft(ctx, taxed_client(ctx, lay_out_taxes(ctx)))
        invoices.change_invoice(ctx, one.id, {"invoice_date": date(2026, 10, 3), "due_date": one.due_date})
        assert one.due_date == date(2026, 10, 17)
        invoices.change_invoice(ctx, one.id, {"terms_id": by_code(ctx, "net_30").id, "due_date": one.due_date})
        assert one.due_date == date(2026, 11, 2)
        invoices.change_invoice(ctx, one.id, {"due_date": date(2026, 12, 1)})
        assert (one.due_date, one.terms_id) == (date(2026, 12, 1), None)
        invoices.change_invoice(ctx, one.id, {"invoice_date": date(2026, 10, 4)})
        assert one.due_date == date(2026, 12, 1)


def test_terms_change_only_what_is_written_afterwards_and_the_chain_stays_whole(acme: Any) -> None:
    with acme.call("carol") as ctx:
        client_id, early = taxed_client(ctx, lay_out_taxes(ctx)), by_code(ctx, "2_10_net_30")
        terms.make_default(ctx, early.id)
        sealed = final(ctx, client_id)
        terms.change_terms(ctx, early.id, {"days": 60, "early_percent": Decimal(3)})
        assert (sealed.due_date, sealed.early_percent) == (date(2026, 10, 31), Decimal(2))
        assert draft(ctx, client_id).due_date == date(2026, 11, 30)
        assert verify_chain(ctx, "invoice") == []


def test_terms_in_use_stay_and_mistakes_are_named_at_their_fields(acme: Any) -> None:
    with acme.call("carol") as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        with pytest.raises(TermsInUse, match="default"):
            terms.delete_terms(ctx, by_code(ctx, "net_14").id)
        payers.change_payer(ctx, client_id, {"terms_id": by_code(ctx, "net_30").id})
        with pytest.raises(TermsInUse, match="Clients"):
            terms.delete_terms(ctx, by_code(ctx, "net_30").id)
        terms.delete_terms(ctx, by_code(ctx, "net_7").id)
        for facts, field in (
            ({"code": "net_30"}, "code"),
            ({"early_percent": Decimal(2)}, "early_days"),
            ({"early_percent": Decimal(0), "early_days": 3}, "early_percent"),
            ({"early_percent": Decimal(2), "early_days": 31}, "early_days"),
        ):
            with pytest.raises(InvalidInput) as refused:
                terms.add_terms(ctx, **{"code": "mine", "name": "Mine", "days": 30, **facts})
            assert list(refused.value.errors) == [field]


def test_carol_keeps_terms_by_rest_and_page_and_bob_does_not(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
    carol = acme.api("carol")
    made = carol.post("/api/v1/payment-terms", json={"code": "net_45", "name": "Net 45 days", "days": 45})
    assert made.status_code == 201, made.json
    told = carol.patch(f"/api/v1/payers/{client_id}", json={"terms_id": made.json["id"], "reminders": False})
    assert (told.status_code, told.json["reminders"], told.json["late_fees"]) == (200, False, True), told.json
    body = {"client_id": str(client_id), "lines": [{"description": "Work", "rate": 8000}]}
    assert carol.post("/api/v1/invoices", json=body).json["due_date"] == "2026-11-15"
    page = acme.client("carol").get("/payment-terms").text
    assert "45 days after the invoice date" in page
    assert "2% off within 10 days" in page
    assert "45 days after the invoice date" in acme.client("carol").get(f"/payers/{client_id}").text
    assert acme.api("bob").post("/api/v1/payment-terms", json={"code": "x", "name": "X", "days": 1}).status_code == 403
