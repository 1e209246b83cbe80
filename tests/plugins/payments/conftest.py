"""Acme with an account at a stand-in for Stripe, and a client that owes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from stripe_fake import FakeStripe, running
from werkzeug.serving import make_server

from kernel import jobs
from kernel.directory.clients import get_client
from kernel.events import deliver_due
from kernel.hookspecs.receipts import OpenInvoiceQuery
from kernel.tenancy import change_settings, switch_plugin
from plugins.billing.invoices import get_invoice
from plugins.payments.links import make_link, make_setup_link
from plugins.payments.models import Attempt
from plugins.stripe.services import connect_account
from tests.audit.closing import auditor, books_are_right_at_the_end, pytest_configure
from tests.plugins.billing.invoice_desk import final, lay_out_taxes, line, taxed_client

__all__ = ["auditor", "books_are_right_at_the_end", "pytest_configure"]


@dataclass
class Desk:
    """A world, its client, and the account with Stripe."""

    world: Any
    stripe: FakeStripe
    client_id: UUID
    url: str = ""

    def owe(self, rate: int = 10000, **facts: Any) -> UUID:
        """A final invoice; with VAT of 20 %."""
        with self.world.call("carol") as ctx:
            return final(ctx, self.client_id, line(rate=rate), **facts).id

    def link(self, *invoice_ids: UUID) -> str:
        """The path of a payment link; without invoices, one to agree to automatic payments."""
        with self.world.call("carol") as ctx:
            url = make_link(ctx, invoice_ids) if invoice_ids else make_setup_link(ctx, self.client_id)
            return url.removeprefix(ctx.kernel.settings.url)

    def click(self, path: str, **form: str) -> str:
        """Press the button of a payment page; returns the id of Stripe's page, or what is said instead."""
        answer = self.world.app.test_client().post(path, data=form)
        if answer.status_code != 200:
            return f"{answer.status_code}: {answer.text}"
        return str(answer.headers["Refresh"].rsplit("/", 1)[1])

    def tell(self, **how: Any) -> list[int]:
        """Let Stripe send its notices, and do the work that they cause."""
        answers = self.stripe.deliver(f"{self.url}/stripe/notices/{self.world.tenant.slug}", **how)
        self.drain()
        return answers

    def drain(self) -> None:
        jobs.drain(self.world.kernel, self.world.tenant_id)

    def deliver_events(self) -> None:
        """Tell the rooms what happened, and do the work that it causes."""
        while deliver_due(self.world.kernel, self.world.tenant_id):
            pass
        self.drain()

    def wait(self, **time: float) -> None:
        """Let time go by; work that waits for a later try is done."""
        self.world.kernel.clock.advance(**time)
        self.drain()

    def settled(self, invoice_id: UUID) -> int:
        with self.world.call("carol") as ctx:
            return get_invoice(ctx, invoice_id).settled

    def due(self) -> dict[UUID, int]:
        with self.world.call("carol") as ctx:
            query = OpenInvoiceQuery(client_id=self.client_id)
            return {one.id: one.due for one in ctx.hooks.find_open_invoices(ctx=ctx, query=query)}

    def attempts(self) -> list[Attempt]:
        with self.world.call("carol") as ctx:
            found = list(ctx.session.query(Attempt).order_by(Attempt.id))
            ctx.session.expunge_all()
            return found

    def agree(self, number: str = "4242424242424242") -> None:
        """Dana leaves a card by a link of its own."""
        self.stripe.pay(self.click(self.link(), agreed_by="Dana"), number)
        self.tell()


def connected(world: Any, stripe: FakeStripe, currency: str = "EUR") -> Desk:
    """A world whose account is the stand-in's."""
    stripe.clock = lambda: world.kernel.clock.now().timestamp()
    with world.call("alice") as ctx:
        for name in ("payments", "stripe"):
            switch_plugin(ctx, name, enabled=True)
    with world.call("alice") as ctx:
        change_settings(ctx, "billing", {"credit_auto_apply": False})
        client_id = taxed_client(ctx, lay_out_taxes(ctx), currency=currency)
        get_client(ctx, client_id).billing_email = "dana@hill.example"
        connect_account(ctx, secret_key="sk_test_acme", webhook_secret=stripe.secret)
    return Desk(world, stripe, client_id)


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStripe]:
    with running() as books:
        monkeypatch.setenv("DESKHAND_STRIPE_URL", books.url)
        yield books


@pytest.fixture
def desk(acme: Any, stripe: FakeStripe) -> Iterator[Desk]:
    """Acme's desk, which Stripe reaches over HTTP."""
    server = make_server("127.0.0.1", 0, acme.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    desk = connected(acme, stripe)
    desk.url = f"http://127.0.0.1:{server.server_port}"
    desk.drain()
    yield desk
    server.shutdown()
    thread.join()
    server.server_close()
