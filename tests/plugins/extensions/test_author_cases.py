"""`deskhand ext test`: an author's cases hold what the handler does, and a made-up host has the shapes of the real one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from marshmallow import RAISE

from cli import main
from kernel.plugins import Plugins
from plugins.extensions.author.errors import CaseRefused
from plugins.extensions.author.fake_host import FakeHost
from plugins.extensions.author.sdk import sdk_folder
from plugins.extensions.author.starting import create_extension
from plugins.extensions.guests.invocation import HostCall

MANUAL = "invoicing.createManualInvoice"
LINE = {"service_id": "0198c1d0-0000-7000-8000-000000000002", "quantity": "1", "description": "Visit", "rate": 9500}


EXPORTS = """
export function onEvent(event: Event): void {
  if (event.payload["priority"] === "low") throw new Error("not worth it");
  host.log.info(`${event.name} ${event.payload["number"]}`);
}

export async function collectCharges(window: ChargeWindow): Promise<Charge[]> {
  return window.clientIds.map((clientId) => (
    { clientId, description: "Metering", quantity: clientId === "odd" ? 0.1 + 0.2 : 1.5, rate: 500, currencyCode: "EUR",
      idempotencyKey: window.end }));
}

export const renderInvoice: RenderInvoice = ({ client, lines }) => ({
  format: 1,
  blocks: [{ kind: "text", text: `${client.name}: ${lines.length}` }, { kind: "totals" }],
});
"""


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An extension that bills what it is sent."""
    folder = tmp_path_factory.mktemp("author") / "orders"
    create_extension(folder, "ts")
    manifest = json.loads((folder / "deskhand.json").read_text())
    manifest |= {"capabilities": ["cap:invoice.manual.create"], "endpoints": [{"method": "POST", "path": "/", "auth": "user"}],
                 "events": ["ticket.opened"], "hooks": [{"name": "collect_charges", "on_failure": "closed"},
                                                        {"name": "render_invoice", "on_failure": "open"}]}  # fmt: skip
    (folder / "deskhand.json").write_text(json.dumps(manifest))
    (folder / "src" / "index.ts").write_text(
        """
import { type Charge, type ChargeWindow, type Event, host, json, type Request, type Response } from "@deskhand/extension-sdk";
import type { CreateManualInvoiceInput, RenderInvoice } from "@deskhand/extension-sdk";

async function* each(words: string): AsyncGenerator<string> {
  for (const word of words.split(" ")) {
    yield await word;
  }
}

export async function handler(request: Request): Promise<Response> {
  if (request.body === '"order"') {
    const seen: string[] = [];
    const late = Promise.resolve("late").then((word) => seen.push(word));
    seen.push("first");
    for await (const word of each("a b")) seen.push(word);
    await Promise.all([late, Promise.reject(new Error("caught")).catch((error: Error) => seen.push(error.message))]);
    return json(seen);
  }
  if (request.body === '"never"') {
    await new Promise(() => {});
  }
  const result = await host.invoicing.createManualInvoice(request.json() as CreateManualInvoiceInput);
  host.log.info(result.success ? `drafted ${result.invoice.invoiceNumber}` : result.error);
  return result.success ? json({ total: result.invoice.total }, 201) : json(result.fieldErrors ?? {}, 422);
}
"""
        + EXPORTS
    )
    return folder


def cases(folder: Path, *said: dict[str, Any]) -> Result:
    for old in (folder / "tests").glob("*.json"):
        old.unlink()
    (folder / "tests" / "orders.test.json").write_text(json.dumps(said))
    return CliRunner().invoke(main, ["ext", "test", str(folder)])


def posted(**changes: Any) -> dict[str, Any]:
    item = {"serviceId": LINE["service_id"], "quantity": 1, "description": "Visit", "rate": 9500}
    body = {"clientId": "0198c1d0-0000-7000-8000-000000000001", "items": [item | changes]}
    return {"method": "POST", "path": "/", "body": body}


CREATED = {
    "invoiceId": "0198c1d0-0000-7000-8000-000000000009", "invoiceNumber": "INV-7", "status": "draft", "subtotal": 9500,
    "tax": 1805, "total": 11305, "currencyCode": "EUR", "minorUnitExponent": 2, "url": "/invoices/7",
}  # fmt: skip


