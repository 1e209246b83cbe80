"""What the catalog's choices are called on pages."""

from __future__ import annotations

from kernel.web.i18n import lazy_gettext as _l

KINDS = {"service": (_l("Service"), "info"), "product": (_l("Product"), "neutral"), "license": (_l("License"), "warning")}
METHODS = {
    "fixed": (_l("Fixed"), "neutral"),
    "hourly": (_l("By the hour"), "neutral"),
    "usage": (_l("By usage"), "neutral"),
    "per_unit": (_l("By the piece"), "neutral"),
}
TAXES = {
    "standard": (_l("Standard rate"), "neutral"),
    "reduced": (_l("Reduced rate"), "neutral"),
    "exempt": (_l("Exempt"), "neutral"),
}
TERMS = {"monthly": (_l("Monthly"), "neutral"), "annual": (_l("Annual"), "neutral"), "perpetual": (_l("Perpetual"), "neutral")}
CADENCES = {"monthly": (_l("Every month"), "neutral"), "annual": (_l("Every year"), "neutral")}
STATES = {"true": (_l("Active"), "success"), "false": (_l("Inactive"), "neutral")}
STANDINGS = {"past": (_l("Past"), "done"), "current": (_l("In force"), "success"), "coming": (_l("Coming"), "info")}
CHOICES = {
    "kinds": KINDS, "methods": METHODS, "taxes": TAXES, "terms": TERMS, "cadences": CADENCES, "states": STATES,
    "standings": STANDINGS,
}  # fmt: skip
