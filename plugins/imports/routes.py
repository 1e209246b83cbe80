"""REST of imports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.imports import schemas, services
from plugins.imports.models import ImportRun

rest = Rest("imports")
_IMPORT = "/imports/<uuid:import_id>"


@rest.get("/imports", permission="import.run", query=schemas.ImportQuery, out=schemas.ImportPage)
def list_imports(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List imports"""
    return services.list_runs(ctx, query)


@rest.post("/imports", permission="import.run", body=schemas.ImportIn, out=schemas.ImportOut, status=202)
def start_import(ctx: CallContext, body: dict[str, Any]) -> ImportRun:
    """Import files

    A job loads them in the order of their kinds, each wholly or not at all.
    """
    files = {one["name"]: one["content"] for one in body["files"]}
    return services.queue_import(ctx, files, schemas.options_of(body), "api")


@rest.get(_IMPORT, permission="import.run", out=schemas.ImportOut)
def get_import(ctx: CallContext, import_id: UUID) -> ImportRun:
    """Read an import"""
    return services.get_run(ctx, import_id)


@rest.get(f"{_IMPORT}/files", permission="import.run", out=schemas.FilesOut)
def list_import_files(ctx: CallContext, import_id: UUID) -> Any:
    """List the files of an import"""
    return {"items": services.list_files(ctx, services.get_run(ctx, import_id).id)}


@rest.get(f"{_IMPORT}/errors", permission="import.run", query=schemas.ProblemQuery, out=schemas.ProblemsOut)
def list_import_errors(ctx: CallContext, import_id: UUID, query: dict[str, Any]) -> Any:
    """List what is to be mended, by file, line and column"""
    return {"items": services.find_problems(ctx, services.get_run(ctx, import_id).id, query["limit"])}
