"""From typed rows to rows of the rooms: batch by batch in savepoints, so that a bad row never leaves half of itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from kernel.context import CallContext
from kernel.errors import DeskhandError, PermissionDenied
from kernel.hookspecs.transfer import Column, Importer, ImportRow, RowError
from plugins.imports.errors import ImporterFault
from plugins.imports.refs import StoredRefs
from plugins.imports.table import Table

BATCH = 250
Progress = Callable[[int, int], None]


class _RowsRefused(Exception):
    """An importer named rows it cannot load; undoes the batch."""

    def __init__(self, errors: list[RowError]) -> None:
        super().__init__(f"{len(errors)} row errors")
        self.errors = errors


def load_table(ctx: CallContext, table: Table, kinds: Collection[str], progress: Progress) -> list[RowError]:
    """Load every row that can be loaded and answer an error for each that cannot, those of the reading included.

    `kinds` are the kinds that some enabled plugin loads. The caller decides whether what was loaded stays.
    """
    loader = _Loader(ctx, table, kinds)
    errors = list(table.errors)
    lines = sorted(table.rows)
    for start in range(0, len(lines), BATCH):
        errors += loader.load(lines[start : start + BATCH])
        progress(min(start + BATCH, len(lines)), len(lines))
    return sorted(errors, key=lambda error: (error.line, error.column or ""))


@contextmanager
def savepoint(ctx: CallContext) -> Iterator[None]:
    """Undo everything of the block when it raises: rows, and what was to happen after the commit."""
    planned = len(ctx.session.info.get("after_commit", ()))
    try:
        with ctx.session.begin_nested():
            yield
    except BaseException:
        del ctx.session.info.get("after_commit", [])[planned:]
        raise


class _Loader:
    """Loads batches of one table; each row goes through every importer of its file, or through none."""

    def __init__(self, ctx: CallContext, table: Table, kinds: Collection[str]) -> None:
        self.ctx, self.table, self.kinds = ctx, table, kinds
        self.refs = StoredRefs(ctx)

    def load(self, lines: Sequence[int]) -> list[RowError]:
        """Load these lines but for the bad ones, which are answered."""
        errors: list[RowError] = []
        while lines:
            try:
                with savepoint(self.ctx):
                    self._attempt(lines)
                return errors
            except _RowsRefused as refused:
                errors += refused.errors
                lines = self._without(lines, refused.errors)
            except (IntegrityError, DataError, DeskhandError) as error:
                if isinstance(error, PermissionDenied) or (isinstance(error, DeskhandError) and error.status >= 500):
                    raise
                return errors + self._isolate(lines, error)
        return errors

    def _attempt(self, lines: Sequence[int]) -> None:
        errors: list[RowError] = []
        for place, importer in enumerate(self.table.importers):
            rows, unmet = self._resolved(importer, [self.table.rows[line][place] for line in lines])
            errors += unmet
            if not errors:
                errors += importer.load(self.ctx, rows, self.refs)
        if errors:
            raise _RowsRefused(list(dict.fromkeys(errors)))
        self.ctx.session.flush()

    def _without(self, lines: Sequence[int], errors: Iterable[RowError]) -> list[int]:
        bad = {error.line for error in errors}
        left = [line for line in lines if line not in bad]
        if len(left) == len(lines):
            names = ", ".join(importer.kind for importer in self.table.importers)
            raise ImporterFault(f"An importer of {names} complained about lines {sorted(bad)} that it was not given.")
        return left

    def _isolate(self, lines: Sequence[int], error: DBAPIError | DeskhandError) -> list[RowError]:
        """Halve the batch until the row that the database or a service refuses stands alone."""
        if len(lines) == 1:
            return [_row_error(lines[0], error)]
        middle = len(lines) // 2
        return self.load(lines[:middle]) + self.load(lines[middle:])

    def _resolved(self, importer: Importer, rows: Sequence[ImportRow]) -> tuple[list[ImportRow], list[RowError]]:
        """The rows with ids in place of external ids, and an error for each that points at nothing."""
        columns = [column for column in importer.columns if column.kind == "reference"]
        found = {column.name: self._targets(column, rows) for column in columns}
        resolved: list[ImportRow] = []
        errors: list[RowError] = []
        for row in rows:
            ids = {column.name: found[column.name].get(row.values[column.name]) for column in columns}
            resolved.append(row._replace(values={**row.values, **ids}))
            errors += [self._unmet(row, column) for column in columns if self._is_unmet(row, column, ids[column.name])]
        return resolved, errors

    def _targets(self, column: Column, rows: Sequence[ImportRow]) -> Mapping[str, UUID]:
        wanted = {cell for row in rows if (cell := row.values[column.name]) is not None}
        return self.refs.resolve(column.refers_to or "", sorted(wanted)) if wanted else {}

    def _is_unmet(self, row: ImportRow, column: Column, target: UUID | None) -> bool:
        """An optional reference to a kind that no enabled plugin loads is dropped; any other must be met."""
        named = row.values[column.name] is not None
        return named and target is None and (column.required or column.refers_to in self.kinds)

    def _unmet(self, row: ImportRow, column: Column) -> RowError:
        words = f"{row.values[column.name]!r} is the external_id of no {column.refers_to} that was loaded before."
        if column.refers_to not in self.kinds:
            words += " No enabled plugin loads these."
        return RowError(row.line, column.name, words)


def _row_error(line: int, error: DBAPIError | DeskhandError) -> RowError:
    if isinstance(error, DeskhandError):
        column, words = next(iter(error.errors.items()), (None, ""))
        return RowError(line, column, f"{error.detail} {words}".strip())
    said = getattr(error.orig, "diag", None)
    words = getattr(said, "message_primary", None) or str(error.orig)
    constraint = getattr(said, "constraint_name", None)
    hint = f" ({constraint})" if constraint else ""
    return RowError(line, getattr(said, "column_name", None), f"The database refuses the row: {words}{hint}.")
