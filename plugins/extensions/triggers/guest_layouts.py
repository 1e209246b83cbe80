"""Layouts that guests give invoices. What a guest answers is passed on as data: billing checks it and keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from kernel.context import CallContext
from kernel.errors import DeskhandError
from kernel.hookspecs.papers import InvoiceLayout, InvoicePaper, LaidOut
from plugins.extensions.calls.invoking import Occasion, ask_guest, find_export
from plugins.extensions.errors import GuestRefused
from plugins.extensions.guests.invocation import ExportCall
from plugins.extensions.models import SERVING, Install, Release
from plugins.extensions.triggers.invoice_facts import facts_of

HOOK, EXPORT = "render_invoice", "render-invoice"
PREFIX = "extensions."
MOST_CHARACTERS = 64 * 1024
"""As many as a layout may have bytes; more is not even read."""


def layouts_of_guests(ctx: CallContext) -> list[InvoiceLayout]:
    """Those of the installs that serve, by the extension's name: a version that is installed later goes on with it."""
    return [InvoiceLayout(f"{PREFIX}{row.name}", row.title) for row in _laying_out(ctx) if row.state in SERVING]


def laid_out_by_guests(
    ctx: CallContext, key: str, papers: Sequence[InvoicePaper], pictures: Mapping[UUID, str]
) -> list[LaidOut] | None:
    """A layout for each paper from the extension of this key, up to the first that fails and is not `open`.

    None where no such extension is installed, or none that prints.
    """
    row = next((one for one in _laying_out(ctx) if f"{PREFIX}{one.name}" == key), None)
    if row is None:
        return None
    found: list[LaidOut] = []
    for paper in papers:
        found.append(_asked(ctx, row, paper, pictures))
        if found[-1].document is None and found[-1].on_failure != "open":
            break
    return found


def _laying_out(ctx: CallContext) -> list[Any]:
    """The installs that print, those that are switched off as well, with what becomes of the work when they fail."""
    serving = (Release.tenant_id == Install.tenant_id) & (Release.id == Install.release_id)
    hooks = Release.manifest["hooks"].label("hooks")
    wanted = select(Install.id, Install.name, Install.state, Release.title, Release.semver, hooks).join(Release, serving)
    rows = ctx.session.execute(wanted.order_by(Install.id)).all()
    return [row for row in rows if _mode(row) is not None]


def _mode(row: Any) -> str | None:
    return next((str(one["on_failure"]) for one in row.hooks or () if one["name"] == HOOK), None)


def _asked(ctx: CallContext, row: Any, paper: InvoicePaper, pictures: Mapping[UUID, str]) -> LaidOut:
    made_by, mode = f"{row.name} {row.semver}", _mode(row) or "closed"
    try:
        target = find_export(ctx, row.id, EXPORT)
        facts = orjson.dumps(facts_of(paper, pictures)).decode()
        why = Occasion("hook", ctx.actor, ctx.cause)
        return LaidOut(_read(ask_guest(ctx.kernel, target, ExportCall(EXPORT, {"document": facts}), why)), made_by, mode)
    except DeskhandError as error:
        return LaidOut(None, made_by, mode, error.detail)


def _read(answer: Any) -> dict[str, Any]:
    """The answer as an object; whether it is a layout, billing knows. Raises GuestRefused."""
    if not isinstance(answer, str):
        raise GuestRefused("What it answers is no text with a layout.")
    if len(answer) > MOST_CHARACTERS:
        raise GuestRefused(f"The layout has {len(answer)} characters; at most {MOST_CHARACTERS} are taken.")
    try:
        document = orjson.loads(answer)
    except orjson.JSONDecodeError as error:
        raise GuestRefused(f"The layout is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise GuestRefused("The layout is no object.")
    return document
