"""The ways the tax room says no; what every provider may answer is in the hall, beside the tax hook."""

from __future__ import annotations

from kernel.errors import Conflict, InvalidInput, NotFound, Refused


class TaxRateInvalid(InvalidInput):
    """A rate cannot be applied as it is written."""

    code = "tax_rate_invalid"
    title = "Not a valid tax rate"


class TaxRatesOverlap(Conflict):
    """Two rates of one region and category hold on the same day; rates are never added up silently."""

    code = "tax_rates_overlap"
    title = "Tax rates overlap"


class TaxRegionNotFound(NotFound):
    code = "tax_region_not_found"
    title = "No such tax region"


class TaxRateNotFound(NotFound):
    code = "tax_rate_not_found"
    title = "No such tax rate"


class TaxHolidayNotFound(NotFound):
    code = "tax_holiday_not_found"
    title = "No such tax holiday"


class TaxExemptionNotFound(NotFound):
    code = "tax_exemption_not_found"
    title = "No such tax exemption"


class TaxIdInvalid(InvalidInput):
    """The tax id fails the check digits of its country."""

    code = "tax_id_invalid"
    title = "Not a valid tax id"


class DocumentNotFound(NotFound):
    """No draft of this id is known to the room that writes invoices."""

    code = "tax_document_not_found"
    title = "No such document"


class TaxAmountsUnwanted(Refused):
    """Amounts are imported only for what is taxed elsewhere."""

    code = "tax_amounts_unwanted"
    title = "Its taxes are reckoned here"
