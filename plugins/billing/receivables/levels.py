"""Levels of reminders: when each is sent, what it costs, and its words in each language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.directory.clients import apply_changes
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from kernel.money import exponent
from plugins.billing.models import DunningLevel, DunningText, Reminder
from plugins.billing.receivables.errors import DunningLevelNotFound, DunningLevelUsed

if TYPE_CHECKING:
    from kernel.context import CallContext

PLACES = ("client", "seller", "invoices", "total", "fee", "level")
"""What words may hold in braces."""
MOST = 9
_USUAL = ((1, "Reminder", 7), (2, "Second reminder", 21), (3, "Final notice", 35))


class Words(NamedTuple):
    """Subject and body of a reminder in one language, with places in braces."""

    locale: str
    subject: str
    body: str


def lay_out_levels(ctx: CallContext) -> None:
    """Give the tenant the levels that it starts with, where it has none yet."""
    rows = [{"tenant_id": ctx.tenant_id, "id": uuid7(), "level": level, "name": name, "days": days}
            for level, name, days in _USUAL]  # fmt: skip
    ctx.session.execute(insert(DunningLevel).values(rows).on_conflict_do_nothing())


def list_levels(ctx: CallContext) -> list[DunningLevel]:
    """All levels, the first one first."""
    return list(ctx.session.scalars(select(DunningLevel).order_by(DunningLevel.level)))


def get_level(ctx: CallContext, level_id: UUID) -> DunningLevel:
    """One level. Raises DunningLevelNotFound."""
    found = ctx.session.scalar(select(DunningLevel).where(DunningLevel.id == level_id))
    if found is None:
        raise DunningLevelNotFound("There is no level of reminders with this id.")
    return found


def texts_of(ctx: CallContext) -> dict[UUID, list[Words]]:
    """The words of each level, by locale."""
    found: dict[UUID, list[Words]] = {}
    for one in ctx.session.scalars(select(DunningText).order_by(DunningText.locale)):
        found.setdefault(one.level_id, []).append(Words(one.locale, one.subject, one.body))
    return found


def add_level(ctx: CallContext, *, name: str, days: int, fee: int | None = None, fee_currency: str | None = None,
              texts: Sequence[Words] = ()) -> DunningLevel:  # fmt: skip
    """Add a level after the last one. Raises InvalidInput by field."""
    present = list_levels(ctx)
    if len(present) == MOST:
        raise InvalidInput(errors={"name": f"There are {MOST} levels already; that is enough."})
    level = present[-1].level + 1 if present else 1
    _check(present, level, days, fee, fee_currency, texts)
    added = DunningLevel(level=level, name=name, days=days, fee=fee, fee_currency=fee_currency)
    ctx.session.add(added)
    ctx.session.flush()
    _set_texts(ctx, added.id, texts)
    audit.record(ctx, "dunning_level.added", kind="dunning_level", row_id=added.id, label=name)
    return added


def change_level(ctx: CallContext, level_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> DunningLevel:
    """Change a level; `texts` replace those there. Raises InvalidInput by field, PreconditionFailed."""
    row, columns = get_level(ctx, level_id), dict(changes)
    texts: Sequence[Words] | None = columns.pop("texts", None)
    wanted = {name: columns.get(name, getattr(row, name)) for name in ("days", "fee", "fee_currency")}
    _check(list_levels(ctx), row.level, wanted["days"], wanted["fee"], wanted["fee_currency"], texts or ())
    apply_changes(ctx, row, columns, version, kind="dunning_level", label=row.name)
    if texts is not None:
        _set_texts(ctx, level_id, texts)
        audit.record(ctx, "dunning_level.worded", kind="dunning_level", row_id=level_id, label=row.name)
    return row


def delete_level(ctx: CallContext, level_id: UUID) -> None:
    """Remove the last level, if nobody was reminded at it. Raises DunningLevelUsed."""
    row = get_level(ctx, level_id)
    if row.level != ctx.session.scalar(select(func.max(DunningLevel.level))):
        raise DunningLevelUsed("Only the last level can be removed.")
    if ctx.session.scalar(select(exists().where(Reminder.level == row.level))):
        raise DunningLevelUsed(f"Reminders of the level {row.name} were sent, so it stays.")
    audit.record(ctx, "dunning_level.deleted", kind="dunning_level", row_id=level_id, label=row.name)
    ctx.session.delete(row)
    ctx.session.flush()


def _check(present: Sequence[DunningLevel], level: int, days: int, fee: int | None, currency: str | None,
           texts: Sequence[Words]) -> None:  # fmt: skip
    errors = {}
    if any((one.days >= days) if one.level < level else (one.days <= days) for one in present if one.level != level):
        errors["days"] = "Later levels come after more days than earlier ones."
    if (fee is None) != (currency is None):
        errors["fee" if fee is None else "fee_currency"] = "A fee needs an amount and a currency."
    elif currency is not None:
        errors |= _currency_errors(currency)
    errors |= {f"texts[{at}].{path}": said for at, one in enumerate(texts) for path, said in _text_errors(one).items()}
    if len({one.locale for one in texts}) != len(texts):
        errors["texts"] = "One text for each language."
    if errors:
        raise InvalidInput(errors=errors)


def _currency_errors(currency: str) -> dict[str, str]:
    try:
        exponent(currency)
    except InvalidInput as error:
        return {"fee_currency": error.detail}
    return {}


def _text_errors(words: Words) -> dict[str, str]:
    return {name: said for name in ("subject", "body") if (said := _places_wrong(getattr(words, name)))}


def _places_wrong(text: str) -> str:
    """What is wrong with the places of a text, if anything."""
    known = ", ".join(f"{{{one}}}" for one in PLACES)
    try:
        parts = [(name, form, conversion) for _, name, form, conversion in Formatter().parse(text) if name is not None]
    except ValueError:
        return f"A brace is not closed. Known are {known}; write {{{{ for a brace itself."
    strange = [name for name, form, conversion in parts if name not in PLACES or form or conversion]
    return f"{{{strange[0]}}} is not known; known are {known}." if strange else ""


def _set_texts(ctx: CallContext, level_id: UUID, texts: Sequence[Words]) -> None:
    ctx.session.execute(delete(DunningText).where(DunningText.level_id == level_id))
    ctx.session.add_all(DunningText(level_id=level_id, **one._asdict()) for one in texts)
    ctx.session.flush()


def words_for(texts: Sequence[Words], wanted: Sequence[str | None]) -> Words | None:
    """The words in the first language of those wanted that there are words in; `de-AT` takes `de` as well.

    >>> german = Words("de", "Mahnung", "…")
    >>> words_for([german], ["de-AT", "en"]) == german, words_for([german], ["en"])
    (True, None)
    """
    by_locale = {one.locale: one for one in texts}
    for locale in filter(None, wanted):
        if found := by_locale.get(locale) or by_locale.get(locale.partition("-")[0]):
            return found
    return None
