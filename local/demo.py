"""The demo: two MSPs, one with a quarter of data loaded by the very commands a customer uses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from kernel.app import Kernel
from kernel.config import Settings
from kernel.errors import Conflict, StartupError

SAMPLES = Path(__file__).parents[1] / "samples"
PASSWORD = "deskhand-demo"  # noqa: S105 - printed at every start
DONE = "demo-loaded"


@dataclass(frozen=True, slots=True)
class DemoTenant:
    """One MSP of the demo."""

    slug: str
    name: str
    zone: str
    currency: str
    admin: str
    settings: Mapping[str, Mapping[str, Any]]


TENANTS = (
    DemoTenant("acme", "Acme MSP", "Europe/Berlin", "EUR", "alice@acme-msp.example", {
        "tax": {"tax_id": "DE136695976"},
        "billing": {"seller_name": "Acme MSP GmbH", "seller_address": "Ritterstraße 12\n10969 Berlin\nGermany",
                    "seller_tax_id": "DE136695976", "bank_lines": "IBAN: DE02 1203 0000 0000 2020 51\nBIC: BYLADEM1001"},
        "einvoicing": {"street": "Ritterstraße 12", "postal_code": "10969", "city": "Berlin", "country": "DE",
                       "endpoint": "billing@acme-msp.example", "endpoint_scheme": "EM"},
    }),
    DemoTenant("beta", "Beta MSP", "America/Los_Angeles", "USD", "alice@beta-msp.example", {}),
)  # fmt: skip
PEOPLE = ("alice@acme-msp.example", "bob@acme-msp.example", "carol@acme-msp.example")


def load_demo(settings: Settings) -> None:
    """Load the demo once. Killed in the middle, the next start goes on where it stopped: each step may run twice."""
    marker = settings.data_dir / DONE
    if marker.exists():
        return
    if not SAMPLES.is_dir():
        raise StartupError("The demo data comes with the source tree, not with the package. Start with DESKHAND_DEMO=0.")
    _found_tenants()
    _run("import", str(SAMPLES / "datasets" / "acme-2026-q3"), "--tenant", "acme")
    _give_passwords()
    _install_extension()
    marker.touch()


def _found_tenants() -> None:
    from cli import open_kernel
    from kernel.founding import found_tenant

    with open_kernel() as kernel:
        for tenant in TENANTS:
            try:
                found_tenant(kernel, slug=tenant.slug, name=tenant.name, zone=tenant.zone, currency=tenant.currency,
                             admin_email=tenant.admin, admin_name="Alice Anders", admin_password=PASSWORD)  # fmt: skip
            except Conflict:
                continue
            _change_settings(kernel, tenant)


def _change_settings(kernel: Kernel, tenant: DemoTenant) -> None:
    from cli import tenant_by_slug
    from kernel.tenancy import change_settings

    with kernel.call(tenant_by_slug(kernel, tenant.slug)) as ctx:
        for plugin, values in tenant.settings.items():
            if plugin in kernel.plugins.installed:
                change_settings(ctx, plugin, values)


def _give_passwords() -> None:
    from sqlalchemy import select

    from cli import open_kernel, tenant_by_slug
    from kernel.directory.models import User
    from kernel.passwords import seal_password

    with open_kernel() as kernel, kernel.call(tenant_by_slug(kernel, "acme")) as ctx:
        for user in ctx.session.scalars(select(User).where(User.email_key.in_(PEOPLE), User.password_hash.is_(None))):
            user.password_hash = seal_password(PASSWORD)


def _install_extension() -> None:
    folder = SAMPLES / "invoicing-demo"
    _run("ext", "publish", str(folder), "--tenant", "acme")
    asked = json.loads((folder / "deskhand.json").read_text())["capabilities"]
    grants = [word for one in asked for word in ("--grant", one)]
    _run("ext", "install", "org.deskhand.samples.invoicing-demo", "--tenant", "acme", *grants)


def _run(*args: str) -> None:
    """One `deskhand` command; raises what it raises."""
    from cli import main

    try:
        main.main(args=list(args), prog_name="deskhand", standalone_mode=False)
    except SystemExit as stopped:
        if stopped.code:
            raise StartupError(f"Loading the demo stopped at `deskhand {' '.join(args)}`; it said why above.") from stopped
    except click.ClickException as error:
        raise StartupError(f"Loading the demo stopped at `deskhand {' '.join(args)}`: {error.message}") from error


def demo_greeting() -> Iterable[str]:
    """The logins of the demo."""
    yield f"Demo logins, password {PASSWORD}:"
    yield "  acme  alice@acme-msp.example (admin), bob@acme-msp.example (technician), carol@acme-msp.example (finance)"
    yield "  beta  alice@beta-msp.example (admin)"
