"""The verbs of importing: begin an import, do its next step, look at what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePath
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert, select, text, update

from kernel import audit, jobs
from kernel.api.listing import Page, paginate
from kernel.clock import zone_info
from kernel.context import CallContext
from kernel.hookspecs.transfer import Column, Importer, RowError
from kernel.ids import uuid7
from plugins.imports.errors import FileUnreadable, ImportNotFound, ImportRunning, NothingToImport
from plugins.imports.fields import DateOrder, DecimalMark, Habits
from plugins.imports.loading import load_table, savepoint
from plugins.imports.models import ImportFile, ImportProblem, ImportRun
from plugins.imports.table import EXTERNAL_ID, Reading, read_table

Source = Literal["web", "api", "cli"]
Progress = Callable[[str, int, int], None]
"""Called with the file's name, the rows done and the rows to do."""

SILENCE = timedelta(minutes=10)
"""An open import that has written nothing for so long has lost its worker and may be replaced."""


@dataclass(frozen=True, slots=True)
class Options:
    """How an import goes about it. `again` loads files that were loaded before, byte for byte, once more."""

    dry_run: bool = False
    skip_bad_rows: bool = False
    again: bool = False
    encoding: str | None = None
    date_order: DateOrder | None = None
    decimal: DecimalMark | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    state: str
    total: int = 0
    loaded: int = 0
    errors: Sequence[RowError] = ()
    unread: Sequence[str] = ()
    message: str | None = None
    external_ids: Mapping[int, str] = field(default_factory=dict)


class _Undo(Exception):
    """Leaves a savepoint without an error to report."""


def importers_by_file(ctx: CallContext) -> dict[str, list[Importer]]:
    """The importers of enabled plugins by the file they read, files in the order of loading."""
    found: dict[str, list[Importer]] = {}
    answers = ctx.hooks.register_importers()
    for importer in sorted((one for answer in answers for one in answer), key=lambda one: (one.order, one.kind)):
        found.setdefault(importer.file, []).append(importer)
    return found


def columns_by_file(ctx: CallContext) -> dict[str, list[Column]]:
    """The columns of each file that can be loaded, `external_id` first, each once; files in the order of loading."""
    return {
        file: list({column.name: column for column in [EXTERNAL_ID, *(c for one in some for c in one.columns)]}.values())
        for file, some in importers_by_file(ctx).items()
    }


def begin_import(ctx: CallContext, files: Mapping[str, bytes], options: Options, source: Source) -> ImportRun:
    """Take the files of an import in; `next_step` then does the work.

    Files that no enabled plugin reads are named in `unknown_files`. Raises NothingToImport and ImportRunning.
    """
    ctx.require("import.run")
    readers = importers_by_file(ctx)
    named = {PurePath(name).name.lower(): content for name, content in files.items()}
    known = [name for name in readers if name in named]
    if not known:
        raise NothingToImport(f"None of the files is one that can be loaded: {', '.join(readers) or 'none can'}.")
    _make_room(ctx)
    run = ImportRun(
        source=source, dry_run=options.dry_run, skip_bad_rows=options.skip_bad_rows, again=options.again,
        encoding=options.encoding, date_order=options.date_order, decimal_mark=options.decimal,
        started_by=ctx.actor.name, file_names=known, unknown_files=sorted(named.keys() - set(known)), last_step_at=ctx.now(),
    )  # fmt: skip
    ctx.session.add(run)
    ctx.session.flush()
    for place, name in enumerate(known):
        ctx.session.add(_stored(ctx, run, place, name, named[name]))
    audit.record(ctx, "import.begun", kind="import", row_id=run.id, changes={"files": known, "dry_run": run.dry_run})
    ctx.session.flush()
    return run


def queue_import(ctx: CallContext, files: Mapping[str, bytes], options: Options, source: Source) -> ImportRun:
    """Begin an import and hand it to the workers; as `begin_import`."""
    run = begin_import(ctx, files, options, source)
    run.job_id = jobs.enqueue(ctx, "imports.run", {"import_id": str(run.id)}, key=str(run.id))
    ctx.session.flush()
    return run


