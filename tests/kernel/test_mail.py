"""Acme's mails leave whole and once, and a refusal says whether trying again is any use."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from kernel.errors import StartupError
from kernel.mail import (
    Attachment,
    Mail,
    MailDelayed,
    MailInvalid,
    MailLoginRefused,
    MailNotConfigured,
    MailRefused,
    MailSettings,
    build,
    send,
)
from tests.post_office import SENDER, PostOffice, opened

HELLO = Mail(to=("Dana Öz <dana@client.example>",), subject="Rechnung für März – 10 €", text="Grüße\n", html="<p>Grüße")


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def server(office: PostOffice) -> Iterator[MailSettings]:
    with opened(office) as settings:
        yield settings


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that signs itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


def _server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def test_a_mail_arrives_as_it_was_written(office: PostOffice, server: MailSettings) -> None:
    pdf = Attachment("Rechnung März.pdf", "application/pdf", b"%PDF-1.7 \x00\xff")
    mail = replace(HELLO, cc=("bob@acme.example",), bcc=("carol@acme.example",), reply_to="desk@acme.example",
                   headers={"In-Reply-To": "<1@client.example>"}, attachments=(pdf,))  # fmt: skip
    send(server, mail)
    [letter] = office.letters()
    assert office.envelopes[0].rcpt_tos == ["dana@client.example", "bob@acme.example", "carol@acme.example"]
    assert letter["Subject"] == "Rechnung für März – 10 €"
    assert letter["To"].addresses[0].display_name == "Dana Öz"
    assert letter["From"] == SENDER
    assert (letter["Reply-To"], letter["In-Reply-To"]) == ("desk@acme.example", "<1@client.example>")
    assert letter["Message-ID"] == f"<{mail.id}@acme.example>"
    assert "carol" not in str(letter)
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert html is not None
    assert (text.get_content().strip(), html.get_content().strip()) == ("Grüße", "<p>Grüße")
    [attached] = letter.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("Rechnung März.pdf", pdf.data)


def test_a_mail_survives_the_ledger() -> None:
    mail = replace(HELLO, attachments=(Attachment("a.bin", "application/octet-stream", bytes(range(256))),))
    assert Mail.from_dict(json.loads(json.dumps(mail.to_dict()))) == mail
    assert Mail.from_dict({"to": ["dana@client.example"], "subject": "Hi", "text": "Hi"}).recipients == ("dana@client.example",)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": "Hi\r\nBcc: everyone@client.example"}, "subject"),
        ({"to": ("dana@client.example\r\nBcc: eve@evil.example",)}, "to"),
        ({"to": ("Dana\r\nBcc: eve@evil.example <dana@client.example>",)}, "to"),
        ({"to": ("dana@client.example, eve@evil.example",)}, "to"),
        ({"to": ("dana",)}, "to"),
        ({"to": ("dana@",)}, "to"),
        ({"to": ("a@b@c.example",)}, "to"),
        ({"cc": ("",)}, "cc"),
        ({"sender": "nobody"}, "sender"),
        ({"reply_to": "x\n@y.example"}, "reply_to"),
        ({"headers": {"Bcc": "eve@evil.example"}}, "headers"),
        ({"headers": {"References": "<1@x>\r\nBcc: eve@evil.example"}}, "references"),
        ({"attachments": (Attachment("a", "text/plain\r\nX: y", b""),)}, "attachments"),
    ],
)
def test_nothing_breaks_out_of_its_header(change: dict[str, Any], field: str) -> None:
    with pytest.raises(MailInvalid) as caught:
        build(replace(HELLO, **change), SENDER)
    assert list(caught.value.errors) == [field]


def test_a_file_name_cannot_break_out_either() -> None:
    message = build(replace(HELLO, attachments=(Attachment("a\r\nBcc: eve@evil.example", "text/plain", b""),)), SENDER)
    assert "\nBcc:" not in message.as_string().replace("\r", "")


def test_a_domain_may_be_written_in_any_script() -> None:
    assert build(replace(HELLO, to=("dana@bücher.example",)), SENDER)["To"] == "dana@xn--bcher-kva.example"


def test_a_mail_without_recipient_or_server_is_not_tried(server: MailSettings) -> None:
    with pytest.raises(MailInvalid, match="no recipient"):
        send(server, replace(HELLO, to=()))
    with pytest.raises(MailNotConfigured):
        send(MailSettings.parse("", SENDER), HELLO)


@pytest.mark.parametrize(
    ("step", "answer", "error"),
    [
        ("dana@client.example", "550 no such person", MailRefused),
        ("dana@client.example", "450 come back later", MailDelayed),
        ("DATA", "554 looks like spam", MailRefused),
        ("DATA", "451 disk full", MailDelayed),
    ],
)
def test_a_refusal_says_whether_to_try_again(
    office: PostOffice, server: MailSettings, step: str, answer: str, error: type[MailRefused | MailDelayed]
) -> None:
    office.answers[step] = answer
    with pytest.raises(error) as caught:
        send(server, HELLO)
    assert caught.value.retryable is (error is MailDelayed)
    assert answer[4:] in caught.value.detail + str(caught.value.errors)


def test_only_those_still_waiting_are_tried_again(office: PostOffice, server: MailSettings) -> None:
    mail = replace(HELLO, cc=("bob@acme.example",))
    office.answers["bob@acme.example"] = "450 greylisted"
    with pytest.raises(MailDelayed) as caught:
        send(server, mail)
    office.answers.clear()
    send(server, mail.only_for(caught.value.errors))
    assert [one.rcpt_tos for one in office.envelopes] == [["dana@client.example"], ["bob@acme.example"]]
    assert [letter["Cc"] for letter in office.letters()] == ["bob@acme.example"] * 2


def test_no_server_means_later(server: MailSettings) -> None:
    with pytest.raises(MailDelayed):
        send(replace(server, port=_free_port()), HELLO)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailDelayed):
        send(replace(server, port=silent.getsockname()[1], seconds=0.2), HELLO)


def test_starttls_is_required_unless_switched_off(office: PostOffice, server: MailSettings, certificate: Path) -> None:
    with pytest.raises(MailRefused, match="STARTTLS"):
        send(replace(server, security="starttls"), HELLO)
    with opened(office, tls_context=_server_tls(certificate)) as settings:
        send(replace(settings, security="starttls", ca_file=str(certificate)), HELLO)
        with pytest.raises(MailDelayed, match="certificate"):
            send(replace(settings, security="starttls"), HELLO)
    assert len(office.envelopes) == 1


def test_tls_from_the_first_byte_with_name_and_password(office: PostOffice, certificate: Path) -> None:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any) -> AuthResult:
        return AuthResult(success=(login.login, login.password) == (b"acme", b"p@ss"), handled=False)

    options = {"authenticator": check, "auth_require_tls": False}
    with opened(office, ssl_context=_server_tls(certificate), **options) as settings:
        ours = replace(settings, security="tls", ca_file=str(certificate), user="acme")
        send(replace(ours, password="p@ss"), HELLO)
        with pytest.raises(MailLoginRefused):
            send(replace(ours, password="wrong"), HELLO)
    assert len(office.envelopes) == 1


def test_the_server_is_read_from_its_url() -> None:
    one = MailSettings.parse("smtp://us%40er:p%3Ass@mail.example", SENDER)
    assert one == MailSettings("mail.example", 587, "us@er", "p:ss", "starttls", SENDER)
    two = MailSettings.parse("smtps://mail.example", SENDER)
    assert (two.port, two.security) == (465, "tls")
    three = MailSettings.parse("smtp://localhost:2525?security=none", SENDER)
    assert (three.port, three.security) == (2525, "none")
    assert "p:ss" not in repr(one)
    for bad in (
        "http://mail.example",
        "mail.example:25",
        "smtp://",
        "smtp://mail.example:port",
        "smtp://mail.example?security=maybe",
    ):
        with pytest.raises(StartupError, match="DESKHAND_SMTP_URL"):
            MailSettings.parse(bad, SENDER)
