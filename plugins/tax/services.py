"""The verbs of the tax room: regions, rates, the tax facts of clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from kernel import audit
from kernel.context import CallContext
from kernel.deletion import refuse_if_needed
from kernel.directory.clients import apply_changes, get_client, get_location
from kernel.errors import Conflict, InvalidInput
from kernel.hookspecs.directory import Blocker, Ref
from kernel.ids import uuid7
from kernel.tenancy import change_settings, get_settings
from plugins.tax.errors import TaxHolidayNotFound, TaxRateInvalid, TaxRateNotFound, TaxRegionNotFound
from plugins.tax.models import BracketRow, ClientFacts, ComponentRow, HolidayRow, LocationRegion, RateRow, Region
from plugins.tax.rate_book import Parts, as_rate, list_parts
from plugins.tax.rates import Holiday, Rate, check_overlap, check_rate
from plugins.tax.taxids import check_tax_id


def get_region(ctx: CallContext, region_id: UUID) -> Region:
    """One region. Raises TaxRegionNotFound, also for another tenant's."""
    region = ctx.session.scalar(select(Region).where(Region.id == region_id))
    if region is None:
        raise TaxRegionNotFound("There is no tax region with this id.")
    return region


def list_regions(ctx: CallContext) -> list[Region]:
    """Regions by code."""
    return list(ctx.session.scalars(select(Region).order_by(Region.code)))


def add_region(ctx: CallContext, *, code: str, name: str, country: str) -> Region:
    """Add a region. Raises Conflict for a used code."""
    if ctx.session.scalar(select(Region.id).where(Region.code == code)):
        raise Conflict("A tax region with this code exists.", errors={"code": "Used by another region."})
    region = Region(code=code, name=name, country=country.upper())
    ctx.session.add(region)
    ctx.session.flush()
    audit.record(ctx, "tax_region.added", kind="tax.region", row_id=region.id, label=code)
    return region


