"""Carol sends invoices by mail: once to each, tried until the server takes them, and the invoice says how it stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from house.stage import csrf_of
from kernel import jobs
from kernel.context import Actor
from kernel.directory.clients import get_client
from kernel.tenancy import change_settings
from plugins.billing import commands
from tests.plugins.billing.invoice_desk import draft, final, lay_out_taxes, taxed_client
from tests.post_office import PostOffice

DANA = "dana@hill.example"


def written(world: Any, address: str | None = DANA, *, finalized: bool = True) -> UUID:
    """An invoice of a client with a billing address."""
    with world.call(Actor.system()) as ctx:
        change_settings(ctx, "billing", {"seller_name": "Acme GmbH", "reply_to": "office@acme.example"})
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        get_client(ctx, client_id).billing_email = address
        ctx.session.flush()
        return (final if finalized else draft)(ctx, client_id).id


def sendings(world: Any, invoice_id: UUID) -> dict[str, str]:
    rows = world.api("carol").get(f"/api/v1/invoices/{invoice_id}/sendings").json["items"]
    return {one["recipient"]: one["state"] for one in rows}


def drain(world: Any) -> None:
    jobs.drain(world.kernel, world.tenant_id)


def test_carol_sends_an_invoice_and_sees_that_it_was_sent(posting: Any, office: PostOffice) -> None:
    invoice_id = written(posting)
    url = f"/api/v1/invoices/{invoice_id}"
    sent = posting.api("carol").post(f"{url}/send", json={})
    assert (sent.status_code, [one["state"] for one in sent.json["items"]]) == (202, ["waiting"])
    assert office.envelopes == []
    drain(posting)
    [letter] = office.letters()
    assert office.envelopes[0].rcpt_tos == [DANA]
    assert (letter["Subject"], letter["Reply-To"]) == ("Invoice INV-000001 from Acme GmbH", "office@acme.example")
    assert letter["From"].addresses[0].display_name == "Acme GmbH"
    [pdf] = letter.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content()[:5]) == ("INV-000001.pdf", b"%PDF-")
    body = letter.get_body(("plain",))
    assert body is not None
    assert "€120.00" in body.get_content()
    [told] = posting.api("carol").get(url).json["sendings"]
    assert (told["state"], told["recipient"], told["asked_by"]) == ("sent", DANA, "Carol")
    assert told["sent_at"] is not None
    assert DANA in posting.client("carol").get(f"/invoices/{invoice_id}/sendings").text


def test_a_server_that_is_away_is_tried_again_until_it_takes_the_mail(posting: Any, office: PostOffice) -> None:
    invoice_id = written(posting)
    office.answers["DATA"] = "451 Later, please"
    posting.api("carol").post(f"/api/v1/invoices/{invoice_id}/send", json={})
    drain(posting)
    [waiting] = posting.api("carol").get(f"/api/v1/invoices/{invoice_id}/sendings").json["items"]
    assert (waiting["state"], waiting["error"]) == ("waiting", "Later, please")
    assert posting.api().get(f"/api/v1/jobs/{waiting['job_id']}").json["state"] == "retrying"
    del office.answers["DATA"]
    posting.kernel.clock.advance(hours=1)
    drain(posting)
    drain(posting)
    assert len(office.envelopes) == 1
    assert sendings(posting, invoice_id) == {DANA: "sent"}


def test_who_is_refused_keeps_nobody_else_from_the_mail(posting: Any, office: PostOffice) -> None:
    invoice_id = written(posting)
    office.answers["gone@hill.example"] = "550 No such person"
    posting.api("carol").post(f"/api/v1/invoices/{invoice_id}/send", json={"to": [DANA, "gone@hill.example"]})
    drain(posting)
    assert sendings(posting, invoice_id) == {DANA: "sent", "gone@hill.example": "failed"}
    office.answers.clear()
    rows = posting.api("carol").get(f"/api/v1/invoices/{invoice_id}/sendings").json["items"]
    failed = next(one["job_id"] for one in rows if one["state"] == "failed")
    assert posting.api().post(f"/api/v1/jobs/{failed}/retry").status_code == 200
    drain(posting)
    assert [one.rcpt_tos for one in office.envelopes] == [[DANA], ["gone@hill.example"]]
    assert set(sendings(posting, invoice_id).values()) == {"sent"}


def test_what_cannot_be_sent_is_refused_with_the_reason(posting: Any) -> None:
    carol = posting.api("carol")
    unfinished = carol.post(f"/api/v1/invoices/{written(posting, finalized=False)}/send", json={})
    assert (unfinished.status_code, unfinished.json["code"]) == (409, "invoice_not_final")


def test_an_address_is_missing_or_wrong(posting: Any) -> None:
    url = f"/api/v1/invoices/{written(posting, address=None)}/send"
    nowhere = posting.api("carol").post(url, json={})
    assert (nowhere.status_code, nowhere.json["code"], list(nowhere.json["errors"])) == (422, "billing_address_missing", ["to"])
    assert posting.api("carol").post(url, json={"to": ["dana"]}).status_code == 422
    assert posting.api("bob").post(url, json={"to": [DANA]}).status_code == 403


def test_the_page_writes_the_mail_and_lets_carol_change_it(posting: Any, office: PostOffice) -> None:
    invoice_id = written(posting)
    carol = posting.client("carol")
    assert f'/invoices/{invoice_id}/send"' in carol.get(f"/invoices/{invoice_id}").text
    form = carol.get(f"/invoices/{invoice_id}/send").text
    assert DANA in form
    assert "attached is invoice INV-000001" in form
    typed = {"csrf_token": csrf_of(form), "to": f"{DANA}, edda", "message": "Thank you for September."}
    wrong = carol.post(f"/invoices/{invoice_id}/send", data=typed)
    assert wrong.status_code == 422
    assert "Thank you for September." in wrong.text
    typed["to"] = f"{DANA}, edda@hill.example"
    assert carol.post(f"/invoices/{invoice_id}/send", data=typed).status_code == 303
    drain(posting)
    assert sendings(posting, invoice_id) == {DANA: "sent", "edda@hill.example": "sent"}
    body = office.letters()[0].get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Thank you for September."


def test_without_a_mail_server_there_is_no_button_and_one_clear_sentence(acme: Any) -> None:
    invoice_id = written(acme)
    refused = acme.api("carol").post(f"/api/v1/invoices/{invoice_id}/send", json={})
    assert (refused.status_code, refused.json["code"]) == (503, "mail_not_configured")
    assert "DESKHAND_SMTP_URL" in refused.json["detail"] + refused.json["title"]
    assert f'/invoices/{invoice_id}/send"' not in acme.client("carol").get(f"/invoices/{invoice_id}").text
    assert "DESKHAND_SMTP_URL" in acme.client("carol").get(f"/invoices/{invoice_id}/send").text


def test_from_the_command_line(posting: Any, office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    written(posting)

    @contextmanager
    def here() -> Iterator[Any]:
        yield posting.kernel

    monkeypatch.setattr("cli.open_kernel", here)
    words = ["send", "INV-000001", "--tenant", posting.tenant.slug]
    done = CliRunner().invoke(commands.invoice, words, catch_exceptions=False)
    assert done.output == f"INV-000001 is on its way to {DANA}.\n"
    drain(posting)
    assert len(office.envelopes) == 1
