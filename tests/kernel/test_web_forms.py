"""Forms: what was typed is read as people write it, errors stand at their fields, nothing typed is lost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, validate
from werkzeug.datastructures import MultiDict

from kernel.errors import InvalidInput
from kernel.web import formats
from kernel.web.forms import Form, error_messages, read_query
from kernel.web.i18n import speaking
from tests.kernel.web_room import pages as room
from tests.kernel.web_room.pages import CLIENT, ParcelIn

GOOD = {"client_id": str(CLIENT), "title": "Toner", "speed": "fast", "value": "10", "value--money": "EUR"}


def _load(typed: list[tuple[str, str]] | dict[str, str], zone: str = "Europe/Berlin") -> dict[str, Any]:
    return Form.read(ParcelIn, MultiDict(typed)).load(zone)


def test_rows_times_boxes_and_lists() -> None:
    data = _load([
        *GOOD.items(), ("notes", ""), ("weight", " 7.25 "), ("due_on", "2026-10-31"), ("pick_up_at", "2026-10-01T09:30"),
        ("fragile", "false"), ("fragile", "true"), ("stamps", ""), ("stamps", "red"),
        ("lines-7-description", "B"), ("lines-7-quantity", "2"), ("lines-7-rate", "9.99"), ("lines-7-rate--money", "EUR"),
        ("lines-3-description", "A"), ("lines-3-quantity", "1.5"), ("lines-4-description", " "), ("lines-4-rate--money", "EUR"),
    ])  # fmt: skip
    assert data["notes"] == ""
    assert data["weight"] == Decimal("7.25")
    assert data["due_on"] == date(2026, 10, 31)
    assert data["pick_up_at"] == datetime(2026, 10, 1, 7, 30, tzinfo=UTC)
    assert data["fragile"] is True
    assert data["stamps"] == ["red"]
    assert [line["description"] for line in data["lines"]] == ["A", "B"]
    assert data["lines"][1] == {"description": "B", "quantity": Decimal(2), "rate": 999}


def test_empty_is_missing_or_nothing_as_the_schema_says() -> None:
    data = _load(GOOD | {"weight": "", "due_on": "", "fragile": "false", "stamps": "", "lines": ""})
    assert data["weight"] is None
    assert data["due_on"] is None
    assert data["fragile"] is False
    assert data["stamps"] == []
    with pytest.raises(InvalidInput) as refused:
        _load(GOOD | {"title": "", "speed": ""})
    assert refused.value.errors == {"title": "Fill this in.", "speed": "Fill this in."}


def test_what_cannot_be_read_is_told_at_its_field() -> None:
    with pytest.raises(InvalidInput) as refused:
        _load(GOOD | {"value": "1.234", "weight": "heavy", "client_id": "x", "lines-0-description": "A",
                      "lines-0-quantity": "two"})  # fmt: skip
    errors = refused.value.errors
    assert "3 decimals" in errors["value"]
    assert errors["weight"] == "Write a number."
    assert errors["client_id"] == "Choose one from the list."
    assert errors["lines-0-quantity"] == "Write a number."


def test_germans_write_germanly() -> None:
    with speaking("de-DE"):
        data = _load(GOOD | {"value": "1.234,50", "weight": "7,25"})
        assert (data["value"], data["weight"]) == (123450, Decimal("7.25"))
        assert formats.money_entry(123450, "EUR") == "1234,50"
        assert formats.typed(Decimal("7.250")) == "7,25"
        with pytest.raises(InvalidInput):
            _load(GOOD | {"value": "1,234.50"})


@given(minor=st.integers(-(10**12), 10**12), currency=st.sampled_from(["EUR", "JPY", "KWD"]),
       locale=st.sampled_from(["en", "de", "fr", "de-CH"]))  # fmt: skip
def test_a_shown_amount_is_read_back_as_itself(minor: int, currency: str, locale: str) -> None:
    with speaking(locale):
        assert formats.read_money(formats.money_entry(minor, currency), currency) == minor


@given(value=st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-10**9, max_value=10**9),
       locale=st.sampled_from(["en", "de", "fr"]))  # fmt: skip
def test_a_shown_decimal_is_read_back_as_itself(value: Decimal, locale: str) -> None:
    with speaking(locale):
        assert Decimal(formats.read_decimal(formats.decimal_entry(value))) == value


def test_errors_of_services_find_their_fields() -> None:
    form = Form(ParcelIn, {"lines": [{"rate": 1}]})
    form.refuse(InvalidInput("Look again.", errors={"lines[0].rate": "Too dear.", "nowhere": "Odd."}))
    assert form.rows("lines")[0].error("rate") == "Too dear."
    assert form.unplaced_errors() == ["Look again.", "nowhere: Odd."]


def test_nested_messages_become_flat() -> None:
    error = ValidationError({"lines": {0: {"rate": ["Bad.", "Worse."]}}, "title": "Short."})
    assert error_messages(error) == {"lines-0-rate": "Bad. Worse.", "title": "Short."}


def test_queries_read_dates_in_the_tenants_zone_and_forget_blanks() -> None:
    args = MultiDict([("status", ""), ("sent_at__gte", "2026-10-01"), ("junk", "1")])
    query = read_query(room.ParcelQuery, args, "Europe/Berlin")
    assert query == {"sent_at__gte": datetime(2026, 9, 30, 22, tzinfo=UTC)}


def test_a_new_form_shows_what_the_schema_takes_when_nothing_is_said() -> None:
    new = Form(ParcelIn)
    assert new.value("currency") == "EUR"
    assert new.blank_row("lines").value("rate") == 0
    assert Form.read(ParcelIn, MultiDict({"title": "x"})).value("currency") is None


class _Patch(Schema):
    code = fields.String(validate=validate.Length(min=2))
    note = fields.String()
    mail = fields.Email(allow_none=True)


def test_clearing_an_optional_text_clears_it_where_that_is_allowed() -> None:
    data = Form.read(_Patch, MultiDict({"code": "", "note": "", "mail": ""})).load("UTC")
    assert data == {"note": "", "mail": None}


def test_what_an_existing_row_cannot_be_without_is_required_when_it_is_edited() -> None:
    edited = Form(_Patch, {"code": "AB", "note": "", "mail": None}, version=3)
    assert [edited.required(name) for name in ("code", "note", "mail")] == [True, False, False]
    assert not Form(_Patch).required("code")


def test_a_refused_form_comes_back_as_typed(parcels: Any) -> None:
    client = parcels.client()
    typed = GOOD | {"title": "conflict", "value": "1,234.50", "value--money": "@currency", "currency": "EUR",
                    "notes": "Ring twice", "fragile": "true", "lines-0-description": "A <b>",
                    "lines-0-quantity": "2", "lines-0-rate": "900",
                    "lines-0-rate--money": "EUR"}  # fmt: skip
    answer = client.post("/parcels/new", data=typed)
    assert answer.status_code == 422
    page = answer.text
    assert "This title is taken." in page
    assert "Too dear." in page
    for kept in ('value="1,234.50"', "Ring twice", 'value="A &lt;b&gt;"', 'value="900"', 'value="Contoso GmbH"'):
        assert kept in page
    assert room.SENT == []
    refused = client.post("/parcels/new", data=typed | {"title": "refuse"})
    assert "Parcels may not be refused." in refused.text


def test_an_edit_shows_present_values_and_sends_the_version(parcels: Any) -> None:
    client = parcels.client()
    page = client.get("/parcels/5/edit").text
    assert 'name="row_version" value="3"' in page
    assert 'value="417.25"' in page
    assert 'value="2026-10-06"' in page
    assert client.post("/parcels/5/edit", data=GOOD | {"row_version": "3"}).status_code == 303
    assert room.SENT[0]["version"] == 3


def test_the_widget_decides_how_money_is_read() -> None:
    assert _load(GOOD | {"value": "1050", "value--money": "JPY"})["value"] == 1050
    assert _load(GOOD | {"value": "1.050", "value--money": "KWD"})["value"] == 1050
    with pytest.raises(InvalidInput) as refused:
        _load(GOOD | {"value--money": "XXQ"})
    assert "value" in refused.value.errors
