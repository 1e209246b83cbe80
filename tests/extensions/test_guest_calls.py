"""A guest's calls of the host: what it may say, what it hears, and what is kept of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from plugins.extensions.errors import ArtefactMissing, ArtefactTampered, GuestsBusy, RequestTooLarge
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import Compiled
from plugins.extensions.guests.invocation import HostCall, LogLine, Outcome
from plugins.extensions.guests.limits import Limits
from plugins.extensions.guests.pool import GuestPool
from tests.extensions.guest_stage import CREATED, EVERYTHING, Host, call

CLIENT = "0198c1d0-0000-7000-8000-00000000c11e"
SERVICE = "0198c1d0-0000-7000-8000-0000000005e1"
LINE = {"serviceId": SERVICE, "quantity": 1.5, "description": "On-site visit", "rate": 9500}
INPUT = {"clientId": CLIENT, "items": [LINE], "idempotencyKey": "visit-7"}
HERE = {
    "tenant_id": "t",
    "install_id": "i",
    "extension_name": "org.deskhand.samples.invoicing-demo",
    "extension_version": "1.0.0",
    "trigger": "http",
    "request_id": "r",
    "deadline_ms": 1_800_000_000_000,
}


def answered(outcome: Outcome) -> Any:
    assert outcome.response is not None, outcome
    return json.loads(outcome.response.body)


def billing_host(**answers: Any) -> Host:
    created = {"success": True, "value": CREATED}
    return Host({"invoicing.create_manual_invoice": created, "context.current": {"success": True, "value": HERE}} | answers)


def test_the_demo_creates_a_draft_invoice(pool: GuestPool, demo: Compiled) -> None:
    host = billing_host()
    outcome = call(pool, demo.artefact, "/create-invoice", method="POST", body=json.dumps(INPUT), host=host)
    assert outcome.response is not None
    assert outcome.response.status == 201
    invoice = answered(outcome)["invoice"]
    assert (invoice["invoiceNumber"], invoice["total"], invoice["minorUnitExponent"]) == ("INV-0001", 11305, 2)
    assert [(record.name, record.outcome) for record in outcome.calls] == [
        ("config.get", "ok"),
        ("invoicing.create-manual-invoice", "ok"),
    ]
    assert outcome.logs == [LogLine("info", f"created draft invoice {CREATED['invoice_id']}")]
    sent = host.calls[-1]
    assert (sent.interface, sent.function, sent.granted) == ("invoicing", "create_manual_invoice", True)
    assert sent.args["input"] == {
        "client_id": CLIENT,
        "items": [
            {
                "service_id": SERVICE,
                "quantity": "1.5",
                "description": "On-site visit",
                "rate": 9500,
                "is_discount": False,
                "discount_type": None,
                "applies_to_item_id": None,
                "applies_to_service_id": None,
            }
        ],
        "invoice_date": None,
        "due_date": None,
        "po_number": None,
        "currency_code": None,
        "idempotency_key": "visit-7",
    }


def test_the_demo_says_where_it_runs_and_uses_its_setting(pool: GuestPool, demo: Compiled) -> None:
    host = billing_host(**{"config.get": {"success": True, "value": "Remote support"}})
    about = answered(call(pool, demo.artefact, "/", host=host))
    assert (about["install"], about["defaultDescription"]) == ("i", "Remote support")
    body = json.dumps({"clientId": CLIENT, "items": [LINE | {"description": ""}]})
    call(pool, demo.artefact, "/create-invoice", method="POST", body=body, host=host)
    assert host.calls[-1].args["input"]["items"][0]["description"] == "Remote support"


def test_field_errors_reach_the_guest_typed(pool: GuestPool, demo: Compiled) -> None:
    errors = {"items[0].serviceId": "there is no such service", "dueDate": "lies before the invoice date"}
    refused = {"success": False, "error": "invalid_input: some fields need another value", "field_errors": errors}
    host = billing_host(**{"invoicing.create_manual_invoice": refused})
    outcome = call(pool, demo.artefact, "/create-invoice", method="POST", body=json.dumps(INPUT), host=host)
    assert outcome.response is not None
    assert outcome.response.status == 422
    assert answered(outcome) == {"success": False, "error": refused["error"], "fieldErrors": errors}
    assert outcome.calls[-1].outcome == "refused"


def test_without_the_grant_the_guest_is_told_which_one_and_the_host_hears_of_it(pool: GuestPool, demo: Compiled) -> None:
    host = billing_host()
    outcome = call(
        pool,
        demo.artefact,
        "/create-invoice",
        method="POST",
        body=json.dumps(INPUT),
        host=host,
        capabilities=EVERYTHING - {"cap:invoice.manual.create"},
    )
    assert outcome.response is not None
    assert outcome.response.status == 403
    error = "capability_denied: grant cap:invoice.manual.create to this install"
    assert answered(outcome) == {"success": False, "error": error}
    assert outcome.calls[-1].outcome == "denied"
    told = host.calls[-1]
    assert (told.function, told.granted, told.args) == ("create_manual_invoice", False, {})
    assert told.capability == "cap:invoice.manual.create"


def test_a_grant_revoked_meanwhile_is_refused_by_the_host(pool: GuestPool, demo: Compiled) -> None:
    denied = {"success": False, "error": "capability_denied: grant cap:invoice.manual.create to this install"}
    host = billing_host(**{"invoicing.create_manual_invoice": denied})
    outcome = call(pool, demo.artefact, "/create-invoice", method="POST", body=json.dumps(INPUT), host=host)
    assert answered(outcome) == denied
    assert outcome.calls[-1].outcome == "denied"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": 0.1 + 0.2}, "items[0].quantity"),
        ({"quantity": 1e-7}, "items[0].quantity"),
        ({"quantity": "1,5"}, "items[0].quantity"),
        ({"rate": 95.5}, "items[0].rate"),
        ({"serviceId": None}, "items[0].serviceId"),
        ({"description": 7}, "items[0].description"),
    ],
    ids=["float noise", "too small", "comma", "half a cent", "no service", "a number as text"],
)
def test_what_cannot_cross_the_border_is_a_field_error(
    pool: GuestPool, hostile: Compiled, change: dict[str, Any], field: str
) -> None:
    host = billing_host()
    body = json.dumps({"clientId": CLIENT, "items": [LINE | change]})
    result = answered(call(pool, hostile.artefact, "/invoice", body=body, host=host))
    assert list(result["fieldErrors"]) == [field]
    assert host.calls == []


@pytest.mark.parametrize(("number", "text"), [(2, "2"), (0.25, "0.25"), (1234.5678, "1234.5678"), ("3.10", "3.10")])
def test_quantities_travel_as_their_shortest_decimal_text(
    pool: GuestPool, hostile: Compiled, number: float | str, text: str
) -> None:
    host = billing_host()
    body = json.dumps({"clientId": CLIENT, "items": [LINE | {"quantity": number}]})
    assert answered(call(pool, hostile.artefact, "/invoice", body=body, host=host))["success"]
    assert host.calls[-1].args["input"]["items"][0]["quantity"] == text


def test_date_and_random_are_the_hosts(pool: GuestPool, hostile: Compiled) -> None:
    first, second = (answered(call(pool, hostile.artefact, "/globals")) for _ in range(2))
    assert first["year"] >= 2026
    assert first["sinceEpoch"]
    assert first["isDate"]
    assert first["parsed"] == 1_770_091_506_000
    assert first["bytes"] == 16
    draws = {first["draws"][0], first["draws"][1], second["draws"][0], first["uuid"], second["uuid"]}
    assert len(draws) == 5


def test_console_lines_are_log_lines(pool: GuestPool, hostile: Compiled) -> None:
    seen, ring, error = call(pool, hostile.artefact, "/console").logs
    assert seen == LogLine("warn", 'seen {"amount":3}')
    assert ring == LogLine("info", "[object Object]"), "what is no JSON is no reason to fail"
    assert (error.level, error.message.splitlines()[0]) == ("error", "TypeError: no such order")


def test_a_request_arrives_as_it_was_sent(pool: GuestPool, hostile: Compiled) -> None:
    assert answered(call(pool, hostile.artefact, "/polite")) == {
        "method": "GET",
        "params": {"id": "7"},
        "query": {"q": "b"},
    }
    text = "Grüße, 漢字 🙂\0"
    outcome = call(pool, hostile.artefact, "/echo", body=text)
    assert outcome.response is not None
    assert outcome.response.body == text


def test_a_refusal_of_a_reading_function_is_thrown(pool: GuestPool, hostile: Compiled) -> None:
    outcome = call(pool, hostile.artefact, "/refused-config", capabilities=frozenset({"cap:log.emit"}))
    assert answered(outcome) == {
        "name": "HostRefusal",
        "message": "capability_denied: grant cap:config.read to this install",
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "broken",
    [RuntimeError("a bug of ours"), {"success": True, "value": Decimal(1)}, {"value": 1}],
    ids=["raises", "no JSON", "no envelope"],
)
def test_a_host_function_that_breaks_is_words_to_the_guest(pool: GuestPool, hostile: Compiled, broken: Any) -> None:
    outcome = call(pool, hostile.artefact, "/refused-config", host=Host({"config.get": broken}))
    assert answered(outcome)["message"].startswith("host_error:")
    assert "bug of ours" not in outcome.response.body if outcome.response else False
    assert outcome.calls[0].outcome == "failed"


def test_an_answer_of_another_shape_than_the_wit_is_our_error_not_the_guests(pool: GuestPool, hostile: Compiled) -> None:
    wrong = Host({"invoicing.create_manual_invoice": {"success": True, "value": CREATED | {"minor_unit_exponent": 900}}})
    outcome = call(pool, hostile.artefact, "/invoice", body=json.dumps(INPUT), host=wrong)
    assert outcome.trap == "host_error"


def test_the_journal_holds_every_answer_in_order(pool: GuestPool, demo: Compiled) -> None:
    outcome = call(pool, demo.artefact, "/", host=billing_host(), journal=True)
    assert outcome.journal is not None
    assert [entry[0] for entry in outcome.journal] == ["context.current", "clock.now-ms", "config.get"]
    assert outcome.journal[0][2] == {"success": True, "value": HERE}
    assert call(pool, demo.artefact, "/", host=billing_host()).journal is None


def test_a_slow_host_is_not_billed_to_the_guest(pool: GuestPool, demo: Compiled) -> None:
    pause = threading.Event()

    def slow(host_call: HostCall) -> Mapping[str, Any]:
        pause.wait(0.6)
        return billing_host()(host_call)

    outcome = call(pool, demo.artefact, "/", host=slow, limits=Limits(cpu_seconds=0.5, wall_seconds=0.5))
    assert outcome.ok, outcome
    assert outcome.host_seconds > 0.5


def test_calls_of_many_threads_do_not_mix(pool: GuestPool, hostile: Compiled) -> None:
    answers: dict[int, str] = {}

    def ask(number: int) -> None:
        host = Host({"config.get": {"success": True, "value": f"color {number}"}})
        answers[number] = answered(call(pool, hostile.artefact, "/refused-config", host=host))["value"]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: f"color {number}" for number in range(12)}


def test_a_full_queue_answers_busy(store: ArtefactStore, hostile: Compiled) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hold(_call: HostCall) -> Mapping[str, Any]:
        entered.set()
        leave.wait(30)
        return {"success": True, "value": None}

    with GuestPool(store, size=1, queue=0) as small:
        holder = threading.Thread(target=call, args=(small, hostile.artefact, "/refused-config"), kwargs={"host": hold})
        holder.start()
        assert entered.wait(30)
        with pytest.raises(GuestsBusy, match="queue is full"):
            call(small, hostile.artefact, "/polite")
        leave.set()
        holder.join()
        assert call(small, hostile.artefact, "/polite").ok


def test_a_worker_is_replaced_after_enough_calls(store: ArtefactStore, hostile: Compiled) -> None:
    with GuestPool(store, size=1, recycle_after=2) as short_lived:
        assert call(short_lived, hostile.artefact, "/polite").ok
        assert len(short_lived.idle_workers()) == 1
        assert call(short_lived, hostile.artefact, "/polite").ok
        assert short_lived.idle_workers() == ()


def test_too_large_a_request_is_refused_before_a_worker_sees_it(pool: GuestPool, hostile: Compiled) -> None:
    with pytest.raises(RequestTooLarge):
        call(pool, hostile.artefact, "/echo", body="x" * (2 << 20))


def test_a_changed_artefact_is_not_loaded(store: ArtefactStore, hostile: Compiled, tmp_path: Any) -> None:
    folder = tmp_path / "artefacts"
    twin = ArtefactStore(folder, b"a secret of thirty-two bytes ...")
    for kind in ("cwasm", "json"):
        name = f"{hostile.artefact}.{kind}"
        (folder / name).write_bytes((store.folder / name).read_bytes())
    code = folder / f"{hostile.artefact}.cwasm"
    flipped = bytearray(code.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    code.write_bytes(flipped)
    with GuestPool(twin, size=1) as pool:
        with pytest.raises(ArtefactTampered):
            call(pool, hostile.artefact, "/polite")
        with pytest.raises(ArtefactMissing):
            call(pool, "0" * 64, "/polite")
