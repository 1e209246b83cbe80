"""REST of reminders and their levels, and of letters to clients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing.models import DunningLevel
from plugins.billing.receivables import dunning, letters, levels, schemas

rest = Rest("billing")
_LEVEL = "/dunning-levels/<uuid:level_id>"


def _shown(ctx: CallContext, level: DunningLevel) -> Mapping[str, Any]:
    facts = {name: getattr(level, name) for name in ("id", "version", "level", "name", "days", "fee", "fee_currency")}
    return facts | {"texts": [one._asdict() for one in levels.texts_of(ctx).get(level.id, [])]}


def asked_level(body: Mapping[str, Any]) -> dict[str, Any]:
    """A level as it was asked for."""
    return {name: [levels.Words(**one) for one in value] if name == "texts" else value for name, value in body.items()}


@rest.get("/dunning-levels", permission="invoice.read", out=schemas.LevelList)
def list_levels(ctx: CallContext) -> Any:
    """List the levels of reminders"""
    return {"items": [_shown(ctx, one) for one in levels.list_levels(ctx)]}


@rest.post("/dunning-levels", permission="receivables.manage", body=schemas.LevelIn, out=schemas.LevelOut)
def add_level(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Add a level of reminders after the last one"""
    return _shown(ctx, levels.add_level(ctx, **asked_level(body)))


@rest.get(_LEVEL, permission="invoice.read", out=schemas.LevelOut)
def get_level(ctx: CallContext, level_id: UUID) -> Any:
    """Read a level of reminders with its words"""
    return _shown(ctx, levels.get_level(ctx, level_id))


@rest.patch(_LEVEL, permission="receivables.manage", body=schemas.LevelPatch, out=schemas.LevelOut, if_match=True)
def change_level(ctx: CallContext, level_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a level of reminders; texts replace those there"""
    return _shown(ctx, levels.change_level(ctx, level_id, asked_level(body), version))


@rest.delete(_LEVEL, permission="receivables.manage")
def delete_level(ctx: CallContext, level_id: UUID) -> None:
    """Remove the last level of reminders, if it was never used"""
    levels.delete_level(ctx, level_id)


def shown_plan(plan: dunning.ReminderPlan) -> dict[str, Any]:
    """A reminder that would be sent, as interfaces show it."""
    return {"client_id": plan.client.id, "client_name": plan.client.name, "recipient": plan.recipient, "problem": plan.problem,
            "level": plan.level.level, "subject": plan.subject, "body": plan.body, "invoices": plan.invoices}  # fmt: skip


@rest.get("/reminders/preview", permission="invoice.read", out=schemas.ReminderPlans)
def preview_reminders(ctx: CallContext) -> Any:
    """The reminders that would be sent now"""
    return {"items": [shown_plan(one) for one in dunning.plan_reminders(ctx)]}


@rest.post("/reminders", permission="invoice.send", body=schemas.ReminderRun, out=schemas.RemindersSent, status=202)
def send_reminders(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Send the reminders that are due now, to all clients or to some

    Each invoice is reminded of at each level once.
    """
    sent, problems = dunning.remind_now(ctx, **body)
    return {"sent": sent, "problems": [{"client_id": str(one), "problem": words} for one, words in problems.items()]}


@rest.get("/letters", permission="invoice.read", query=schemas.LetterQuery, out=schemas.LetterPage)
def list_letters(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List reminders and statements that were sent"""
    return letters.list_letters(ctx, query)
