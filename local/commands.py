"""`deskhand up`, `deskhand web`, `deskhand doctor`, `deskhand prepare-database`."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterable

import click

from kernel.config import Settings
from kernel.errors import StartupError


def say(sentence: str) -> None:
    """One line to the person at the terminal."""
    click.echo(sentence, err=True)


@click.command()
def up() -> None:
    """Run everything on this machine: database, web app, API and workers. Ctrl-C stops all of it."""
    from local.preparing import is_prepared, prepare
    from local.supervisor import stopping_on_signals
    from local.up import Installation

    settings = Settings.load()
    with stopping_on_signals():
        try:
            Installation(settings, say, is_prepared, prepare, lambda: greeting(settings)).run()
        except KeyboardInterrupt:
            say("Stopped.")


def greeting(settings: Settings) -> Iterable[str]:
    """What a person needs to begin."""
    from local.demo import demo_greeting

    if settings.demo:
        yield from demo_greeting()
    yield f"Deskhand is at {settings.url} (Ctrl-C stops it)."


@click.command()
def web() -> None:
    """Serve the web app and the API only, for an installation of several machines."""
    from local.up import FOR_WEB, preload, share_figures
    from local.web import check_port, serve

    settings = Settings.load()
    check_port(settings.host, settings.port)
    share_figures(settings)
    preload(FOR_WEB)
    serve(settings)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> None:
    """Look for what keeps Deskhand from running well. Ends with exit code 1 if something must be mended."""
    from local.doctor import examine

    findings = list(examine(Settings.load()))
    if as_json:
        click.echo(json.dumps([{"check": one.check, "ok": one.ok, "says": one.says} for one in findings], indent=2))
    else:
        for one in findings:
            click.echo(f"{click.style('ok  ', fg='green') if one.ok else click.style('FAIL', fg='red')}  {one.says}")
    sys.exit(0 if all(one.ok for one in findings) else 1)


@click.command("prepare-database")
@click.argument("admin_url", envvar="DESKHAND_ADMIN_URL")
@click.option("--database", default="deskhand", show_default=True, help="Name of the database to make.")
def prepare_database(admin_url: str, database: str) -> None:
    """Make roles and database on a PostgreSQL server of your own (15 or later), and print the settings for them.

    ADMIN_URL is the address of an administrator who may create roles and databases, such as
    postgresql://postgres:secret@db.example/postgres. Each run gives the roles new passwords.
    """
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    from local.bootstrap import APP, OWNER, QUEUE, ROLES, prepare_server

    passwords = {role: secrets.token_urlsafe(24) for role in ROLES}
    plain = admin_url.replace("postgresql+psycopg:", "postgresql:", 1)
    try:
        prepare_server(plain, passwords, database)
    except psycopg.Error as error:
        raise StartupError(f"The database server refused: {str(error).strip()}") from error
    facts = conninfo_to_dict(plain)
    place = f"{facts.get('host', 'localhost')}:{facts.get('port', 5432)}/{database}"
    for variable, role in {"DATABASE": APP, "OWNER": OWNER, "QUEUE": QUEUE}.items():
        click.echo(f"DESKHAND_{variable}_URL=postgresql+psycopg://{role}:{passwords[role]}@{place}")
