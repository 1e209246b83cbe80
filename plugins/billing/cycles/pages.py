"""Web page of a client's billing cycle."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from babel.dates import get_day_names, get_month_names
from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.directory.clients import get_client
from kernel.web.i18n import babel_locale
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to
from plugins.billing.contracts.pages import CYCLES
from plugins.billing.cycles import schemas, services
from plugins.billing.cycles.words import begins

pages = Pages("billing")


def _context(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    cycle = services.billing_cycle(ctx, client_id)
    names, months = get_day_names("wide", locale=babel_locale()), get_month_names("wide", "stand-alone", locale=babel_locale())
    return {
        "client": get_client(ctx, client_id), "cycles": CYCLES, "weekdays": {str(day): names[day - 1] for day in range(1, 8)},
        "months": {str(month): months[month] for month in range(1, 13)},
        "history": [{**one, "begins": begins(one)} for one in cycle["history"]],
    }  # fmt: skip


def _present(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    return {**services.billing_cycle(ctx, client_id), "starts_on": None}


@pages.form("/clients/<uuid:client_id>/billing-cycle", permission="contract.manage", schema=schemas.CycleIn,
            template="billing/client_cycle.html", initial=_present, context=_context)  # fmt: skip
def set_billing_cycle(ctx: CallContext, client_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    services.set_cycle(ctx, client_id, **data)
    return redirect_to(f"/clients/{client_id}", toast=_("Billing cycle saved."))
