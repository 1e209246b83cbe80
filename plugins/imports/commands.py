"""`deskhand import FOLDER`: the import in this process, with a progress bar."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from cli import open_kernel, tenant_by_slug, tenant_options, user_actor
from kernel.errors import InvalidInput
from plugins.imports import services
from plugins.imports.report import error_csv

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.context import CallContext

OUTCOMES = {
    "loaded": "loaded",
    "partly": "loaded without its bad rows",
    "refused": "refused",
    "unchanged": "loaded before, unchanged",
    "checked": "can be loaded",
    "untried": "not tried",
    "waiting": "not tried",
}


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@tenant_options
@click.option("--dry-run", is_flag=True, help="Check every file and keep nothing.")
@click.option("--skip-bad-rows", is_flag=True, help="Load the good rows of a file that has bad ones.")
@click.option("--again", is_flag=True, help="Load files once more that were loaded before and have not changed.")
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), default="import-errors.csv", show_default=True,
              help="Where to write file, line, column and reason of each bad row.")  # fmt: skip
@click.option("--encoding", help="Encoding of the files, if neither UTF-8 nor Windows-1252.")
@click.option("--date-order", type=click.Choice(["dmy", "mdy"]), help="How dates with slashes are written.")
@click.option("--decimal", type=click.Choice(["point", "comma"]), help="The decimal mark of the files.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_files(paths: Sequence[Path], tenant: str | None, user: str | None, errors: Path, as_json: bool,
                 **options: Any) -> None:  # fmt: skip
    """Load CSV files, or folders of them: clients, contracts, tickets, time and more.

    Loading again updates what the first loading made, by external id. An import that was stopped goes on where it was
    when it is started again.
    """
    files = read_files(paths)
    with open_kernel() as kernel:
        tenant_id = tenant_by_slug(kernel, tenant)
        with _call(kernel, tenant_id, user) as ctx:
            run_id = services.begin_import(ctx, files, services.Options(**options), "cli").id
        with _bar(hidden=as_json) as progress:
            while _step(kernel, tenant_id, user, run_id, progress):
                pass
        with _call(kernel, tenant_id, user) as ctx:
            report = describe_import(ctx, run_id)
            problems = services.find_problems(ctx, run_id)
    if problems:
        write_errors(errors, error_csv(problems))
    click.echo(json.dumps(report) if as_json else in_words(report, errors))
    sys.exit(1 if report["state"] in ("refused", "interrupted") else 0)


def read_files(paths: Sequence[Path]) -> dict[str, bytes]:
    """The CSV files that are named or lie in the folders named. Raises InvalidInput when one cannot be read."""
    found = [one for path in paths for one in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]
    try:
        return {path.name: path.read_bytes() for path in found}
    except OSError as error:
        raise InvalidInput(f"{error.filename} cannot be read: {error.strerror}.") from error


def write_errors(path: Path, content: bytes) -> None:
    """Write the error file. Raises InvalidInput when it cannot be written; the import itself has ended by then."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InvalidInput(
            f"The errors cannot be written to {path}: {error.strerror}. Name another file with --errors."
        ) from error


def describe_import(ctx: CallContext, run_id: UUID) -> dict[str, Any]:
    """What became of an import and of each of its files."""
    run = services.get_run(ctx, run_id)
    columns = ("name", "state", "rows_total", "rows_loaded", "error_count", "unread", "message")
    return {
        "id": str(run.id),
        "state": run.state,
        "dry_run": run.dry_run,
        "unknown_files": run.unknown_files,
        "files": [{name: getattr(one, name) for name in columns} for one in services.list_files(ctx, run_id)],
    }


def in_words(report: dict[str, Any], errors: Path) -> str:
    """The report as lines for a person."""
    lines = [_file_line(one) for one in report["files"]]
    if report["unknown_files"]:
        lines.append(f"Nobody reads: {', '.join(report['unknown_files'])}.")
    if any(one["error_count"] or (one["state"] == "refused") for one in report["files"]):
        lines.append(f"What to mend, by line and column: {errors}.")
    lines.append(_verdict(report))
    return "\n".join(lines)


def _file_line(one: dict[str, Any]) -> str:
    rows = f"{one['rows_loaded']} of {one['rows_total']} rows" if one["rows_total"] else ""
    bad = f", {one['error_count']} errors" if one["error_count"] else ""
    unread = f"; columns nobody reads: {', '.join(one['unread'])}" if one["unread"] else ""
    why = f"; {one['message']}" if one["state"] == "refused" and one["message"] else ""
    return f"{one['name']:<30} {OUTCOMES[one['state']]:<26} {rows}{bad}{unread}{why}".rstrip()


def _verdict(report: dict[str, Any]) -> str:
    if report["state"] == "refused":
        return "Nothing was kept; mend the files and try again." if report["dry_run"] else (
            "Files before the refused one are loaded, it and those after it are not. Mend it and start the same import again."
        )  # fmt: skip
    if report["state"] == "interrupted":
        return "Another import was begun in the meantime and took this one's place. Start this one again when that has ended."
    return "Everything can be loaded; nothing was kept." if report["dry_run"] else "Done."


@contextmanager
def _call(kernel: Kernel, tenant_id: UUID, user: str | None) -> Iterator[CallContext]:
    with kernel.call(tenant_id) as ctx:
        yield ctx if user is None else ctx.acting_as(user_actor(ctx, user))


def _step(kernel: Kernel, tenant_id: UUID, user: str | None, run_id: UUID, progress: services.Progress) -> bool:
    with _call(kernel, tenant_id, user) as ctx:
        return services.next_step(ctx, run_id, progress)


@contextmanager
def _bar(*, hidden: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each file on the terminal's error stream; silent where that is no terminal."""
    from rich.console import Console
    from rich.progress import Progress, TaskID

    bars: dict[str, TaskID] = {}
    with Progress(console=Console(stderr=True), disable=hidden or not sys.stderr.isatty()) as shown:

        def move(file: str, done: int, total: int) -> None:
            if file not in bars:
                bars[file] = shown.add_task(file, total=total)
            shown.update(bars[file], completed=done)

        yield move