def test_an_authors_cases_are_run_by_the_runtime_that_serves_them(orders: Path) -> None:
    done = cases(
        orders,
        {"name": "drafts an invoice", "request": posted(), "host": {MANUAL: {"value": CREATED}},
         "expect": {"status": 201, "json": {"total": 11305}, "logs": ["drafted INV-7"],
                    "headers": {"Content-Type": "application/json"}}},
        {"name": "says what is wrong", "request": posted(rate=-1), "expect": {
            "status": 422, "json": {"items[0].rate": "Must be greater than or equal to 0."}}},
        {"name": "may not", "request": posted(), "grants": [],
         "expect": {"status": 422, "logs": ["capability_denied: grant cap:invoice.manual.create to this install"]}},
        {"name": "hears a refusal", "request": posted(), "host": {MANUAL: {"error": "tax_region_missing: set one"}},
         "expect": {"status": 422, "logs": ["tax_region_missing: set one"]}},
        {"name": "gets the plainest answer unless told otherwise", "request": posted(), "expect": {"json": {"total": 0}}},
    )  # fmt: skip
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "5 passed, 0 failed"), done.output


def test_an_async_handler_is_over_before_its_call_is(orders: Path) -> None:
    """A promise that nothing can settle any more ends the call by name instead of waiting."""
    done = cases(
        orders,
        {"name": "in the language's order", "request": posted() | {"body": '"order"'},
         "expect": {"json": ["first", "late", "a", "b", "caught"]}},
        {"name": "waits for nothing", "request": posted() | {"body": '"never"'}, "expect": {"trap": "guest_trapped"}},
    )  # fmt: skip
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "2 passed, 0 failed"), done.output


def test_events_and_hooks_are_cases_too(orders: Path) -> None:
    window = {"start": "2026-05-01", "end": "2026-06-01"}
    done = cases(
        orders,
        {"name": "listens", "event": {"name": "ticket.opened", "payload": {"number": 7}},
         "expect": {"logs": ["ticket.opened 7"]}},
        {"name": "declines", "event": {"name": "ticket.opened", "payload": {"priority": "low"}},
         "expect": {"error": "not worth it"}},
        {"name": "charges", "window": window | {"clientIds": ["c"]}, "expect": {"answer": [
            {"clientId": "c", "serviceId": None, "description": "Metering", "quantity": "1.5", "rate": 500, "currencyCode": "EUR",
             "chargedOn": None, "idempotencyKey": "2026-06-01"}]}},
        {"name": "is refused, not rounded", "window": window | {"clientIds": ["odd"]}, "expect": {
            "error": "invalid charges: [0].quantity 0.30000000000000004 is no decimal number with at most four places"}},
        {"name": "renders", "invoice": {"client": {"name": "Hill"}}, "expect": {"answer": {"format": 1, "blocks": [
            {"kind": "text", "text": "Hill: 3"}, {"kind": "totals"}]}}},
        {"name": "is no layout", "invoice": {"client": {"name": "{no.field}"}}, "expect": {}},
    )  # fmt: skip
    assert done.output.splitlines()[-1] == "5 passed, 1 failed", done.output
    assert "layout: blocks[0].text: There is no field no.field." in done.output
    both = cases(orders, {"name": "both", "request": posted(), "invoice": {}, "expect": {}})
    assert (both.exit_code, "A case has one of request, event, window, invoice." in both.output) == (1, True)


def test_assemblyscript_is_small_and_has_the_same_cases(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    create_extension(folder, "as")
    manifest = json.loads((folder / "deskhand.json").read_text()) | {
        "events": ["ticket.opened"], "capabilities": ["cap:storage.kv", "cap:ticket.write"]}  # fmt: skip
    (folder / "deskhand.json").write_text(json.dumps(manifest))
    source = folder / "assembly" / "index.ts"
    source.write_text(
        source.read_text().replace("{ json,", "{ callHost, Event, JSON, json, NewTicket, NewValue, storage, tickets,")
        + """
export function onEvent(event: Event): string | null {
  log.info(callHost("config", "keys", "{}"));
  assert(event.payload != "{}", 'nothing "in" it');
  return event.payload.includes("low") ? "nicht der Mühe wert" : typed(event);
}

function typed(event: Event): string | null {
  const value = new NewValue();
  value.namespace = "seen";
  value.key = `"${event.id}"`;
  value.ttl_seconds = JSON.Box.from<u32>(90);
  const kept = storage.put(value);
  const refused = tickets.create(new NewTicket());
  const said = `${refused.ok} ${refused.error} ${refused.fieldErrors.has("clientId")}`;
  log.info(`${kept.value.revision} ${storage.get("seen", "a").some} ${said}`);
  return null;
}
"""
    )
    event = {"name": "ticket.opened", "payload": {"priority": "high"}}
    done = cases(
        folder,
        {"name": "greets beyond ASCII", "request": {"path": "/", "query": {"name": "Jürgen 漢字 \"€\""}},
         "expect": {"status": 200, "json": {"hello": "Jürgen 漢字 \"€\""}, "headers": {"content-type": "application/json"}}},
        {"name": "takes an event", "event": event, "host": {
            "config.keys": {"value": ["ä"]}, "storage.get": {"value": None},
            "storage.put": {"value": {"key": "k", "revision": 7, "expiresAt": None}}},
         "expect": {"logs": ['{"success":true,"value":["ä"]}',
                             "7 false false invalid_input: some fields need another value true"]}},
        {"name": "declines one", "event": event | {"payload": {"priority": "low"}}, "expect": {"error": "nicht der Mühe wert"}},
        {"name": "has last words", "event": event | {"payload": {}}, "expect": {
            "trap": "guest_trapped", "logs": ['{"success":true,"value":[]}', 'nothing "in" it (assembly/index.ts:18:3)']}},
    )  # fmt: skip
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "4 passed, 0 failed"), done.output


