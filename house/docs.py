"""`deskhand docs`: the reference pages in docs/reference, made from the code, so that they are never wrong."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields as dataclass_fields
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from marshmallow import Schema
from marshmallow import fields as field_kinds

import cli
import kernel
import local
from house.licences import FILE as LICENCES
from house.licences import licences
from kernel.config import PREFIX, Settings
from kernel.errors import DeskhandError
from kernel.hookspecs import PROJECT
from kernel.plugins import CHAPTERS, Plugins
from plugins.extensions.surface.reading import read_surface
from plugins.extensions.surface.reference import lines as host_function_lines

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
OF_THIS_TREE = {"cli", "house", "kernel", "local", "plugins"}
NOTE = "<!-- Made by `deskhand docs`. Change the code, then run it again. -->\n"


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; end with exit code 1 if a page is out of date.")
def docs(check: bool) -> None:
    """Write the reference pages of this tree, and its list of licences, from its code and lock files."""
    stale = {path: text for path, text in _files() if not _same(path, text)}
    names = ", ".join(path.name for path in stale)
    if check and stale:
        click.secho(f"Out of date: {names}. Run `deskhand docs`.", fg="red", err=True)
        sys.exit(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in stale.items():
        path.write_text(text)
    click.echo(f"Wrote {names}." if stale else "The reference pages are up to date.")


def _files() -> Iterator[tuple[Path, str]]:
    yield from ((FOLDER / name, text) for name, text in pages())
    yield LICENCES, _page("Third-party licences", licences())


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text() == text


def pages() -> Iterator[tuple[str, str]]:
    """Each page's file name and text."""
    plugins = first_party()
    yield "hooks.md", _page("Hooks", _hooks(plugins))
    yield "plugins.md", _page("Plugins, permissions and their settings", _plugins(plugins))
    yield "capabilities.md", _page("Capabilities of extensions", _capabilities(plugins))
    yield "host-functions.md", _page("Host functions of extensions", host_function_lines(read_surface(plugins)))
    yield "events.md", _page("Events", _events(plugins))
    yield "jobs.md", _page("Background jobs and default schedules", _jobs(plugins))
    yield "errors.md", _page("Error codes", _errors(plugins))
    yield "settings.md", _page("Settings of an installation", _settings())
    yield "rest.md", _page("REST routes", _rest(plugins))
    yield "commands.md", _page("Commands", _commands())


def first_party() -> Plugins:
    """The plugins of this tree; what else is installed on this machine is not its reference."""
    names = [one.package for one in Plugins.discover().installed.values() if one.package.startswith("plugins.")]
    plugins = Plugins(importlib.import_module(name) for name in names)
    plugins.register_hooks()
    return plugins


def _page(title: str, lines: Iterable[str]) -> str:
    return f"# {title}\n\n{NOTE}\n" + "\n".join(lines).rstrip() + "\n"


def _hooks(plugins: Plugins) -> Iterator[str]:
    yield (
        "Five manners: *register* (start-up), *collect* (1→N), *ask* (1→1), *take part* (1→N, in the caller's transaction), "
        "*notify* (after commit).\n"
    )
    for chapter in CHAPTERS:
        module = importlib.import_module(f"kernel.hookspecs.{chapter}")
        yield f"## {chapter}\n\n{_first(module)}\n"
        for name, spec in _own(module):
            if hasattr(spec, f"{PROJECT}_spec"):
                answered = sorted(n for n in plugins.installed if hasattr(plugins.manager.get_plugin(n), name))
                yield f"### `{name}{_signature(spec)}`\n\n{inspect.getdoc(spec)}\n"
                yield f"Answered by: {', '.join(answered) or 'nobody yet'}.\n"
        for name, value in _own(module):
            if inspect.isclass(value) and not issubclass(value, Exception) and value.__doc__:
                yield f"**`{name}`** — {' '.join(inspect.getdoc(value).split())}\n"  # type: ignore[union-attr]


