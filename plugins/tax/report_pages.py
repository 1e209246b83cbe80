"""The tax report as a page and as a file."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.hookspecs.tax import TaxDate
from kernel.money import as_major
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, csv_download, render
from plugins.tax import schemas, services
from plugins.tax.report import Per, ReportLine, tax_report

pages = Pages("tax")
PERIODS = {Per.MONTH: _l("Month"), Per.QUARTER: _l("Quarter"), Per.YEAR: _l("Year")}
DATES = {TaxDate.TAX_POINT: _l("Tax point"), TaxDate.DOCUMENT: _l("Date of the document")}
CODES = {"S": _l("Taxed"), "Z": _l("Zero rate"), "E": _l("Exempt"), "AE": _l("Reverse charge"), "O": _l("Not taxable")}
_CSV = ("period", "currency", "region", "tax", "code", "percent", "base", "tax_amount", "credited_base", "credited_tax")


@pages.get("/taxes/report", permission="tax.read", query=schemas.ReportQuery)
def show_report(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    regions = [(one.code, f"{one.code} · {one.name}") for one in services.list_regions(ctx)]
    return render("tax/report.html", report=tax_report(ctx, **query), regions=regions, periods=PERIODS, dates=DATES, codes=CODES)


@pages.get("/taxes/report.csv", permission="tax.read", query=schemas.ReportQuery)
def download_report(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return csv_download("tax-report.csv", _CSV, (_cells(line) for line in tax_report(ctx, **query).lines))


def _cells(line: ReportLine) -> list[object]:
    amounts = (as_major(amount, line.currency) for amount in line[6:])
    return [line.period, line.currency, line.region or "", line.name, line.code, f"{line.percent.normalize():f}", *amounts]
