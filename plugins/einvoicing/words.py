"""Words of pages for codes of the standard."""

from __future__ import annotations

from kernel.web.i18n import lazy_gettext as _l
from plugins.einvoicing.schemes import EAS

FORMS = {"pdf": _l("PDF"), "factur_x": _l("PDF with the data in it (Factur-X, ZUGFeRD)"), "ubl": _l("PDF and a UBL file")}
NAMED_SCHEMES = {
    "EM": _l("Mail address"),
    "0088": _l("GLN"),
    "0060": _l("DUNS number"),
    "0204": _l("Leitweg-ID"),
    "9914": _l("VAT id, Austria"),
    "9915": _l("Government, Austria"),
    "0208": _l("Enterprise number, Belgium"),
    "0184": _l("CVR number, Denmark"),
    "0216": _l("OVT code, Finland"),
    "9957": _l("VAT id, France"),
    "0009": _l("SIRET, France"),
    "0225": _l("Directory, France"),
    "9930": _l("VAT id, Germany"),
    "0211": _l("VAT id, Italy"),
    "0106": _l("KvK number, Netherlands"),
    "0190": _l("OIN, Netherlands"),
    "0192": _l("Organisation number, Norway"),
    "9920": _l("VAT id, Spain"),
    "0007": _l("Organisation number, Sweden"),
    "0183": _l("UID, Switzerland"),
    "9932": _l("VAT id, United Kingdom"),
}
"""Electronic Address Schemes that have a name here."""
SCHEMES = [*NAMED_SCHEMES.items(), *((code, code) for code in sorted(EAS - NAMED_SCHEMES.keys()))]
"""All of them, for forms."""