def test_the_layout_in_the_readme_is_one_that_billing_takes(tmp_path: Path) -> None:
    """An extension of a hook alone: it serves nothing, so it has no handler of its own."""
    folder = tmp_path / "letter"
    create_extension(folder, "as")
    manifest = json.loads((folder / "deskhand.json").read_text())
    manifest |= {"endpoints": [], "hooks": [{"name": "render_invoice", "on_failure": "skip"}]}
    (folder / "deskhand.json").write_text(json.dumps(manifest))
    readme = (sdk_folder() / "assemblyscript" / "README.md").read_text()
    example = next(one for one in re.findall(r"```ts\n(.*?)```", readme, re.DOTALL) if "renderInvoice" in one)
    (folder / "assembly" / "index.ts").write_text(example)
    done = cases(folder, {"name": "prints", "invoice": {}, "expect": {}})
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "1 passed, 0 failed"), done.output


def test_a_case_that_is_not_so_fails_and_says_how(orders: Path) -> None:
    told = cases(orders, {"name": "hopes", "request": posted(), "expect": {"status": 200, "calls": []}},
                 {"name": "breaks down", "request": posted() | {"body": "no JSON"}, "expect": {"status": 200}})  # fmt: skip
    assert told.exit_code == 1
    assert "status: expected 200, got 201" in told.output
    assert 'calls: expected [], got [{"function": "invoicing.createManualInvoice", "args": {"clientId":' in told.output
    assert "stopped: guest_trapped" in told.output
    assert told.output.splitlines()[-1] == "0 passed, 2 failed"


@pytest.mark.parametrize(("case", "words"), [
    ({"request": {"path": "nowhere"}}, "A path starts with a slash."),
    ({"request": {"path": "/elsewhere"}}, "deskhand.json has no endpoint for GET /elsewhere"),
    ({"host": {"bank.rob": {"value": 1}}}, "there is no function bank.rob"),
    ({"host": {MANUAL: {"value": CREATED | {"total": "much"}}}}, "total: Not a valid integer."),
    ({"host": {MANUAL: {"value": {}, "error": "no"}}}, '{"value": …} or {"error"'),
    ({"expects": {}}, "expects: Unknown field."),
])  # fmt: skip
def test_a_case_that_cannot_be_is_refused_by_name(orders: Path, case: dict[str, Any], words: str) -> None:
    refused = cases(orders, {"name": "odd", "request": posted(), "expect": {}} | case)
    assert refused.exit_code == 1
    assert words in refused.output


def test_the_made_up_host_has_every_function_with_answers_of_its_shape() -> None:
    functions = {(one.interface, one.name): one for _, one in Plugins.discover().collect("register_host_functions")}
    host = FakeHost(functions, {})
    for (interface, name), function in functions.items():
        answer = host(HostCall(interface, name, {}, False, "cap:any"))
        assert answer == {"success": False, "error": "capability_denied: grant cap:any to this install"}
        gives = function.gives()
        plainest = host(HostCall(interface, name, {}, True, None)) if not function.takes().fields else None
        if plainest:
            gives.load({"value": plainest["value"]} if list(gives.fields) == ["value"] else plainest["value"], unknown=RAISE)
    with pytest.raises(CaseRefused):
        FakeHost(functions, {"context.current": {"value": {"tenantId": "nobody"}}})
