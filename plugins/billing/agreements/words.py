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
