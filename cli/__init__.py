"""The `deskhand` command. Each subcommand is loaded only when it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from kernel.errors import DeskhandError, NotFound

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.config import Settings
    from kernel.context import CallContext

OWN_COMMANDS = {
    "up": "local.commands:up",
    "web": "local.commands:web",
    "doctor": "local.commands:doctor",
    "prepare-database": "local.commands:prepare_database",
    "migrate": "cli.tenants:migrate",
    "tenant": "cli.tenants:tenant",
    "plugins": "cli.tenants:plugins",
    "secrets": "cli.secrets:secrets",
    "docs": "house.docs:docs",
    "sdk": "house.sdk:sdk",
    "new-plugin": "house.new_plugin:new_plugin",
    "worker": "cli.jobs:worker",
    "scheduler": "cli.jobs:scheduler",
    "job": "cli.jobs:job",
}


class Commands(click.Group):
    """The kernel's commands, then those of every installed plugin."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*OWN_COMMANDS, *_room_commands()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in OWN_COMMANDS:
            module, name = OWN_COMMANDS[cmd_name].split(":")
            command: click.Command = getattr(importlib.import_module(module), name)
            return command
        return _room_commands().get(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a subcommand; an expected refusal becomes one sentence (and its fields) on stderr and exit code 1."""
        try:
            return super().invoke(ctx)
        except DeskhandError as error:
            click.secho(f"Error: {error.detail}", fg="red", err=True)
            for field, words in error.errors.items():
                click.echo(f"  {field}: {words}", err=True)
            sys.exit(1)


def _room_commands() -> dict[str, click.Command]:
    from kernel.plugins import Plugins

    return {command.name or "": command for _, command in Plugins.discover().collect("register_commands")}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="deskhand")
def main() -> None:
    """Deskhand: the open PSA platform for managed service providers."""


@contextmanager
def open_database(settings: Settings) -> Iterator[Settings]:
    """The settings with database addresses filled in; starts the embedded PostgreSQL for the time when it is not running."""
    from local.postgres import EmbeddedPostgres

    if not settings.embedded:
        yield settings
        return
    postgres = EmbeddedPostgres(settings.data_dir / "postgres")
    started = not postgres.running()
    if started:
        postgres.start()
    try:
        yield replace(settings, database_url=postgres.app_url, queue_url=postgres.queue_url, owner_url=postgres.owner_url)
    finally:
        if started:
            postgres.stop()


@contextmanager
def open_kernel() -> Iterator[Kernel]:
    """A kernel for one command."""
    from kernel.app import build_kernel
    from kernel.config import Settings

    with open_database(Settings.load()) as settings:
        kernel = build_kernel(settings)
        try:
            yield kernel
        finally:
            kernel.db.dispose()


@contextmanager
def tenant_call(tenant: str | None, user: str | None = None) -> Iterator[CallContext]:
    """A CallContext for a command: the named tenant (or the only one), as a user or as the owner of the machine."""
    with open_kernel() as kernel:
        tenant_id = tenant_by_slug(kernel, tenant)
        with kernel.call(tenant_id) as ctx:
            yield ctx if user is None else ctx.acting_as(user_actor(ctx, user))


def tenant_by_slug(kernel: Kernel, slug: str | None) -> UUID:
    """The id of the named tenant; without a name, of the only one. Raises NotFound."""
    from kernel.tenancy import find_tenant, tenant_ids

    with kernel.db.transaction() as session:
        if slug:
            return find_tenant(session, slug=slug).id
        ids = tenant_ids(session)
    if len(ids) != 1:
        raise NotFound(f"There are {len(ids)} tenants; name one with --tenant.")
    return ids[0]


def user_actor(ctx: CallContext, email: str) -> Any:
    """The actor of a user by e-mail address. Raises NotFound."""
    from sqlalchemy import select

    from kernel import auth
    from kernel.directory.models import User

    user_id = ctx.session.scalar(select(User.id).where(User.email_key == email.lower(), User.active))
    if user_id is None:
        raise NotFound(f"No active user has the address {email}.")
    return auth.identify(ctx.session, auth.Credential("jwt", ctx.tenant_id, user_id=user_id), ctx.now()).actor


def tenant_options(command: Any) -> Any:
    """Add `--tenant` and `--as` to a command."""
    command = click.option("--as", "user", metavar="EMAIL", help="Act as this user instead of the machine's owner.")(command)
    return click.option("--tenant", metavar="SLUG", help="The tenant's short name; not needed if there is one only.")(command)