def next_step(ctx: CallContext, run_id: UUID, progress: Progress) -> bool:
    """Load the next file of an import, or check all files of a dry run; True while more is to do.

    One transaction each: a process that dies loses the file it was at, and nothing else. Raises ImportRunning when
    another process is at it.
    """
    hold_imports(ctx)
    run = get_run(ctx, run_id)
    if run.state != "open":
        return False
    waiting = [one for one in list_files(ctx, run_id) if one.state == "waiting"]
    if run.dry_run:
        _check(ctx, run, waiting, progress)
        return False
    if waiting:
        _note(ctx, waiting[0], _load(ctx, run, waiting[0], progress))
        run.last_step_at = ctx.now()
    if not waiting[1:] or waiting[0].state == "refused":
        _finish(ctx, run)
    return run.state == "open"


def get_run(ctx: CallContext, run_id: UUID) -> ImportRun:
    """One import. Raises ImportNotFound."""
    run = ctx.session.scalar(select(ImportRun).where(ImportRun.id == run_id))
    if run is None:
        raise ImportNotFound("There is no import with this id.")
    return run


def list_runs(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """A page of imports, the newest first."""
    columns = ("id", "state", "source", "dry_run", "skip_bad_rows", "started_by", "job_id", "created_at", "finished_at")
    statement = select(*(getattr(ImportRun, name) for name in columns), ImportRun.file_names, ImportRun.unknown_files)
    return paginate(ctx, statement, query, sortable={"created_at": ImportRun.__table__.c.created_at}, default="-created_at")


def list_files(ctx: CallContext, run_id: UUID) -> list[ImportFile]:
    """The files of an import in the order of loading."""
    return list(ctx.session.scalars(select(ImportFile).where(ImportFile.run_id == run_id).order_by(ImportFile.place)))


def find_problems(ctx: CallContext, run_id: UUID, limit: int | None = None) -> list[dict[str, Any]]:
    """What is to be mended: file, line, column, external_id and message, in the order of files and lines.

    A file that could not be read at all is one entry without a line.
    """
    whole = [
        {"file": one.name, "line": None, "column": None, "external_id": None, "message": one.message}
        for one in list_files(ctx, run_id)
        if one.state == "refused" and one.message
    ]
    found = (
        select(
            ImportFile.name.label("file"), ImportProblem.line, ImportProblem.column_name.label("column"),
            ImportProblem.external_id, ImportProblem.message,
        )
        .join(ImportFile, (ImportFile.tenant_id == ImportProblem.tenant_id) & (ImportFile.id == ImportProblem.file_id))
        .where(ImportFile.run_id == run_id)
        .order_by(ImportFile.place, ImportProblem.line, ImportProblem.id)
        .limit(limit)
    )  # fmt: skip
    return [*whole, *(dict(row) for row in ctx.session.execute(found).mappings())][:limit]


def _make_room(ctx: CallContext) -> None:
    """Close an open import whose process is gone. Raises ImportRunning while one is at work."""
    hold_imports(ctx)
    run = ctx.session.scalar(select(ImportRun).where(ImportRun.state == "open").with_for_update())
    if run is None:
        return
    if run.source != "cli" and ctx.now() - run.last_step_at < SILENCE:
        raise ImportRunning(f"{run.started_by} began an import that is not finished yet; wait for it.")
    run.state = "interrupted"
    run.finished_at = ctx.now()
    ctx.session.flush()


def _stored(ctx: CallContext, run: ImportRun, place: int, name: str, content: bytes) -> ImportFile:
    kept = ctx.kernel.files.put_bytes(ctx.tenant_id, content, content_type="text/csv", room="imports")
    return ImportFile(run_id=run.id, name=name, place=place, storage_key=kept.key, sha256=kept.sha256, size=kept.size, kinds=[])


def hold_imports(ctx: CallContext) -> None:
    """Keep other imports of the tenant out until this transaction ends. Raises ImportRunning when one is in."""
    key = int.from_bytes(hashlib.sha256(b"imports" + ctx.tenant_id.bytes).digest()[:8], signed=True)
    if not ctx.session.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": key}):
        raise ImportRunning("Another import of this tenant is at work just now.")


def _load(ctx: CallContext, run: ImportRun, file: ImportFile, progress: Progress) -> Outcome:
    """Load a file wholly, or not at all, or (if the user said so) without its bad rows."""
    importers = importers_by_file(ctx).get(file.name, [])
    if not run.again and _loaded_before(ctx, file, importers):
        return Outcome("unchanged", message="Loaded before, byte for byte.")
    outcome = Outcome("refused")
    try:
        with savepoint(ctx):
            outcome = _attempt(ctx, run, file, importers, progress)
            if outcome.errors and not run.skip_bad_rows:
                raise _Undo
    except _Undo:
        return Outcome("refused", outcome.total, 0, outcome.errors, outcome.unread, None, outcome.external_ids)
    return outcome


def _attempt(ctx: CallContext, run: ImportRun, file: ImportFile, importers: Sequence[Importer], progress: Progress) -> Outcome:
    file.kinds = [importer.kind for importer in importers]
    if not importers:
        return Outcome("refused", message="The plugin that reads this file was switched off meanwhile.")
    habits = Habits(zone_info(ctx.tenant.zone), run.date_order, run.decimal_mark)  # type: ignore[arg-type]
    content = ctx.kernel.files.get_bytes(ctx.tenant_id, file.storage_key or "")
    try:
        table = read_table(content, importers, Reading(habits, run.encoding))
    except FileUnreadable as error:
        return Outcome("refused", message=error.detail)
    kinds = {importer.kind for some in importers_by_file(ctx).values() for importer in some}
    errors = load_table(ctx, table, kinds, lambda done, total: progress(file.name, done, total))
    loaded = table.total - len({error.line for error in errors})
    state = "partly" if errors else "loaded"
    return Outcome(state, table.total, loaded, errors, table.unread, None, table.external_ids)


def _check(ctx: CallContext, run: ImportRun, files: Sequence[ImportFile], progress: Progress) -> None:
    """A dry run: load every file's good rows, one after the other, and take all of it back."""
    outcomes: list[Outcome] = []
    kinds: list[list[str]] = []
    try:
        with savepoint(ctx):
            for file in files:
                outcomes.append(_attempt(ctx, run, file, importers_by_file(ctx).get(file.name, []), progress))
                kinds.append(file.kinds)
            raise _Undo
    except _Undo:
        pass
    for file, outcome, read_by in zip(files, outcomes, kinds, strict=True):
        file.kinds = read_by
        _note(ctx, file, outcome, checked=True)
    _finish(ctx, run)


def _loaded_before(ctx: CallContext, file: ImportFile, importers: Sequence[Importer]) -> bool:
    """True if the last import of this file loaded these bytes wholly, for every importer of today."""
    last = ctx.session.execute(
        select(ImportFile.state, ImportFile.sha256, ImportFile.kinds)
        .where(ImportFile.name == file.name, ImportFile.state.in_(("loaded", "partly")))
        .order_by(ImportFile.id.desc())
        .limit(1)
    ).one_or_none()
    same = last is not None and (last.state, last.sha256) == ("loaded", file.sha256)
    return last is not None and same and {one.kind for one in importers} <= set(last.kinds)


def _note(ctx: CallContext, file: ImportFile, outcome: Outcome, *, checked: bool = False) -> None:
    clean = not outcome.errors and outcome.message is None
    file.state = "checked" if checked and clean else "refused" if checked else outcome.state
    file.rows_total, file.rows_loaded = outcome.total, outcome.loaded
    file.error_count, file.unread, file.message = len(outcome.errors), list(outcome.unread), outcome.message
    rows = [
        {
            "tenant_id": ctx.tenant_id,
            "id": uuid7(),
            "file_id": file.id,
            "line": error.line,
            "column_name": error.column,
            "external_id": outcome.external_ids.get(error.line),
            "message": error.message,
        }
        for error in outcome.errors
    ]
    if rows:
        ctx.session.execute(insert(ImportProblem), rows)


def _finish(ctx: CallContext, run: ImportRun) -> None:
    """Close the import: refused if one of its files was, and then the files after it were not tried."""
    ctx.session.flush()
    states = [one.state for one in list_files(ctx, run.id)]
    run.state = "refused" if "refused" in states else "done"
    run.finished_at = ctx.now()
    waiting = (ImportFile.run_id == run.id) & (ImportFile.state == "waiting")
    ctx.session.execute(update(ImportFile).where(waiting).values(state="untried"))
    audit.record(ctx, f"import.{run.state}", kind="import", row_id=run.id)
    ctx.session.flush()