def _own(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in vars(module).items():
        if getattr(value, "__module__", None) == module.__name__ and not name.startswith("_"):
            yield name, value


def _signature(function: Any) -> str:
    return f"({', '.join(inspect.signature(function).parameters)})"


def _plugins(plugins: Plugins) -> Iterator[str]:
    for plugin in sorted(plugins.installed.values(), key=lambda one: one.name):
        told = plugin.manifest
        needs = f" Requires {', '.join(f'`{one}`' for one in told.requires)}." if told.requires else ""
        always = " Every tenant needs it." if told.required else ""
        yield f"## {told.title} (`{told.name}`)\n\n{told.summary}{needs}{always}\n"
        if told.permissions:
            yield _table(("Permission", "Allows", "Starting roles"),
                         ((f"`{p.name}`", p.title, ", ".join(("admin", *p.roles))) for p in told.permissions))  # fmt: skip
        if told.settings:
            yield _table(("Setting", "Kind", "Default"), _schema_rows(told.settings()))


def _schema_rows(schema: Schema) -> Iterator[tuple[str, ...]]:
    for name, field in schema.fields.items():
        default = field.load_default if not callable(field.load_default) else field.load_default()
        yield f"`{name}`", type(field).__name__, _code(default)


def _code(value: Any) -> str:
    return "" if value in ("", None) or "missing" in repr(value) else f"`{value}`"


def _capabilities(plugins: Plugins) -> Iterator[str]:
    yield "Granted by an administrator for each install; those marked *default* are granted with every install.\n"
    rows = ((f"`{one.name}`", one.title, "default" if one.by_default else "")
            for one in sorted(plugins.capabilities.values(), key=lambda one: one.name))  # fmt: skip
    yield _table(("Capability", "Allows an extension to", ""), rows)
    yield "What each one opens is told in [host-functions.md](host-functions.md)."


def _shape(schema: Schema, prefix: str = "") -> Iterator[tuple[str, ...]]:
    for name, field in schema.fields.items():
        inner = field.inner if isinstance(field, field_kinds.List) else field
        kind = f"list of {type(inner).__name__}" if inner is not field else type(field).__name__
        yield f"`{prefix}{field.data_key or name}`", kind, "yes" if field.required else ""
        if isinstance(inner, field_kinds.Nested):
            yield from _shape(inner.schema, f"{prefix}{name}{'[]' if inner is not field else ''}.")


def _events(plugins: Plugins) -> Iterator[str]:
    from kernel.directory.events import DIRECTORY_EVENTS

    yield "Delivered at least once to every enabled plugin that lists the event in its manifest.\n"
    said = [("kernel", one) for one in DIRECTORY_EVENTS]
    said += [(plugin.name, one) for plugin, one in plugins.collect("register_events")]
    for plugin, one in sorted(said, key=lambda pair: str(pair[1].name)):
        yield f"## `{one.name}`\n\n{one.says} Said by `{plugin}`.\n"
        yield _table(("Field", "Kind", "Required"), _shape(one.payload()))


def _jobs(plugins: Plugins) -> Iterator[str]:
    rows = [
        (
            f"`{one.name}`",
            one.title,
            f"`{plugin.name}`",
            "in steps" if one.stepwise else "in one transaction",
            str(one.max_attempts),
        )
        for plugin, one in plugins.collect("register_jobs")
    ]
    yield _table(("Job", "Does", "Plugin", "Runs", "Attempts"), rows)
    schedules = [(one.name, f"`{one.job}`", f"`{one.cron}`") for _, one in plugins.collect("register_schedules")]
    yield _table(("Default schedule", "Job", "Cron, in the tenant's zone"), schedules)


def _errors(plugins: Plugins) -> Iterator[str]:
    yield "Every refusal is `application/problem+json` (RFC 9457) with a stable `code`.\n"
    packages = [cli, kernel, local, *(importlib.import_module(plugin.package) for plugin in plugins.installed.values())]
    for package in packages:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in found.name and "worker" not in found.name and "__main__" not in found.name:
                importlib.import_module(found.name)
    known = {one for one in _below(DeskhandError) if "code" in vars(one) and one.__module__.split(".")[0] in OF_THIS_TREE}
    rows = [(f"`{one.code}`", str(one.status), one.title, _first(one) if one.__doc__ else "") for one in known]
    yield _table(("Code", "Status", "Title", "When"), sorted(rows))


def _below(error: type[DeskhandError]) -> Iterator[type[DeskhandError]]:
    yield error
    for one in error.__subclasses__():
        yield from _below(one)


def _first(thing: Any) -> str:
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def _settings() -> Iterator[str]:
    yield "Environment variables of every process. Each may be given as `…_FILE`, naming a file that holds the value.\n"
    rows = [
        (f"`{PREFIX}{one.name.upper()}`", _code(one.default), one.metadata["says"], "secret" if one.metadata["secret"] else "")
        for one in dataclass_fields(Settings)
    ]
    yield _table(("Variable", "Default", "Says", ""), rows)


def _rest(plugins: Plugins) -> Iterator[str]:
    from kernel.api.rest import PREFIX as API

    yield f"Below `{API}`; the whole description with schemas is served at `{API}/openapi.json` and browsable at `/api/docs`.\n"
    for name in sorted(plugins.installed):
        routes = [route for plugin, rest in plugins.collect("register_rest") if plugin.name == name for route in rest.routes]
        if routes:
            yield f"## {plugins.get(name).manifest.title}\n"
            yield _table(("Method", "Path", "Does", "Permission"),
                         ((r.method, f"`{_plain(r.path)}`", r.summary, f"`{r.permission}`") for r in routes))  # fmt: skip


def _plain(path: str) -> str:
    return path.replace("uuid:", "").replace("<", "{").replace(">", "}")


def _commands() -> Iterator[str]:
    from cli import main

    yield "`deskhand COMMAND --help` tells the rest.\n"
    context = click.Context(main, info_name="deskhand")
    rows = []
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        if command is None or not _of_this_tree(command):
            continue
        if isinstance(command, click.Group):
            rows += [(f"`deskhand {name} {sub}`", one.get_short_help_str(200)) for sub, one in sorted(command.commands.items())]
        else:
            rows.append((f"`deskhand {name}`", command.get_short_help_str(200)))
    yield _table(("Command", "Does"), rows)


def _of_this_tree(command: click.Command) -> bool:
    callback = command.callback
    return callback is None or callback.__module__.split(".")[0] in OF_THIS_TREE


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    body = [" | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows]
    if not body:
        return ""
    rule = " | ".join("---" for _ in header)
    return "\n".join(f"| {line} |" for line in (" | ".join(header), rule, *body)) + "\n"
