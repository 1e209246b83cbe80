"""`deskhand ext …`"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import click

from cli import open_kernel, tenant_by_slug, tenant_call, tenant_options, user_actor
from plugins.extensions.author import commands as author
from plugins.extensions.calls.wording import print_records
from plugins.extensions.publishing import commands as registry
from plugins.extensions.publishing.manifest_parts import PARAMETERS

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.context import CallContext
    from plugins.extensions.models import Install

Wanted = dict[str, dict[str, list[str]] | None]
_INSTALL_HELP = "EXTENSION is its name or the id of its install."


@click.group()
def ext() -> None:
    """Extensions: write, publish, install, grant, call, and see what they did."""


for _one in (author.new, author.build, author.test, author.dev, *registry.COMMANDS):
    ext.add_command(_one)


@ext.command("list")
@tenant_options
@click.option("--releases", "of_releases", is_flag=True, help="List what is published instead of what is installed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_installed(tenant: str | None, user: str | None, of_releases: bool, as_json: bool) -> None:
    """List installed extensions, or published releases."""
    from plugins.extensions.installs import listing

    with tenant_call(tenant, user) as ctx:
        ctx.require("extension.read")
        page = listing.list_releases if of_releases else listing.list_installs
        rows = page(ctx, {"limit": 200}).items
    if as_json:
        click.echo(json.dumps([dict(row) for row in rows], default=str))
        return
    for row in rows:
        click.echo(f"{row['state']:<17} {row['name']} {row['semver']}  {row['id']}")


@ext.command()
@click.argument("name")
@click.option("--version", "semver", metavar="VERSION", help="The release; without it, the one published last.")
@click.option("--grant", "grants", multiple=True, metavar="CAPABILITY[=HOST,…]", help="Consent to it; may be repeated.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the install; may be repeated.")
@click.option("--consent", "agreed", is_flag=True, help="Let a version serve that does more than the one before.")
@tenant_options
def install(
    name: str, semver: str | None, grants: tuple[str, ...], settings: tuple[str, ...], agreed: bool, tenant: str | None,
    user: str | None,
) -> None:  # fmt: skip
    """Install a release, or upgrade the install that is there."""
    from plugins.extensions import services
    from plugins.extensions.errors import InstallNotFound
    from plugins.extensions.installs import listing
    from plugins.extensions.publishing import releases

    config, wanted, more = _settings(settings), dict(map(_parted, grants)), list[str]()
    with tenant_call(tenant, user) as ctx:
        ctx.require("extension.manage")
        release = releases.find_release(ctx, name, semver)
        try:
            installed = services.find_install(ctx, name)
        except InstallNotFound:
            installed = services.install_extension(
                ctx, release_id=release.id, grants=wanted, parameters=_named(wanted), config=config
            )
        else:
            more = services.asks_for_more(ctx, installed, release)
            installed = _change(ctx, installed.id, release.id, wanted, config, agreed=agreed)
        shown = listing.shown(ctx, installed)
    click.echo(f"{shown['title']} {shown['semver']} is {shown['state']}: {shown['id']}")
    if shown["state"] == "awaiting_consent":
        click.echo(f"The new version does more: {'; '.join(more)}.")
        click.echo("Consent in the web app, or repeat this with --consent, and --grant for each capability that it gets.")
    elif shown["not_granted"]:
        click.echo(f"Not granted: {_listed(shown['not_granted'])}")


def _change(
    ctx: CallContext, install_id: UUID, release_id: UUID, wanted: Wanted, config: dict[str, str], *, agreed: bool
) -> Install:
    """Serve the release from an install that is there, with these grants and settings on top of what it has."""
    from plugins.extensions import services
    from plugins.extensions.installs.grants import still_asked
    from plugins.extensions.publishing.releases import get_release

    installed = services.upgrade_install(ctx, install_id, release_id=release_id)
    if installed.pending_release_id and (wanted or agreed):
        held = still_asked(ctx, install_id, get_release(ctx, release_id))
        installed = services.consent(ctx, install_id, grants={*held, *wanted}, parameters={**held, **_named(wanted)})
    for name, values in wanted.items():
        services.grant_capability(ctx, install_id, name, values)
    if config:
        services.set_config(ctx, install_id, services.get_config(ctx, install_id) | config)
    return installed


@ext.command(epilog=_INSTALL_HELP)
@click.argument("extension")
@click.argument("capability")
@tenant_options
def grant(extension: str, capability: str, tenant: str | None, user: str | None) -> None:
    """Grant a capability; it holds from the next host call. For some hosts only: cap:http.fetch=api.example.com,b.example"""
    _manage("grant_capability", extension, tenant, user, *_parted(capability))
    click.echo(f"Granted: {capability}")


@ext.command(epilog=_INSTALL_HELP)
@click.argument("extension")
@click.argument("capability")
@tenant_options
def revoke(extension: str, capability: str, tenant: str | None, user: str | None) -> None:
    """Take a capability back; that holds from the next host call."""
    _manage("revoke_capability", extension, tenant, user, capability)
    click.echo(f"Revoked: {capability}")


@ext.command(epilog=_INSTALL_HELP)
@click.argument("extension")
@click.option("--set", "changes", multiple=True, metavar="LIMIT=NUMBER", help="May be repeated; without a number, as for all.")
@tenant_options
def limit(extension: str, changes: tuple[str, ...], tenant: str | None, user: str | None) -> None:
    """Give an install less than every install may use, such as --set cpu_seconds=0.5; prints what it has of its own."""
    from plugins.extensions import services
    from plugins.extensions.installs import limits

    with tenant_call(tenant, user) as ctx:
        ctx.require("extension.manage" if changes else "extension.read")
        install = services.find_install(ctx, extension)
        if changes:
            install = limits.change_limits(ctx, install.id, _settings(changes))
        own = install.limits or {}
    for name, value in own.items():
        click.echo(f"{name}={value:g}")
    if not own:
        click.echo("It has the limits that every install has.")


@ext.command(epilog=_INSTALL_HELP)
@click.argument("extension")
@tenant_options
def secret(extension: str, tenant: str | None, user: str | None) -> None:
    """Make a new secret for signed calls and print it, this once; the one before signs nothing any more."""
    from plugins.extensions import services
    from plugins.extensions.gateway import signed_calls

    with tenant_call(tenant, user) as ctx:
        ctx.require("extension.manage")
        install = services.find_install(ctx, extension)
        made, address = signed_calls.make_secret(ctx, install.id), signed_calls.address_of(ctx, install.id)
    click.echo(f"Calls to {address} are signed with it:", err=True)
    click.echo(made)


@ext.command(epilog=_INSTALL_HELP)
@click.argument("extension")
@tenant_options
def disable(extension: str, tenant: str | None, user: str | None) -> None:
    """Switch an install off: no call is taken any more."""
    _manage("disable_install", extension, tenant, user)
    click.echo(f"{extension} is switched off.")


@ext.command(epilog=_INSTALL_HELP)
@click.argument("extension")
@tenant_options
def enable(extension: str, tenant: str | None, user: str | None) -> None:
    """Switch an install on again."""
    _manage("enable_install", extension, tenant, user)
    click.echo(f"{extension} takes calls again.")


@ext.command(epilog=_INSTALL_HELP)
@click.argument("extension")
@tenant_options
def uninstall(extension: str, tenant: str | None, user: str | None) -> None:
    """Remove an install; what it made stays, with its name on it."""
    _manage("uninstall", extension, tenant, user)
    click.echo(f"{extension} is uninstalled.")


@ext.command(epilog=_INSTALL_HELP)
@click.argument("extension")
@click.argument("path", default="/")
@click.option("-X", "--method", default="GET", show_default=True)
@click.option("-d", "--data", default="", help="The request's body.")
@tenant_options
def call(extension: str, path: str, method: str, data: str, tenant: str | None, user: str | None) -> None:
    """Call an endpoint of an install and print its answer. PATH may have a query: /orders?open=yes"""
    from plugins.extensions import services
    from plugins.extensions.calls import invoking
    from plugins.extensions.guests.invocation import GuestRequest
    from plugins.extensions.runtime import close_guest_pool

    path, _, query = path.partition("?")
    path = f"/{path.removeprefix('/')}"
    with open_kernel() as kernel:
        with _call(kernel, tenant_by_slug(kernel, tenant), user) as ctx:
            ctx.require("extension.use")
            target = invoking.find_target(ctx, services.find_install(ctx, extension).id, method, path)
        request = GuestRequest(method, path, target.params, tuple(parse_qsl(query, keep_blank_values=True)), body=data)
        try:
            answer = invoking.invoke(kernel, target, request, caller=ctx.actor, request_id=uuid4().hex[:16])
        finally:
            close_guest_pool(kernel)
    click.echo(f"HTTP {answer.status}", err=True)
    click.echo(answer.body)


@ext.command(epilog=_INSTALL_HELP)
@click.argument("extension")
@click.option("-n", "--number", default=20, show_default=True, type=click.IntRange(1, 200), help="How many calls.")
@tenant_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each call.")
@click.option("-f", "--follow", is_flag=True, help="Go on with new calls as they come, until stopped.")
def logs(extension: str, number: int, tenant: str | None, user: str | None, as_json: bool, follow: bool) -> None:
    """Print the latest calls of an install and what they logged, the oldest first."""
    from plugins.extensions import services
    from plugins.extensions.calls import tailing

    with open_kernel() as kernel:
        tenant_id = tenant_by_slug(kernel, tenant)
        with _call(kernel, tenant_id, user) as ctx:
            ctx.require("extension.read")
            tail = tailing.Tail(services.find_install(ctx, extension).id)
            print_records(tail.latest(ctx, number), as_json=as_json)
        while follow:
            time.sleep(tailing.SECONDS)
            with _call(kernel, tenant_id, user) as ctx:
                ctx.require("extension.read")
                print_records(tail.fresh(ctx), as_json=as_json)


@ext.command()
@click.argument("invocation", type=click.UUID)
@click.option("--times", default=1, show_default=True, type=click.IntRange(1, 10_000), help="How often.")
@tenant_options
def replay(invocation: UUID, times: int, tenant: str | None, user: str | None) -> None:
    """Make a recorded call again, answered as it was then; nothing is written, read or sent."""
    from plugins.extensions.calls import journals
    from plugins.extensions.runtime import close_guest_pool

    with open_kernel() as kernel:
        with _call(kernel, tenant_by_slug(kernel, tenant), user) as ctx:
            ctx.require("extension.manage")
            tenant_id, recorded = ctx.tenant_id, journals.read_recorded(ctx, invocation)
        try:
            replays = [journals.replay(kernel, tenant_id, recorded) for _ in range(times)]
        finally:
            close_guest_pool(kernel)
    if other := [one for one in replays if not one.same]:
        click.echo(json.dumps({"then": other[0].then, "now": other[0].now}, indent=2))
        raise click.ClickException(f"{len(other)} of {times} replays did something else.")
    click.echo(f"{times} of {times} replays did the same.")


@contextmanager
def _call(kernel: Kernel, tenant_id: UUID, user: str | None) -> Iterator[CallContext]:
    """A transaction as a user, or as the owner of the machine."""
    with kernel.call(tenant_id) as ctx:
        yield ctx if user is None else ctx.acting_as(user_actor(ctx, user))


def _manage(verb: str, extension: str, tenant: str | None, user: str | None, *more: Any) -> None:
    from plugins.extensions import services

    with tenant_call(tenant, user) as ctx:
        ctx.require("extension.manage")
        getattr(services, verb)(ctx, services.find_install(ctx, extension).id, *more)


def _parted(text: str) -> tuple[str, dict[str, list[str]] | None]:
    """A capability and the values it is granted with, if some are named."""
    name, named, values = text.partition("=")
    if named and name not in PARAMETERS:
        raise click.BadParameter(f"{name} is granted as it is, without values.")
    return name, {PARAMETERS[name][0]: values.split(",")} if named else None


def _named(wanted: Wanted) -> dict[str, dict[str, list[str]]]:
    return {name: values for name, values in wanted.items() if values is not None}


def _settings(pairs: tuple[str, ...]) -> dict[str, str]:
    parted = [one.partition("=") for one in pairs]
    if wrong := [key for key, equals, _ in parted if not equals or not key]:
        raise click.BadParameter(f"{wrong[0]!r} is not KEY=VALUE", param_hint="--set")
    return {key: value for key, _, value in parted}


def _listed(names: Any) -> str:
    return ", ".join(names) or "nothing"
