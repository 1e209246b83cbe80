"""`deskhand ext new`, `build` and `dev`: an author's commands."""

from __future__ import annotations

import secrets
import shlex
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from cli import open_database, open_kernel, tenant_by_slug, tenant_options, user_actor
from kernel.errors import DeskhandError
from plugins.extensions.author.building import LANGUAGES, build_extension
from plugins.extensions.author.starting import create_extension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kernel.app import Kernel
    from plugins.extensions.author.dev_server import DevDoor

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
PORT = 8484


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--lang", "language", type=click.Choice([one.name for one in LANGUAGES]), default="ts", show_default=True)
@click.option("--name", help="Reverse domain, such as org.example.orders; without it, org.example. and the folder's name.")
def new(folder: Path, language: str, name: str | None) -> None:
    """Write a small extension into FOLDER that builds, runs and passes its own tests."""
    made = create_extension(folder, language, name)
    click.echo(f"{made} is in {folder}. Run it: deskhand ext dev {shlex.quote(str(folder))}")


@click.command()
@click.argument("folders", nargs=-1, required=True, type=_FOLDER)
def build(folders: tuple[Path, ...]) -> None:
    """Build the extensions in FOLDERS into dist/component.wasm; what has not changed is left as it is."""
    for folder in folders:
        built = build_extension(folder.resolve())
        click.echo(f"{folder}: {'built' if built else 'unchanged'}")


@click.command()
@click.argument("folder", type=_FOLDER, default=".")
def test(folder: Path) -> None:
    """Run the cases in FOLDER/tests/*.test.json, in the runtime and with the limits that serve it, on a made-up host.

    Needs no database and no running Deskhand.
    """
    from kernel.plugins import Plugins
    from plugins.extensions.author.testing import run_cases

    verdicts = []
    for one in run_cases(folder.resolve(), Plugins.discover()):
        verdicts.append(one)
        click.echo(f"{'failed' if one.differs else 'passed'}  {one.file}: {one.name} ({one.milliseconds:.1f} ms)")
        for words in one.differs:
            click.secho(f"    {words}", fg="red")
        for line in one.logs if one.differs else ():
            click.echo(f"    [log] {line}")
    bad = sum(bool(one.differs) for one in verdicts)
    click.echo(f"{len(verdicts) - bad} passed, {bad} failed")
    if bad:
        sys.exit(1)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 is any that is free.")
@click.option("--replace", is_flag=True, help="Let your build serve in place of a published version that is installed.")
@tenant_options
def dev(folder: Path, port: int, replace: bool, tenant: str | None, user: str | None) -> None:
    """Serve the extension in FOLDER from a tenant of this machine, and again at every save, until Ctrl-C.

    Everything that deskhand.json asks for is granted. Calls go through the real gateway as the user of --as, or as the first
    who may call extensions.
    """
    from plugins.extensions.author.bench import watch

    folder = folder.resolve()
    with _prepared_kernel() as kernel:
        tenant_id = _tenant(kernel, tenant)
        with _served(kernel, tenant_id, user, port) as (door, address):
            door.install_id = _serve(kernel, tenant_id, folder, replace=replace)
            click.secho(f"{address}  (Ctrl-C to stop)", bold=True)
            try:
                for _ in watch(folder):
                    door.install_id = _serve_again(kernel, tenant_id, folder, door.install_id)
            except KeyboardInterrupt:
                click.echo("stopped; the last build stays installed")


@contextmanager
def _prepared_kernel() -> Iterator[Kernel]:
    """A kernel on a database that has the newest schema; a new installation gets its database made first."""
    from kernel.config import Settings
    from kernel.plugins import Plugins
    from local.preparing import is_prepared, prepare

    settings = Settings.load()
    with open_database(settings):
        if not is_prepared(settings, Plugins.discover()):
            click.echo("preparing the database…")
            prepare()
        with open_kernel() as kernel:
            yield kernel


def _tenant(kernel: Kernel, slug: str | None) -> UUID:
    """The named tenant, or the only one; on an installation that has none yet, one to try things on is founded."""
    from kernel.founding import found_tenant
    from kernel.tenancy import tenant_ids

    with kernel.db.transaction() as session:
        if slug or tenant_ids(session):
            return tenant_by_slug(kernel, slug)
    click.echo("There was no tenant yet; founded one to try things on: workbench")
    return found_tenant(kernel, slug="workbench", name="Workbench", admin_email="author@workbench.example",
                        admin_name="Author", admin_password=secrets.token_urlsafe(16))  # fmt: skip


@contextmanager
def _served(kernel: Kernel, tenant_id: UUID, user: str | None, port: int) -> Iterator[tuple[DevDoor, str]]:
    from plugins.extensions.author import dev_server
    from plugins.extensions.runtime import close_guest_pool

    with kernel.call(tenant_id) as ctx:
        user_id = user_actor(ctx, user).user_id if user else None
    server, door, key_id = dev_server.make_dev_server(kernel, tenant_id, user_id, port, _tell_calls(kernel, tenant_id))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield door, f"http://{dev_server.HOST}:{server.server_port}/"
    finally:
        server.shutdown()
        close_guest_pool(kernel)
        dev_server.end_key(kernel, tenant_id, key_id)


def _serve(kernel: Kernel, tenant_id: UUID, folder: Path, *, replace: bool) -> UUID:
    from plugins.extensions.author.bench import serve_folder

    began = time.monotonic()
    served = serve_folder(kernel, tenant_id, folder, replace=replace)
    granted = f"; granted: {', '.join(served.granted)}" if served.granted else ""
    click.echo(f"{served.name} {served.semver} serves after {time.monotonic() - began:.1f} s{granted}")
    return served.install_id


def _serve_again(kernel: Kernel, tenant_id: UUID, folder: Path, present: UUID | None) -> UUID | None:
    """The install that serves the new build; the present one goes on where it cannot be built."""
    try:
        return _serve(kernel, tenant_id, folder, replace=True)
    except DeskhandError as error:
        click.secho(error.detail, fg="red", err=True)
        for field, words in error.errors.items():
            click.echo(f"  {field}: {words}", err=True)
        click.echo("The build before goes on serving.", err=True)
        return present


def _tell_calls(kernel: Kernel, tenant_id: UUID) -> Callable[[str], None]:
    """Prints what became of a call, by its request id; calls that reached no guest have nothing to tell."""
    from sqlalchemy import select

    from plugins.extensions.calls.wording import print_record
    from plugins.extensions.models import InvocationRecord

    def tell(request_id: str) -> None:
        with kernel.call(tenant_id) as ctx:
            latest = select(InvocationRecord).order_by(InvocationRecord.started_at.desc()).limit(50)
            records = [one for one in ctx.session.scalars(latest) if one.request_id == request_id]
        for record in records:
            print_record(record)

    return tell
