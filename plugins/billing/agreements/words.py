"""What pages call the codes of agreements."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.web.i18n import LazyText
from kernel.web.i18n import lazy_gettext as _l

RENEWAL_MODES: Mapping[str, LazyText] = {
    "none": _l("Not renewed"),
    "manual": _l("Somebody decides"),
    "auto": _l("Renewed by itself"),
}
PO_POLICIES: Mapping[str, LazyText] = {
    "park": _l("Do not bill beyond it"),
    "warn": _l("Bill beyond it, and show it"),
}
ORDER_STATES: Mapping[str, tuple[LazyText, str]] = {
    "open": (_l("Open"), "success"),
    "nearly": (_l("Nearly used up"), "warning"),
    "exceeded": (_l("Exceeded"), "danger"),
}
