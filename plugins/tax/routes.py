"""REST of the tax room."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.tax import document_taxes, exemptions, report, schemas, services
from plugins.tax.models import RateRow
from plugins.tax.rate_book import Parts, list_parts

rest = Rest("tax")
_REGION = "/tax-regions/<uuid:region_id>"
_RATE = "/tax-rates/<uuid:rate_id>"
_EXEMPTION = "/tax-exemptions/<uuid:exemption_id>"
_DOCUMENT = "/invoices/<uuid:invoice_id>"
_FACTS = "/clients/<uuid:client_id>/tax"


@rest.get("/tax-regions", permission="tax.read", out=schemas.RegionList)
def list_regions(ctx: CallContext) -> Any:
    """List tax regions"""
    return {"items": services.list_regions(ctx)}


@rest.post("/tax-regions", permission="tax.manage", body=schemas.RegionIn, out=schemas.RegionOut)
def add_region(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Add a tax region"""
    return services.add_region(ctx, **body)


@rest.get(_REGION, permission="tax.read", out=schemas.RegionOut)
def get_region(ctx: CallContext, region_id: UUID) -> Any:
    """Read a tax region"""
    return services.get_region(ctx, region_id)


@rest.patch(_REGION, permission="tax.manage", body=schemas.RegionPatch, out=schemas.RegionOut, if_match=True)
def change_region(ctx: CallContext, region_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a tax region"""
    return services.change_region(ctx, region_id, body, version)


@rest.delete(_REGION, permission="tax.manage")
def delete_region(ctx: CallContext, region_id: UUID) -> None:
    """Delete a tax region that nobody is in"""
    services.delete_region(ctx, region_id)


@rest.get(f"{_REGION}/rates", permission="tax.read", out=schemas.RateList)
def list_rates(ctx: CallContext, region_id: UUID) -> Any:
    """List a region's rates with their history"""
    services.get_region(ctx, region_id)
    return {"items": rates_with_parts(ctx, region_id)}


def rates_with_parts(ctx: CallContext, region_id: UUID) -> list[dict[str, Any]]:
    """A region's rates, each with its components, brackets and holidays."""
    rates = services.list_rates(ctx, region_id)
    parts = list_parts(ctx, [rate.id for rate in rates])
    return [with_parts(rate, parts[rate.id]) for rate in rates]


def with_parts(rate: RateRow, parts: Parts) -> dict[str, Any]:
    """A rate with its components, brackets and holidays."""
    return {name: getattr(rate, name) for name in schemas.RateOut().fields} | parts._asdict()


@rest.post(f"{_REGION}/rates", permission="tax.manage", body=schemas.RateIn, out=schemas.RateOut)
def add_rate(ctx: CallContext, region_id: UUID, body: dict[str, Any]) -> Any:
    """Add a rate from a day on"""
    return services.add_rate(ctx, region_id=region_id, **body)


@rest.get(_RATE, permission="tax.read", out=schemas.RateWithParts)
def get_rate(ctx: CallContext, rate_id: UUID) -> Any:
    """Read a rate with its parts and holidays"""
    return with_parts(services.get_rate(ctx, rate_id), list_parts(ctx, [rate_id])[rate_id])


@rest.patch(_RATE, permission="tax.manage", body=schemas.RatePatch, out=schemas.RateOut, if_match=True)
def change_rate(ctx: CallContext, rate_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Rename or end a rate"""
    return services.change_rate(ctx, rate_id, body, version)


@rest.delete(_RATE, permission="tax.manage")
def delete_rate(ctx: CallContext, rate_id: UUID) -> None:
    """Delete a rate"""
    services.delete_rate(ctx, rate_id)


@rest.post(f"{_RATE}/holidays", permission="tax.manage", body=schemas.HolidayIn, out=schemas.HolidayOut)
def add_holiday(ctx: CallContext, rate_id: UUID, body: dict[str, Any]) -> Any:
    """Add days on which a rate or one of its components is not levied"""
    return services.add_holiday(ctx, rate_id, **body)


@rest.delete("/tax-holidays/<uuid:holiday_id>", permission="tax.manage")
def delete_holiday(ctx: CallContext, holiday_id: UUID) -> None:
    """Delete a tax holiday"""
    services.delete_holiday(ctx, holiday_id)


@rest.get("/clients/<uuid:client_id>/tax-exemptions", permission="tax.read", out=schemas.ExemptionList)
def list_exemptions(ctx: CallContext, client_id: UUID) -> Any:
    """List a client's tax exemptions with their history"""
    return {"items": exemptions.list_exemptions(ctx, client_id)}


@rest.post("/clients/<uuid:client_id>/tax-exemptions", permission="tax.manage", body=schemas.ExemptionIn,
           out=schemas.ExemptionOut)  # fmt: skip
def add_exemption(ctx: CallContext, client_id: UUID, body: dict[str, Any]) -> Any:
    """Exempt a client or one of its locations from tax"""
    return exemptions.add_exemption(ctx, client_id, **body)


@rest.get(_EXEMPTION, permission="tax.read", out=schemas.ExemptionOut)
def get_exemption(ctx: CallContext, exemption_id: UUID) -> Any:
    """Read a tax exemption"""
    return exemptions.get_exemption(ctx, exemption_id)


@rest.patch(_EXEMPTION, permission="tax.manage", body=schemas.ExemptionPatch, out=schemas.ExemptionOut, if_match=True)
def change_exemption(ctx: CallContext, exemption_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change or end a tax exemption"""
    return exemptions.change_exemption(ctx, exemption_id, body, version)


@rest.delete(_EXEMPTION, permission="tax.manage")
def delete_exemption(ctx: CallContext, exemption_id: UUID) -> None:
    """Delete a tax exemption"""
    exemptions.delete_exemption(ctx, exemption_id)


@rest.get(_FACTS, permission="tax.read", out=schemas.ClientFactsOut)
def get_client_facts(ctx: CallContext, client_id: UUID) -> Any:
    """Read how a client is taxed"""
    return services.get_client_facts(ctx, client_id)


@rest.put(_FACTS, permission="tax.manage", body=schemas.ClientFactsIn, out=schemas.ClientFactsOut, if_match=True)
def set_client_facts(ctx: CallContext, client_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Set how a client is taxed"""
    return services.set_client_facts(ctx, client_id, **body, version=version)


@rest.put("/locations/<uuid:location_id>/tax", permission="tax.manage", body=schemas.LocationRegionIn, status=204)
def set_location_region(ctx: CallContext, location_id: UUID, body: dict[str, Any]) -> None:
    """Set a location's tax region"""
    services.set_location_region(ctx, location_id, **body)


@rest.get(f"{_DOCUMENT}/tax-source", permission="tax.read", out=schemas.DocumentTaxOut)
def get_tax_source(ctx: CallContext, invoice_id: UUID) -> Any:
    """Read where an invoice's taxes are reckoned, and what was imported for it"""
    return document_taxes.read_document(ctx, invoice_id)


@rest.put(f"{_DOCUMENT}/tax-source", permission="tax.manage", body=schemas.TaxSourceIn, out=schemas.DocumentTaxOut)
def set_tax_source(ctx: CallContext, invoice_id: UUID, body: dict[str, Any]) -> Any:
    """Have a draft's taxes reckoned here or elsewhere"""
    return document_taxes.set_source(ctx, invoice_id, body["source"])


@rest.post(f"{_DOCUMENT}/tax-amounts", permission="tax.manage", body=schemas.TaxAmountsIn, out=schemas.DocumentTaxOut)
def import_tax_amounts(ctx: CallContext, invoice_id: UUID, body: dict[str, Any]) -> Any:
    """Import what a draft is taxed, by line or in all"""
    lines = body.pop("lines", None)
    asked = [document_taxes.AmountAsked(**one) for one in lines] if lines is not None else None
    return document_taxes.import_amounts(ctx, invoice_id, lines=asked, **body)


@rest.get("/tax-report", permission="tax.read", query=schemas.ReportQuery, out=schemas.ReportOut)
def read_report(ctx: CallContext, query: dict[str, Any]) -> Any:
    """Add up bases and taxes of final documents by period, region and rate, less credit notes"""
    return report.tax_report(ctx, **query)
