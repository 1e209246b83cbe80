"""Forgetting the files of imports that ended some time ago; what became of each stays."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from kernel.context import CallContext
from plugins.imports.errors import ImportRunning
from plugins.imports.models import ImportFile, ImportRun
from plugins.imports.services import hold_imports

KEEP_FILES = timedelta(days=90)
"""How long the content of a file is kept after its import has ended."""


def forget_files(ctx: CallContext, limit: int) -> int:
    """Delete the content of at most `limit` files; returns how many. While an import is at work nothing is deleted: it may
    be storing the same bytes just now."""
    try:
        hold_imports(ctx)
    except ImportRunning:
        return 0
    same = (ImportRun.tenant_id == ImportFile.tenant_id) & (ImportRun.id == ImportFile.run_id)
    ended = ImportFile.storage_key.is_not(None) & (ImportRun.finished_at < ctx.now() - KEEP_FILES)
    some = select(ImportFile).join(ImportRun, same).where(ended).order_by(ImportFile.id).limit(limit)
    files = list(ctx.session.scalars(some))
    keys = {file.storage_key for file in files if file.storage_key is not None}
    for file in files:
        file.storage_key = None
    ctx.session.flush()
    wanted = set(ctx.session.scalars(select(ImportFile.storage_key).where(ImportFile.storage_key.in_(keys))))
    for key in keys - wanted:
        ctx.kernel.files.delete(ctx.tenant_id, key)
    return len(files)