def change_region(ctx: CallContext, region_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Region:
    """Change a region's name or country; its code stays."""
    region = get_region(ctx, region_id)
    apply_changes(ctx, region, changes, version, kind="tax.region", label=region.code)
    return region


def delete_region(ctx: CallContext, region_id: UUID) -> None:
    """Remove a region that no client or location is in. Raises StillInUse."""
    region = get_region(ctx, region_id)
    ref = Ref("tax.region", region_id)
    own = []
    for table, noun in ((ClientFacts, "client"), (LocationRegion, "location")):
        count = ctx.session.scalar(select(func.count()).where(table.region_id == region_id)) or 0
        own += [Blocker(ref, noun, count, f"{count} {noun}s")] if count else []
    refuse_if_needed(ctx, [ref], own, f"{region.code} cannot be deleted.", ["end its rates"])
    ctx.session.delete(region)
    audit.record(ctx, "tax_region.deleted", kind="tax.region", row_id=region_id, label=region.code)


def get_rate(ctx: CallContext, rate_id: UUID) -> RateRow:
    """One rate. Raises TaxRateNotFound."""
    rate = ctx.session.scalar(select(RateRow).where(RateRow.id == rate_id))
    if rate is None:
        raise TaxRateNotFound("There is no tax rate with this id.")
    return rate


def list_rates(ctx: CallContext, region_id: UUID) -> list[RateRow]:
    """A region's rates with their history, the newest of each category first."""
    found = select(RateRow).where(RateRow.region_id == region_id).order_by(RateRow.category.desc(), RateRow.starts.desc())
    return list(ctx.session.scalars(found))


def add_rate(ctx: CallContext, *, region_id: UUID, category: str, name: str, starts: date, ends: date | None = None,
             percent: Decimal | None = None, components: Sequence[Mapping[str, Any]] = (),
             brackets: Sequence[Mapping[str, Any]] = (), currency: str | None = None) -> RateRow:  # fmt: skip
    """Add a rate from a day on; the open rate before it ends on that day. `lower` of brackets in minor units of `currency`.

    Raises TaxRateInvalid by field, and TaxRatesOverlap.
    """
    region = get_region(ctx, region_id)
    rate = RateRow(
        region_id=region_id, category=category, name=name, starts=starts, ends=ends, percent=percent, currency=currency
    )
    parts = Parts([ComponentRow(id=uuid7(), sequence=at, **part) for at, part in enumerate(components, 1)],
                  [BracketRow(**part) for part in sorted(brackets, key=lambda part: part["lower"])], [])  # fmt: skip
    wanted = as_rate(rate, region.code, parts)
    check_rate(wanted)
    _end_open_rate(ctx, rate)
    _check_region(ctx, region, wanted)
    ctx.session.add(rate)
    ctx.session.flush()
    owned: list[ComponentRow | BracketRow] = [*parts.components, *parts.brackets]
    for part in owned:
        part.rate_id = rate.id
    ctx.session.add_all(owned)
    ctx.session.flush()
    audit.record(ctx, "tax_rate.added", kind="tax.rate", row_id=rate.id, label=name)
    return rate


def _end_open_rate(ctx: CallContext, new: RateRow) -> None:
    before = ctx.session.scalar(
        select(RateRow).where(RateRow.region_id == new.region_id, RateRow.category == new.category,
                              RateRow.ends.is_(None), RateRow.starts < new.starts)
    )  # fmt: skip
    if before is not None:
        before.ends = new.starts
        ctx.session.flush()


def change_rate(ctx: CallContext, rate_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> RateRow:
    """Rename a rate or set the day it ends. What was billed by it stays; a new percentage is a new rate."""
    rate = get_rate(ctx, rate_id)
    region = get_region(ctx, rate.region_id)
    wanted = as_rate(rate, region.code, list_parts(ctx, [rate_id])[rate_id])._replace(ends=changes.get("ends", rate.ends))
    check_rate(wanted)
    _check_region(ctx, region, wanted)
    apply_changes(ctx, rate, changes, version, kind="tax.rate", label=rate.name)
    return rate


def delete_rate(ctx: CallContext, rate_id: UUID) -> None:
    """Remove a rate; the documents it taxed keep their own copy of it."""
    rate = get_rate(ctx, rate_id)
    ctx.session.delete(rate)
    audit.record(ctx, "tax_rate.deleted", kind="tax.rate", row_id=rate_id, label=rate.name)


def _check_region(ctx: CallContext, region: Region, wanted: Rate) -> None:
    """Raise TaxRatesOverlap with what else there is; at the same moment the database does."""
    others = [row for row in list_rates(ctx, region.id) if row.category == wanted.category and str(row.id) != wanted.key]
    check_overlap([*(as_rate(row, region.code, Parts([], [], [])) for row in others), wanted])


def add_holiday(ctx: CallContext, rate_id: UUID, *, name: str, starts: date, ends: date,
                component: str | None = None) -> HolidayRow:  # fmt: skip
    """Do not levy a rate, or one of its components, from `starts` until the day before `ends`. Raises TaxRateInvalid."""
    rate = get_rate(ctx, rate_id)
    stored = as_rate(rate, str(rate.region_id), list_parts(ctx, [rate_id])[rate_id])
    try:
        check_rate(stored._replace(holidays=(Holiday(name, starts, ends, component),)))
    except TaxRateInvalid as error:
        error.errors = {field.removeprefix("holidays[0]."): words for field, words in error.errors.items()}
        raise
    holiday = HolidayRow(rate_id=rate_id, name=name, starts=starts, ends=ends, component=component)
    ctx.session.add(holiday)
    ctx.session.flush()
    audit.record(ctx, "tax_holiday.added", kind="tax.rate", row_id=rate_id, label=rate.name, changes={"holiday": name})
    return holiday


def get_holiday(ctx: CallContext, holiday_id: UUID) -> HolidayRow:
    """One holiday. Raises TaxHolidayNotFound."""
    holiday = ctx.session.scalar(select(HolidayRow).where(HolidayRow.id == holiday_id))
    if holiday is None:
        raise TaxHolidayNotFound("There is no tax holiday with this id.")
    return holiday


def delete_holiday(ctx: CallContext, holiday_id: UUID) -> None:
    """Remove a holiday; documents written on its days stay as they are."""
    holiday = get_holiday(ctx, holiday_id)
    ctx.session.delete(holiday)
    audit.record(ctx, "tax_holiday.deleted", kind="tax.rate", row_id=holiday.rate_id, label=holiday.name)


def get_client_facts(ctx: CallContext, client_id: UUID) -> ClientFacts:
    """A client's tax facts; a client without any gets an empty, unsaved row."""
    get_client(ctx, client_id)
    facts = ctx.session.scalar(select(ClientFacts).where(ClientFacts.client_id == client_id))
    return facts or ClientFacts(client_id=client_id, reverse_charge=False, version=0)


def set_client_facts(ctx: CallContext, client_id: UUID, *, region_id: UUID | None = None, tax_id: str | None = None,
                     reverse_charge: bool = False, tax_source: str | None = None,
                     version: int | None = None) -> ClientFacts:  # fmt: skip
    """Set where and how a client is taxed. Raises TaxIdInvalid when the id fails the region's country's check."""
    facts = get_client_facts(ctx, client_id)
    region = get_region(ctx, region_id) if region_id else None
    checked = check_tax_id(tax_id, region.country if region else "") if tax_id else None
    if tax_source and not get_settings(ctx, "tax")["client_may_differ"]:
        raise InvalidInput(errors={"tax_source": "The tax settings do not let a client differ."})
    changes = {"region_id": region_id, "tax_id": checked, "reverse_charge": reverse_charge, "tax_source": tax_source}
    if facts.id is None:
        ctx.session.add(ClientFacts(client_id=client_id, **changes))
        ctx.session.flush()
        audit.record(ctx, "client.tax_set", kind="client", row_id=client_id)
        return get_client_facts(ctx, client_id)
    apply_changes(ctx, facts, changes, version, kind="tax.client", label=str(client_id))
    return facts


def location_regions(ctx: CallContext, client_id: UUID) -> dict[UUID, UUID]:
    """The regions of a client's locations that have one of their own."""
    from kernel.directory.models import Location

    found = (select(LocationRegion.location_id, LocationRegion.region_id)
             .join(Location, (Location.tenant_id == LocationRegion.tenant_id) & (Location.id == LocationRegion.location_id))
             .where(Location.client_id == client_id))  # fmt: skip
    return dict(ctx.session.execute(found).all())


def set_location_region(ctx: CallContext, location_id: UUID, region_id: UUID | None) -> None:
    """Give a location a tax region of its own, or (None) let it follow the client's."""
    location = get_location(ctx, location_id)
    ctx.session.execute(delete(LocationRegion).where(LocationRegion.location_id == location_id))
    if region_id is not None:
        get_region(ctx, region_id)
        ctx.session.add(LocationRegion(location_id=location_id, region_id=region_id))
        ctx.session.flush()
    audit.record(ctx, "location.tax_set", kind="location", row_id=location_id, label=location.name)


def change_own_facts(ctx: CallContext, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change the tenant's settings of taxes; its own tax id is checked offline. Raises TaxIdInvalid."""
    after = {**get_settings(ctx, "tax"), **changes}
    checked = check_tax_id(after["tax_id"], after["tax_country"]) if after["tax_id"] else ""
    return change_settings(ctx, "tax", {**changes, "tax_id": checked})
