"""Web page of a client's billing cycle."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.directory.clients import get_client
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to
from plugins.billing.contracts.pages import CYCLES
from plugins.billing.cycles import schemas, services
from plugins.billing.cycles.words import MONTHS, WEEKDAYS, begins

pages = Pages("billing")


def _context(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    cycle = services.billing_cycle(ctx, client_id)
    return {
        "client": get_client(ctx, client_id), "cycles": CYCLES, "weekdays": WEEKDAYS, "months": MONTHS,
        "history": [{**one, "begins": begins(one)} for one in cycle["history"]],
    }  # fmt: skip


def _present(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    return {**services.billing_cycle(ctx, client_id), "starts_on": None}


@pages.form("/clients/<uuid:client_id>/billing-cycle", permission="contract.manage", schema=schemas.CycleIn,
            template="billing/client_cycle.html", initial=_present, context=_context)  # fmt: skip
def set_billing_cycle(ctx: CallContext, client_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    services.set_cycle(ctx, client_id, **data)
    return redirect_to(f"/clients/{client_id}", toast=_("Billing cycle saved."))
