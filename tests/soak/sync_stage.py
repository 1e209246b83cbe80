"""Three MSPs, each with a company of its own in one QuickBooks Online: what the soak `accounting-sync` plays on.

One is in Europe (a tax code on each line), one in the United States (one code for the whole), one in Japan (no cents). Deskhand
and QuickBooks speak by HTTP both ways, and both clocks go on together.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from quickbooks_fake import Company, QuickBooksFake, running
from sqlalchemy import delete, select
from werkzeug.serving import make_server

from kernel import jobs
from kernel.app import Kernel, create_app
from kernel.clock import FixedClock
from kernel.context import Actor, CallContext
from kernel.directory.models import User
from kernel.jobs import Schedule
from kernel.tenancy import switch_plugin
from plugins.accounting import mapping, targets
from plugins.accounting.models import Target
from plugins.connections import applications, consents
from plugins.quickbooks import client as quickbooks_client
from plugins.quickbooks import services as quickbooks
from plugins.quickbooks.addresses import VARIABLE
from plugins.quickbooks.pace import Pace
from tests.ground import found
from tests.plugins.billing.invoice_desk import item, lay_out_taxes, taxed_client

MORNING = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
CLIENTS = ("Hill & Sons", "Čáp: Nordwind GmbH", "O'Brien \\ Partners")
"""With what their books refuse in names, or what a query language trips over."""
GOODS = (("Support", "standard"), ("Backup", "standard"), ("Books", "reduced"), ("Stamps", None))
STANDARD, REDUCED, NOTHING = "AT S 20", "AT S 10", "O"


class Country(NamedTuple):
    """Where a company is, its currency, and which of its tax codes ours are."""

    code: str
    currency: str
    standard: str
    reduced: str
    nothing: str


COUNTRIES = (
    Country("GB", "EUR", "20.0% S", "10.0% R", "0.0% Z"), Country("US", "USD", "California", "Tucson", "NON"),
    Country("JP", "JPY", "20.0% S", "10.0% R", "0.0% Z"),
)  # fmt: skip


@dataclass
class Msp:
    """One MSP, its company there, and what it sells to whom."""

    kernel: Kernel
    slug: str
    tenant_id: UUID
    company: Company
    currency: str
    target_id: UUID
    clients: list[UUID]
    items: list[UUID]

    @contextmanager
    def call(self) -> Iterator[CallContext]:
        with self.kernel.call(self.tenant_id, Actor.system()) as ctx:
            yield ctx


@dataclass
class Stage:
    """The installation, QuickBooks Online, and the MSPs of one run."""

    kernel: Kernel
    fake: QuickBooksFake
    clock: FixedClock
    url: str
    msps: list[Msp]

    def pass_time(self, **by: float) -> None:
        """Let time go on here and there."""
        step = timedelta(**by)
        self.clock.advance(step)
        self.fake.clock.advance(step)

    def work(self) -> None:
        """Do all that is due of the MSPs in this process."""
        for msp in self.msps:
            jobs.drain(self.kernel, msp.tenant_id)

    def webhook_of(self, msp: Msp) -> str:
        """Where an MSP hears from Intuit."""
        return f"{self.url}/api/v1/quickbooks/webhooks/{msp.slug}"


@contextmanager
def serving(kernel: Kernel) -> Iterator[str]:
    """Deskhand's web server in a thread; gives its address."""
    server = make_server("127.0.0.1", 0, create_app(kernel), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="deskhand", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def open_stage(kernel: Kernel, clock: FixedClock, url: str, run: int) -> Iterator[Stage]:
    """Found three MSPs, each connected to its company; a program of each hears of all three companies.

    Both clocks stand until they are moved, and whoever keeps to QuickBooks' limits moves them.
    """
    fake = QuickBooksFake(clock.now())
    stage = Stage(kernel, fake, clock, url, [])
    pace = Pace(lambda: clock.now().timestamp(), lambda seconds: stage.pass_time(seconds=seconds + 0.001))
    paces: dict[str, Pace] = {}
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    before, its_pace = os.environ.get(VARIABLE), quickbooks_client.pace_of
    with running(fake):
        os.environ[VARIABLE] = fake.url
        quickbooks_client.pace_of = lambda realm: paces.setdefault(realm, Pace(pace._now, pace._wait))  # type: ignore[assignment]
        try:
            for place, country in enumerate(COUNTRIES):
                stage.msps.append(_open_msp(stage, country, run, place))
            for app in fake.consents.apps:
                for realm in fake.companies:
                    fake.token_for(app, realm)
            yield stage
        finally:
            quickbooks_client.pace_of = its_pace
            os.environ.pop(VARIABLE)
            if before is not None:
                os.environ[VARIABLE] = before


def _open_msp(stage: Stage, country: Country, run: int, place: int) -> Msp:
    slug = f"{('acme', 'beta', 'gamma')[place]}-{run}"
    realm = f"91303{run:09}{place}"
    company = stage.fake.company(realm, f"{slug.title()} MSP", country=country.code, currency=country.currency)
    if country.code != "US":
        company.add_tax_code(country.reduced, {"10% R": "10"})
    tenant_id = found(stage.kernel, slug)
    with stage.kernel.call(tenant_id) as ctx:
        for room in ("connections", "accounting", "quickbooks"):
            switch_plugin(ctx, room, enabled=True)
        others = Schedule.job.not_like("accounting.%"), Schedule.job.not_like("connections.%")
        ctx.session.execute(delete(Schedule).where(*others))  # what does not sync would only take time
        region = lay_out_taxes(ctx)
        clients = [taxed_client(ctx, region, name, currency=country.currency) for name in CLIENTS]
        items = [item(ctx, name, tax, **{country.currency: 9500}) for name, tax in GOODS]
    connect(stage, slug, tenant_id, realm)
    msp = Msp(stage.kernel, slug, tenant_id, company, country.currency, UUID(int=0), clients, items)
    with msp.call() as ctx:
        msp.target_id = _target(ctx, company, country, items).id
    return msp


def connect(stage: Stage, slug: str, tenant_id: UUID, realm: str) -> None:
    """Alice registers the MSP's program and consents on Intuit's page."""
    fake, app = stage.fake, f"{slug}-app"
    fake.register(app, "secret", webhook_url=f"{stage.url}/api/v1/quickbooks/webhooks/{slug}", verifier=f"{slug}-verifier")
    with stage.kernel.call(tenant_id) as ctx:
        alice = ctx.session.scalars(select(User)).one()
        applications.add_application(ctx, provider="quickbooks", environment="production", client_id=app, client_secret="secret")
        quickbooks.set_verifier(ctx, f"{slug}-verifier")
    consent(stage, tenant_id, Actor("user", alice.id, "Alice", frozenset({"*"})), app, realm)


def connect_anew(stage: Stage, msp: Msp) -> None:
    """Alice consents again, for tokens that were lost on the way are worth nothing after a day."""
    with msp.call() as ctx:
        alice = ctx.session.scalars(select(User)).one()
    actor = Actor("user", alice.id, "Alice", frozenset({"*"}))
    consent(stage, msp.tenant_id, actor, f"{msp.slug}-app", msp.company.realm)


def consent(stage: Stage, tenant_id: UUID, alice: Actor, app: str, realm: str) -> None:
    """The way over Intuit's page and back."""
    with stage.kernel.call(tenant_id, alice) as ctx:
        [application] = applications.list_applications(ctx)
        asked = parse_qs(urlsplit(consents.ask_consent(ctx, application.id)).query)
    code = stage.fake.consents.consent(app, realm, asked["redirect_uri"][0])
    with stage.kernel.call(tenant_id, alice) as ctx:
        consents.answer_consent(ctx, {"state": asked["state"][0], "code": code, "realmId": realm})
    jobs.drain(stage.kernel, tenant_id)


def _target(ctx: CallContext, company: Company, country: Country, items: Sequence[UUID]) -> Target:
    [connection] = ctx.hooks.list_connections(ctx=ctx, provider="quickbooks")
    made = targets.add_target(ctx, system="quickbooks", starts_on=date(2026, 1, 1), connection_id=connection.id, provision=True,
                              send_payments=True, auto_export=True)  # fmt: skip
    names: dict[str, dict[Any, str]] = {kind: {row["Name"]: str(row["Id"]) for row in company.rows(kind)}
                                        for kind in ("Account", "TaxCode")}  # fmt: skip
    backup = str(company.create("Item", {"Name": "Backup", "Type": "Service",
                                         "IncomeAccountRef": {"value": names["Account"]["Services"]}})["Id"])  # fmt: skip
    mapping.set_mapping(ctx, made, "item", "*", str(company.rows("Item")[0]["Id"]), "Services")
    mapping.set_mapping(ctx, made, "item", str(items[1]), backup, "Backup")
    for key, name in ((STANDARD, country.standard), (REDUCED, country.reduced), (NOTHING, country.nothing)):
        mapping.set_mapping(ctx, made, "tax", key, names["TaxCode"][name], name)
    mapping.set_mapping(ctx, made, "account", "income", names["Account"]["Services"])
    mapping.set_mapping(ctx, made, "account", "deposit", names["Account"]["Checking"])
    return made
