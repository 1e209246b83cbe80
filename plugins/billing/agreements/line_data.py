"""A template's line: that of a contract, but for what only a client has, its days and place."""

from __future__ import annotations

from plugins.billing.contracts.line_form import LineForm
from plugins.billing.contracts.schemas import LineIn, LineOut, LinePatch

OF_CLIENTS = ("position", "location_id", "start_on", "end_on")


class TemplateLineIn(LineIn):
    class Meta:
        exclude = OF_CLIENTS


class TemplateLinePatch(LinePatch):
    class Meta:
        exclude = OF_CLIENTS


class TemplateLineForm(LineForm):
    class Meta:
        exclude = OF_CLIENTS


class TemplateLineOut(LineOut):
    class Meta:
        exclude = (*OF_CLIENTS, "version", "contract_id")
