"""`deskhand time …`"""

from __future__ import annotations

from datetime import datetime

import click

from cli import tenant_call, tenant_options


@click.group()
def time() -> None:
    """Time entries: what waits for approval, and approving it."""


@time.command()
@tenant_options
def waiting(tenant: str | None, user: str | None) -> None:
    """Say how many entries wait for approval."""
    from plugins.timesheets.listing import count_by_state

    with tenant_call(tenant, user) as ctx:
        ctx.require("time.read_all")
        click.echo(f"{count_by_state(ctx, 'submitted')} entries wait for approval.")


@time.command()
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The last day to approve.")
@tenant_options
def approve(until: datetime, tenant: str | None, user: str | None) -> None:
    """Approve all submitted time up to a day."""
    from plugins.timesheets.approval import approve_until

    with tenant_call(tenant, user) as ctx:
        ctx.require("time.approve")
        count = approve_until(ctx, until.date())
    click.echo(f"{count} entries approved.")
