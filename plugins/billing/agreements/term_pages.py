"""Web pages of contracts' price schedules and discounts; they are listed on the contract's own page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to
from plugins.billing.agreements import discounts, price_schedules
from plugins.billing.agreements import term_schemas as schemas
from plugins.billing.agreements.price_schedules import BY_PIECE
from plugins.billing.contracts import lines, services
from plugins.billing.due.values import GOODS

pages = Pages("billing")
_CONTRACT = "/contracts/<uuid:contract_id>"
_PRICE = f"{_CONTRACT}/scheduled-prices/<uuid:scheduled_price_id>"
_DISCOUNT = f"{_CONTRACT}/discounts/<uuid:discount_id>"


def _line_context(ctx: CallContext, contract_id: UUID, line_id: UUID) -> dict[str, Any]:
    agreed = lines.get_line(ctx, contract_id, line_id)
    return {"contract": agreed.contract, "line": agreed.line, "items": [one.item_id for one in agreed.items], "price": None}


def _new_price(ctx: CallContext, contract_id: UUID, line_id: UUID) -> dict[str, Any]:
    agreed = lines.get_line(ctx, contract_id, line_id)
    one = agreed.items[0].item_id if len(agreed.items) == 1 and agreed.line.kind in BY_PIECE else None
    return {"start_on": ctx.today(), "item_id": one}


@pages.form(f"{_CONTRACT}/lines/<uuid:line_id>/prices/new", permission="contract.manage", schema=schemas.PriceOfLineIn,
            template="billing/scheduled_price_form.html", initial=_new_price, context=_line_context)  # fmt: skip
def new_price(ctx: CallContext, contract_id: UUID, line_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    price_schedules.add_price(ctx, contract_id, line_id=line_id, **data)
    return redirect_to(f"/contracts/{contract_id}", toast=_("The price counts for periods that begin from then on."))


def _price_context(ctx: CallContext, contract_id: UUID, scheduled_price_id: UUID) -> dict[str, Any]:
    price = price_schedules.get_price(ctx, contract_id, scheduled_price_id)
    return _line_context(ctx, contract_id, price.line_id) | {"price": price}


def _present_price(ctx: CallContext, contract_id: UUID, scheduled_price_id: UUID) -> Any:
    return price_schedules.get_price(ctx, contract_id, scheduled_price_id)


@pages.form(f"{_PRICE}/edit", permission="contract.manage", schema=schemas.PricePatch,
            template="billing/scheduled_price_form.html", initial=_present_price, context=_price_context,
            if_match=True)  # fmt: skip
def edit_price(
    ctx: CallContext, contract_id: UUID, scheduled_price_id: UUID, data: dict[str, Any], version: int | None
) -> ResponseReturnValue:
    price_schedules.change_price(ctx, contract_id, scheduled_price_id, data, version)
    return redirect_to(f"/contracts/{contract_id}", toast=_("Saved; what is billed already stays as it is."))


@pages.post(f"{_PRICE}/delete", permission="contract.manage")
def delete_price(ctx: CallContext, contract_id: UUID, scheduled_price_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    price_schedules.delete_price(ctx, contract_id, scheduled_price_id)
    return redirect_to(f"/contracts/{contract_id}", toast=_("The line's own price counts again."))


def _discount_context(ctx: CallContext, contract_id: UUID, discount_id: UUID | None = None) -> dict[str, Any]:
    agreed = services.list_lines(ctx, contract_id)
    choices = [(one.line.id, one.line.name) for one in agreed if one.line.kind not in GOODS]
    found = discounts.get_discount(ctx, contract_id, discount_id) if discount_id else None
    return {"contract": services.get_contract(ctx, contract_id), "discount": found, "lines": choices}


def _new_discount(ctx: CallContext, contract_id: UUID) -> dict[str, Any]:
    return {"start_on": ctx.today().replace(day=1)}


@pages.form(f"{_CONTRACT}/discounts/new", permission="contract.manage", schema=schemas.DiscountIn,
            template="billing/contract_discount_form.html", initial=_new_discount, context=_discount_context)  # fmt: skip
def new_discount(ctx: CallContext, contract_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    discounts.add_discount(ctx, contract_id, **data)
    return redirect_to(f"/contracts/{contract_id}", toast=_("The discount counts for periods that begin from then on."))


def _present_discount(ctx: CallContext, contract_id: UUID, discount_id: UUID) -> Any:
    return discounts.get_discount(ctx, contract_id, discount_id)


@pages.form(f"{_DISCOUNT}/edit", permission="contract.manage", schema=schemas.DiscountPatch,
            template="billing/contract_discount_form.html", initial=_present_discount, context=_discount_context,
            if_match=True)  # fmt: skip
def edit_discount(
    ctx: CallContext, contract_id: UUID, discount_id: UUID, data: dict[str, Any], version: int | None
) -> ResponseReturnValue:
    discounts.change_discount(ctx, contract_id, discount_id, data, version)
    return redirect_to(f"/contracts/{contract_id}", toast=_("Saved; what is billed already stays as it is."))


@pages.post(f"{_DISCOUNT}/delete", permission="contract.manage")
def delete_discount(ctx: CallContext, contract_id: UUID, discount_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    discounts.delete_discount(ctx, contract_id, discount_id)
    return redirect_to(f"/contracts/{contract_id}", toast=_("The discount is taken back for what is not billed."))
