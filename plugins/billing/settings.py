"""What a tenant decides about its invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from kernel.hookspecs.tax import DiscountRule, TaxLevel, TaxPolicy
from kernel.money import Rounding
from plugins.billing.errors import NumberPatternInvalid
from plugins.billing.patterns import check_pattern, same_numbers

if TYPE_CHECKING:
    from kernel.context import CallContext


def _pattern(text: str) -> None:
    try:
        check_pattern(text)
    except NumberPatternInvalid as error:
        raise ValidationError(error.detail) from error


def _days(text: str) -> None:
    numbers = [one.strip() for one in text.split(",") if one.strip()]
    if len(numbers) > 10 or not all(one.isdecimal() and 0 <= int(one) <= 365 for one in numbers):
        raise ValidationError("Write up to ten numbers of days, such as 30, 7, 1.")


def _address(text: str) -> None:
    if text:
        validate.Email(error="Write an address like billing@example.com, or nothing.")(text)


class BillingSettings(Schema):
    """Rounding and discount rules, numbering, terms of payment, and what the seller prints on an invoice."""

    @validates_schema
    def _tell_series_apart(self, data: dict[str, Any], **_: Any) -> None:
        """No two documents have the same number, whatever they are."""
        seen: list[str] = []
        for name in ("invoice_pattern", "credit_note_pattern", "prepayment_pattern"):
            if any(same_numbers(data[name], one) for one in seen):
                raise ValidationError(
                    "Another kind of document is numbered like this already; begin it with other letters.", name
                )
            seen.append(data[name])

    rounding_mode = fields.Enum(Rounding, by_value=True, load_default=Rounding.HALF_UP,
                                metadata={"title": "Rounding", "description": "Of fractions of the smallest coin.", "choices": {
                                    "half_up": "Half up: 0.5 becomes 1", "half_even": "Half to even (bankers' rounding)",
                                    "up": "Always up", "down": "Always down"}})  # fmt: skip
    rounding_level = fields.Enum(TaxLevel, by_value=True, load_default=TaxLevel.TAX_GROUP,
                                 metadata={"title": "Tax is rounded", "choices": {
                                     "line": "On each line", "tax_group": "Once for each rate (EN 16931)",
                                     "invoice": "Once on the whole invoice"}})  # fmt: skip
    discount_rule = fields.Enum(DiscountRule, by_value=True, load_default=DiscountRule.REDUCE_TAXABLE_BASE,
                                metadata={"title": "Discounts", "choices": {
                                    "reduce_taxable_base": "Lower the amount that is taxed",
                                    "ignore": "Leave the taxed amount as it is"}})  # fmt: skip
    number_at = fields.String(load_default="draft", validate=validate.OneOf(["draft", "finalize"]),
                              metadata={"title": "An invoice gets its number", "choices": {
                                  "draft": "When it is drafted", "finalize": "When it is final, without gaps"}})  # fmt: skip
    invoice_pattern = fields.String(load_default="INV-{n:06}", validate=_pattern,
                                    metadata={"description": "{n}: the number; {n:06}: in six digits; {year}."})  # fmt: skip
    credit_note_pattern = fields.String(load_default="CN-{n:06}", validate=_pattern,
                                        metadata={"description": "The same for credit notes."})  # fmt: skip
    prepayment_pattern = fields.String(load_default="PRE-{n:06}", validate=_pattern,
                                       metadata={"description": "The same for prepayments."})  # fmt: skip
    prepayment_credit = fields.String(load_default="payment", validate=validate.OneOf(["payment", "finalize"]), metadata={
        "title": "A prepayment becomes a credit", "choices": {
            "payment": "As it is paid", "finalize": "When it is final, before it is paid"}})  # fmt: skip
    credit_auto_apply = fields.Boolean(
        load_default=True,
        metadata={
            "title": "Use credits by themselves",
            "description": "Invoices are paid from the client's credits when they become final.",
        },
    )
    credit_order = fields.String(
        load_default="expiration_first", validate=validate.OneOf(["expiration_first", "oldest_first", "newest_first"]),
        metadata={"title": "Credits are used", "choices": {
            "expiration_first": "Those that end first", "oldest_first": "The oldest first", "newest_first": "The newest first"}},
    )  # fmt: skip
    credit_expiry_days = fields.Integer(load_default=0, validate=validate.Range(0, 3650), metadata={
        "title": "Days until a credit expires", "description": "0: never."})  # fmt: skip
    credit_expiry_covers = fields.String(load_default="granted", validate=validate.OneOf(["granted", "all"]), metadata={
        "title": "Credits that expire", "choices": {
            "granted": "Granted and prepaid ones", "all": "All, also what was paid too much or credited"}})  # fmt: skip
    credit_notice_days = fields.String(
        load_default="30, 7, 1",
        validate=_days,
        metadata={
            "title": "Notice of expiring credits",
            "description": "Days before the last day, such as 30, 7, 1; nothing: none.",
        },
    )
    credit_notice_mail = fields.Boolean(load_default=False, metadata={
        "title": "Tell clients by mail", "description": "Sends these notices to the client's billing address."})  # fmt: skip
    runs_finalize = fields.Boolean(load_default=False, metadata={
        "title": "Runs finalize what they write",
        "description": "Without it a run writes drafts, for somebody to look at first."})  # fmt: skip
    zero_invoices = fields.String(load_default="normal", validate=validate.OneOf(["normal", "finalize", "suppress"]), metadata={
        "title": "A run finds an invoice of zero", "choices": {
            "normal": "It is drafted like others", "finalize": "It is final at once",
            "suppress": "Without work or amounts it is not written, its periods are closed; else it is drafted"}})  # fmt: skip
    below_zero = fields.String(load_default="park", validate=validate.OneOf(["park", "credit_note"]), metadata={
        "title": "A run finds an invoice below zero", "choices": {
            "park": "The client is parked", "credit_note": "A credit note is drafted"}})  # fmt: skip
    reminders = fields.Boolean(load_default=False, metadata={
        "title": "Remind clients of overdue invoices",
        "description": "Each night, by mail, by the levels of reminders."})  # fmt: skip
    unapproved_time = fields.String(load_default="roll_over", validate=validate.OneOf(["roll_over", "block"]), metadata={
        "title": "Work that nobody has approved", "choices": {
            "roll_over": "Is billed by the first run after its approval", "block": "Parks its client until it is approved"},
    })  # fmt: skip
    most_on_a_day = fields.Integer(load_default=2000, validate=validate.Range(0, 100_000), metadata={
        "title": "Most items of one client on one day",
        "description": "Time entries, materials and usage; a run parks a client with more. 0: no bound."})  # fmt: skip
    largest_jump = fields.Integer(load_default=10, validate=validate.Range(0, 1000), metadata={
        "title": "Largest jump of a client's amount",
        "description": "A run parks a client who owes more than so many times what the last one billed. 0: none."})  # fmt: skip
    renewal_ahead_days = fields.Integer(load_default=30, validate=validate.Range(0, 365),
                                        metadata={"title": "Renewals are listed ahead", "description":
                                                  "Days before the last day on which somebody may decide."})  # fmt: skip
    seller_name = fields.String(load_default="", validate=validate.Length(max=200))
    seller_address = fields.String(load_default="", validate=validate.Length(max=1000))
    seller_postal_code = fields.String(load_default="", validate=validate.Length(max=20), metadata={
        "description": "For invoices as data; the printed address has it too."})  # fmt: skip
    seller_city = fields.String(load_default="", validate=validate.Length(max=100), metadata={
        "description": "For invoices as data; the printed address has it too."})  # fmt: skip
    seller_country = fields.String(load_default="", validate=validate.Regexp(r"^([A-Z]{2})?$", error="Two capital letters."),
                                   metadata={"description": "Two letters, such as AT; invoices as data need it."})  # fmt: skip
    seller_tax_id = fields.String(load_default="", validate=validate.Length(max=64))
    bank_lines = fields.String(load_default="", validate=validate.Length(max=1000),
                               metadata={"description": "How to pay: one line each, such as IBAN: AT61 …"})  # fmt: skip
    reply_to = fields.String(load_default="", validate=_address,
                             metadata={"description": "Where clients' answers to invoices sent by mail go."})  # fmt: skip
    footer = fields.String(load_default="", validate=validate.Length(max=1000))


def billing_settings(ctx: CallContext) -> dict[str, Any]:
    """The tenant's settings of this room."""
    from kernel.tenancy import get_settings

    return get_settings(ctx, "billing")


def tax_policy(settings: dict[str, Any]) -> TaxPolicy:
    """The rounding and discount rules as the tax provider takes them."""
    return TaxPolicy(settings["rounding_mode"], settings["rounding_level"], settings["discount_rule"])
