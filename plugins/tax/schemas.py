"""What goes in and out of the tax room's interfaces."""

from marshmallow import Schema, fields, validate

from kernel.hookspecs.tax import TaxDate
from plugins.tax.report import Per

_PERCENT = validate.Range(0, 100)
_NAME = validate.Length(1, 255)
_CATEGORIES = ("standard", "reduced")
_SOURCES = ("internal", "external")
_CODES = ("S", "Z", "E", "AE", "O")
_AMOUNT = validate.Range(-(10**15), 10**15)


class RegionIn(Schema):
    code = fields.String(
        required=True, validate=validate.Regexp(r"[A-Za-z0-9-]{2,40}\Z", error="Letters, digits and hyphens, such as CA-QC.")
    )
    name = fields.String(required=True, validate=_NAME)
    country = fields.String(required=True, validate=validate.Regexp(r"[A-Za-z]{2}\Z", error="Two letters, such as DE."))


class RegionPatch(Schema):
    name = fields.String(validate=_NAME)
    country = fields.String(validate=validate.Regexp(r"[A-Z]{2}\Z", error="Two capital letters, such as DE."))


class RegionOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    code = fields.String()
    name = fields.String()
    country = fields.String()


class RegionList(Schema):
    items = fields.List(fields.Nested(RegionOut))


class ComponentIn(Schema):
    name = fields.String(required=True, validate=_NAME)
    percent = fields.Decimal(required=True, as_string=True, validate=_PERCENT)
    compound = fields.Boolean()
    starts = fields.Date(allow_none=True)
    ends = fields.Date(allow_none=True)


class BracketIn(Schema):
    lower = fields.Integer(required=True, strict=True, validate=validate.Range(0, 10**15), metadata={"example": 0})
    percent = fields.Decimal(required=True, as_string=True, validate=_PERCENT)


class RateIn(Schema):
    category = fields.String(required=True, validate=validate.OneOf(_CATEGORIES))
    name = fields.String(required=True, validate=_NAME)
    percent = fields.Decimal(as_string=True, allow_none=True, validate=_PERCENT)
    starts = fields.Date(required=True)
    ends = fields.Date(allow_none=True)
    components = fields.List(fields.Nested(ComponentIn), metadata={"example": []})
    brackets = fields.List(fields.Nested(BracketIn), validate=validate.Length(max=50), metadata={"example": []})
    currency = fields.String(allow_none=True, validate=validate.Length(equal=3), metadata={"example": None})


class RatePatch(Schema):
    name = fields.String(validate=_NAME)
    ends = fields.Date(allow_none=True)


class RateOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    region_id = fields.UUID()
    category = fields.String()
    name = fields.String()
    percent = fields.Decimal(as_string=True, allow_none=True)
    starts = fields.Date()
    ends = fields.Date(allow_none=True)
    currency = fields.String(allow_none=True)


class ComponentOut(Schema):
    id = fields.UUID()
    sequence = fields.Integer()
    name = fields.String()
    percent = fields.Decimal(as_string=True)
    compound = fields.Boolean()
    starts = fields.Date(allow_none=True)
    ends = fields.Date(allow_none=True)


class BracketOut(Schema):
    lower = fields.Integer()
    percent = fields.Decimal(as_string=True)


class HolidayIn(Schema):
    name = fields.String(required=True, validate=_NAME)
    component = fields.String(allow_none=True, validate=_NAME, metadata={"example": None})
    starts = fields.Date(required=True, metadata={"example": "2026-07-01"})
    ends = fields.Date(required=True, metadata={"example": "2026-08-01"})


class HolidayOut(Schema):
    id = fields.UUID()
    name = fields.String()
    component = fields.String(allow_none=True)
    starts = fields.Date()
    ends = fields.Date()


class RateWithParts(RateOut):
    components = fields.List(fields.Nested(ComponentOut))
    brackets = fields.List(fields.Nested(BracketOut))
    holidays = fields.List(fields.Nested(HolidayOut))


class RateList(Schema):
    items = fields.List(fields.Nested(RateWithParts))


class ExemptionIn(Schema):
    reason = fields.String(required=True, validate=_NAME)
    certificate = fields.String(load_default="", validate=validate.Length(max=100))
    location_id = fields.UUID(allow_none=True)
    starts = fields.Date(allow_none=True)
    ends = fields.Date(allow_none=True, metadata={"example": None})


class ExemptionPatch(Schema):
    reason = fields.String(validate=_NAME)
    certificate = fields.String(validate=validate.Length(max=100))
    starts = fields.Date(allow_none=True)
    ends = fields.Date(allow_none=True, metadata={"example": None})


class ExemptionOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    client_id = fields.UUID()
    location_id = fields.UUID(allow_none=True)
    reason = fields.String()
    certificate = fields.String()
    starts = fields.Date(allow_none=True)
    ends = fields.Date(allow_none=True)


class ExemptionList(Schema):
    items = fields.List(fields.Nested(ExemptionOut))


class ClientFactsIn(Schema):
    region_id = fields.UUID(allow_none=True)
    tax_id = fields.String(allow_none=True, validate=validate.Length(max=40), metadata={"example": "DE136695976"})
    reverse_charge = fields.Boolean(load_default=False)
    tax_source = fields.String(allow_none=True, validate=validate.OneOf(_SOURCES), metadata={"example": None})


class ClientFactsOut(Schema):
    client_id = fields.UUID()
    version = fields.Integer()
    region_id = fields.UUID(allow_none=True)
    tax_id = fields.String(allow_none=True)
    reverse_charge = fields.Boolean()
    tax_source = fields.String(allow_none=True)


class LocationRegionIn(Schema):
    region_id = fields.UUID(required=True, allow_none=True)


class ReportQuery(Schema):
    first_day = fields.Date(metadata={"example": "2026-01-01"})
    last_day = fields.Date(metadata={"example": "2026-12-31"})
    per = fields.String(validate=validate.OneOf([one.value for one in Per]))
    dated_by = fields.String(validate=validate.OneOf([one.value for one in TaxDate]))
    region = fields.String()


class ReportLineOut(Schema):
    period = fields.String()
    currency = fields.String()
    region = fields.String(allow_none=True)
    code = fields.String()
    name = fields.String()
    percent = fields.Decimal(as_string=True)
    base = fields.Integer()
    tax = fields.Integer()
    credited_base = fields.Integer()
    credited_tax = fields.Integer()


class ReportOut(Schema):
    first_day = fields.Date()
    last_day = fields.Date()
    items = fields.List(fields.Nested(ReportLineOut), attribute="lines")


class TaxSourceIn(Schema):
    """Where the taxes of one draft are reckoned: `internal` by the rates here, `external` by amounts that are imported."""

    source = fields.String(required=True, validate=validate.OneOf(_SOURCES))


class TaxAmountIn(Schema):
    """The tax of one line. Without `percent` it is what the tax is of the line's amount."""

    line_id = fields.UUID(required=True)
    tax = fields.Integer(strict=True, required=True, validate=_AMOUNT)
    name = fields.String(validate=_NAME)
    code = fields.String(validate=validate.OneOf(_CODES))
    percent = fields.Decimal(as_string=True, allow_none=True, allow_nan=False, validate=_PERCENT)


class TaxAmountsIn(Schema):
    """Either `lines`, with the tax of every line that is taxed elsewhere, or the `tax` of all of them, which is spread over
    them by largest remainder. `reference` names what it comes from. Amounts in minor units of the draft's currency.
    """

    reference = fields.String(load_default="", validate=validate.Length(max=200))
    lines = fields.List(fields.Nested(TaxAmountIn), allow_none=True, validate=validate.Length(1), metadata={"example": None})
    tax = fields.Integer(strict=True, allow_none=True, validate=_AMOUNT, metadata={"example": 1900})
    name = fields.String(load_default="Tax", validate=_NAME)
    percent = fields.Decimal(as_string=True, allow_none=True, allow_nan=False, validate=_PERCENT)


class TaxTotalIn(Schema):
    """The tax of all lines, as a form asks for it."""

    reference = fields.String(load_default="", validate=validate.Length(max=200))
    tax = fields.Integer(strict=True, required=True, validate=_AMOUNT)
    name = fields.String(load_default="Tax", validate=_NAME)
    percent = fields.Decimal(as_string=True, allow_none=True, allow_nan=False, validate=_PERCENT)


class ImportedLineOut(Schema):
    key = fields.String(metadata={"description": "The line's position."})
    base = fields.Integer()
    tax = fields.Integer()
    name = fields.String()
    code = fields.String()
    percent = fields.Decimal(as_string=True, allow_none=True)


class DocumentTaxOut(Schema):
    """Where the taxes of a document are reckoned, and what was imported for it; `source` None follows client and tenant."""

    source = fields.String(allow_none=True)
    state = fields.String()
    reference = fields.String()
    imported_at = fields.AwareDateTime(allow_none=True)
    imported_by = fields.String()
    lines = fields.List(fields.Nested(ImportedLineOut))


class TaxAmountsImported(Schema):
    """Said when the tax amounts of a draft were imported; `tax` in minor units of `currency`."""

    document_id = fields.UUID(required=True)
    number = fields.String(required=True)
    tax = fields.Integer(required=True)
    currency = fields.String(required=True)
    reference = fields.String(required=True)
