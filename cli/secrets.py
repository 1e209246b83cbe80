"""`deskhand secrets …`."""

from __future__ import annotations

import click
from sqlalchemy import select

from cli import open_kernel


@click.group()
def secrets() -> None:
    """The key that protects what tenants keep secret."""


@secrets.command()
def rewrap() -> None:
    """Put every tenant's data key under the current key, so that earlier ones can be taken out of the configuration.

    What was sealed stays as it is. May be stopped and run again at any time.
    """
    from kernel.tenancy import TenantRow, tenant_ids

    with open_kernel() as kernel:
        done = 0
        with kernel.db.transaction() as session:
            tenants = tenant_ids(session)
        for tenant_id in tenants:
            with kernel.call(tenant_id) as ctx:
                tenant = ctx.session.scalars(select(TenantRow).where(TenantRow.id == tenant_id).with_for_update()).one()
                if not kernel.vault.is_current(tenant.data_key):
                    tenant.data_key = kernel.vault.rewrap(tenant.data_key)
                    done += 1
    click.echo(f"{done} data keys are now under the current key; every other one was already.")
