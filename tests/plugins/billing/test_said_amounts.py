"""What is wrong with an amount is said in its currency, as people write it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import plugins
from house.stage import csrf_of
from kernel.directory.clients import add_client
from kernel.errors import DeskhandError
from plugins.billing import credit_notes, payments, refunds
from plugins.billing.credit_notes import CreditAsked
from plugins.billing.credits.applying import apply_credit
from plugins.billing.credits.giving import grant_credit, transfer_credit
from plugins.billing.invoices import list_lines
from plugins.billing.payments import Allocation
from tests.plugins.billing.invoice_desk import final, lay_out_taxes, line, taxed_client

ROOMS = Path(plugins.__file__).parent


@pytest.fixture
def hill(acme: Any) -> UUID:
    with acme.call("alice") as ctx:
        return taxed_client(ctx, lay_out_taxes(ctx))


def refused(acme: Any, do: Any) -> str:
    with pytest.raises(DeskhandError) as error, acme.call("carol") as ctx:
        do(ctx)
    return " ".join(error.value.errors.values()) or error.value.detail


def test_each_refusal_says_the_amount_in_its_currency(acme: Any, hill: UUID) -> None:
    with acme.call("carol") as ctx:
        invoice = final(ctx, hill, line(rate=10000))
        other = add_client(ctx, name="Hill Holding", currency="EUR").id
        [sold] = list_lines(ctx, invoice.id)
        paid = payments.record_client_payment(ctx, hill, amount=15000, currency="EUR", allocations=[Allocation(invoice.id, 5000)])
        credit = grant_credit(ctx, hill, amount=2500, currency="EUR", reason="Sorry")
    share = [Allocation(invoice.id, 99999)]
    said = [
        refused(acme, lambda ctx: payments.record_client_payment(ctx, hill, amount=99999, currency="EUR", allocations=share)),
        refused(acme, lambda ctx: credit_notes.create_credit_note(ctx, invoice.id, reason="Wrong",
                                                                  lines=[CreditAsked(sold.id, 10001)])),
        refused(acme, lambda ctx: refunds.refund_payment(ctx, paid.id, amount=15001)),
        refused(acme, lambda ctx: refunds.refund_credit(ctx, credit.id, amount=2501)),
        refused(acme, lambda ctx: apply_credit(ctx, invoice.id, credit.id, 2501)),
        refused(acme, lambda ctx: transfer_credit(ctx, credit.id, client_id=other, amount=2501, reason="Move")),
    ]  # fmt: skip
    assert [any(one in words for one in ("€70.00", "€100.00", "€150.00", "€25.00")) for words in said] == [True] * 6, said


def test_a_form_says_that_nothing_is_too_little(acme: Any, hill: UUID) -> None:
    with acme.call("carol") as ctx:
        invoice = final(ctx, hill, line(rate=10000))
    browser = acme.client("carol")
    path = f"/invoices/{invoice.id}/pay"
    page = browser.get(path)
    for typed in ("0", "-5", "99999999999999999"):
        sent = {"amount": typed, "csrf_token": csrf_of(page.text)}
        answer = browser.post(path, data=sent)
        assert "minor unit" not in answer.text and "1000000000000000" not in answer.text
        assert answer.status_code == 422


def _said(tree: ast.AST) -> list[str]:
    """All texts within what is raised, and within what is noted as the error of a field."""
    told = [one for one in ast.walk(tree) if isinstance(one, ast.Raise) or (isinstance(one, ast.Assign) and _is_noted(one))]
    texts = [one.value for part in told for one in ast.walk(part) if isinstance(one, ast.Constant)]
    return [one for one in texts if isinstance(one, str)]


def _is_noted(one: ast.Assign) -> bool:
    return any(isinstance(name, ast.Subscript) and getattr(name.value, "id", "") == "errors" for name in one.targets)


def test_no_refusal_of_any_room_speaks_of_minor_units() -> None:
    files = [one for one in ROOMS.rglob("*.py") if "migrations" not in one.parts]
    found = [(one.name, text) for one in files for text in _said(ast.parse(one.read_text())) if "minor unit" in text]
    assert files and found == []
