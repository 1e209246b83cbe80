"""`deskhand ext …` of publishers and of who decides what may run: keys, signatures, publishing, going back, revoking."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import click

from cli import open_kernel, tenant_by_slug, tenant_call, tenant_options, user_actor

_PATH = click.Path(exists=True, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
def keygen(file: Path) -> None:
    """Make a key to sign bundles with and keep it in FILE, which must not exist yet."""
    from plugins.extensions.publishers import signing

    key = signing.new_private_key()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise click.ClickException(f"{file} exists already; a key is never written over.") from error
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(key)
    _print_key(signing.public_key_of(key))


@click.command()
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="What keygen wrote.")
def sign(bundle: Path, key: Path) -> None:
    """Sign the bundle in a file, in place."""
    from plugins.extensions.publishers import signing
    from plugins.extensions.publishing import bundles

    signed = signing.sign_bundle(bundles.read_bundle(bundle.read_bytes()), key.read_bytes())
    draft = bundle.with_suffix(f"{bundle.suffix}.draft")
    draft.write_bytes(bundles.pack_bundle(signed))
    draft.replace(bundle)
    click.echo(f"Signed: {signed.digest().hex()}")
    _print_key(signing.public_key_of(key.read_bytes()))


def _print_key(key: bytes) -> None:
    from plugins.extensions.publishers import signing

    click.echo(f"Public key: {base64.b64encode(key).decode()}")
    click.echo(f"Fingerprint: {signing.fingerprint(key)}")


@click.command()
@click.argument("path", type=_PATH)
@tenant_options
def publish(path: Path, tenant: str | None, user: str | None) -> None:
    """Publish the bundle at PATH, a file or the folder of a built extension."""
    from plugins.extensions.publishing import packing, releases
    from plugins.extensions.publishing.bundles import pack_bundle

    packed = path.read_bytes() if path.is_file() else pack_bundle(packing.bundle_of_folder(path))
    with open_kernel() as kernel:
        tenant_id = tenant_by_slug(kernel, tenant)
        with kernel.call(tenant_id) as ctx:
            called = ctx if user is None else ctx.acting_as(user_actor(ctx, user))
            called.require("extension.publish")
            release = releases.publish_release(called, packed)
        click.echo(f"{release.name} {release.semver}: compiling…")
        releases.compile_release(lambda: kernel.call(tenant_id), release.id)
        with kernel.call(tenant_id) as ctx:
            release = releases.get_release(ctx, release.id)
    if release.problem:
        raise click.ClickException(f"{release.problem['code']}: {release.problem['detail']}")
    asked = ", ".join(releases.manifest_of(release).asked) or "nothing"
    click.echo(f"{release.name} {release.semver} is ready; it asks for: {asked}")
    if release.signer is None:
        click.echo("It is not signed.")


@click.command()
@click.argument("extension")
@tenant_options
def rollback(extension: str, tenant: str | None, user: str | None) -> None:
    """Serve the release of EXTENSION that served before."""
    from plugins.extensions import services
    from plugins.extensions.installs import listing

    with tenant_call(tenant, user) as ctx:
        ctx.require("extension.manage")
        shown = listing.shown(ctx, services.rollback_install(ctx, services.find_install(ctx, extension).id))
    click.echo(f"{shown['title']} {shown['semver']} is {shown['state']}: {shown['id']}")


@click.command()
@click.argument("extension")
@click.argument("version")
@click.option("--reason", required=True, help="Why; everybody reads it.")
@tenant_options
def yank(extension: str, version: str, reason: str, tenant: str | None, user: str | None) -> None:
    """Take VERSION of EXTENSION back: nobody begins to serve it; where it serves it goes on."""
    from plugins.extensions.publishing import releases, yanking

    with tenant_call(tenant, user) as ctx:
        ctx.require("extension.publish")
        yanking.yank_release(ctx, releases.find_release(ctx, extension, version).id, reason)
    click.echo(f"{extension} {version} is taken back.")


@click.command()
@click.argument("extension")
@click.argument("version")
@tenant_options
def unyank(extension: str, version: str, tenant: str | None, user: str | None) -> None:
    """Offer VERSION of EXTENSION again that was taken back."""
    from plugins.extensions.publishing import releases, yanking

    with tenant_call(tenant, user) as ctx:
        ctx.require("extension.publish")
        yanking.unyank_release(ctx, releases.find_release(ctx, extension, version).id)
    click.echo(f"{extension} {version} is offered again.")


@click.command()
@click.argument("publisher")
@click.argument("key")
@tenant_options
def trust(publisher: str, key: str, tenant: str | None, user: str | None) -> None:
    """Trust another public KEY (base64) of PUBLISHER."""
    from plugins.extensions.publishers import signing
    from plugins.extensions.publishers import trust as trusted

    with tenant_call(tenant, user) as ctx:
        ctx.require("extension.manage")
        trusted.trust_key(ctx, publisher, signing.read_public_key(key))
    click.echo(f"Trusted for {publisher}.")


@click.command("revoke-release")
@click.argument("subject")
@click.option("--reason", required=True, help="Why; administrators read it.")
@click.option("--everywhere", is_flag=True, help="In every company of this installation, those founded later included.")
@tenant_options
def revoke_release(subject: str, reason: str, everywhere: bool, tenant: str | None, user: str | None) -> None:
    """Stop all that SUBJECT names, and let none of it be installed: an extension's name, name@version, or the fingerprint of a
    key.
    """
    from kernel.tenancy import tenant_ids
    from plugins.extensions.publishers import trust as trusted

    if not everywhere:
        with tenant_call(tenant, user) as ctx:
            ctx.require("extension.manage")
            trusted.revoke(ctx, subject, reason)
    else:
        _owner_only(tenant, user)
        with open_kernel() as kernel:
            with kernel.db.transaction() as session:
                listed = trusted.revoke_everywhere(session, subject, reason, kernel.clock.now())
            with kernel.db.transaction() as session:
                companies = tenant_ids(session)
            for tenant_id in companies:
                with kernel.call(tenant_id) as ctx:
                    trusted.halt(ctx, listed)
    click.echo(f"Revoked: {subject}")


@click.command("lift-revocation")
@click.argument("subject")
@click.option("--everywhere", is_flag=True, help="What was revoked with --everywhere.")
@tenant_options
def lift_revocation(subject: str, everywhere: bool, tenant: str | None, user: str | None) -> None:
    """Take SUBJECT off the list of what may not run; installs stay switched off until somebody switches them on."""
    from plugins.extensions.publishers import trust as trusted

    if not everywhere:
        with tenant_call(tenant, user) as ctx:
            ctx.require("extension.manage")
            trusted.lift_revocation(ctx, trusted.find_revocation(ctx, subject).id)
    else:
        _owner_only(tenant, user)
        with open_kernel() as kernel, kernel.db.transaction() as session:
            trusted.lift_everywhere(session, subject)
    click.echo(f"Lifted: {subject}")


def _owner_only(tenant: str | None, user: str | None) -> None:
    if tenant or user:
        raise click.UsageError("--everywhere is the owner of the machine's, for all companies.")


COMMANDS: tuple[click.Command, ...] = (keygen, sign, publish, yank, unyank, rollback, trust, revoke_release, lift_revocation)
