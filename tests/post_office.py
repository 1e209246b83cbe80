"""A mail server for tests: takes what it is brought, except for what it was told to refuse."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from kernel.mail import MailSettings

SENDER = "Acme MSP <billing@acme.example>"


class PostOffice:
    """Keeps envelopes; `answers` says what an address, or the word DATA, is answered instead of 250."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.answers: dict[str, str] = {}

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str,
                          options: list[str]) -> str:  # fmt: skip
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" not in self.answers:
            self.envelopes.append(envelope)
        return self.answers.get("DATA", "250 OK")

    def letters(self) -> list[EmailMessage]:
        """What was taken, in order."""
        return [message_from_bytes(one.content or b"", policy=default) for one in self.envelopes]


@contextmanager
def opened(office: PostOffice, **options: Any) -> Iterator[MailSettings]:
    """The office at a free port of this machine, and how it is reached."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    controller = Controller(office, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield MailSettings("127.0.0.1", port, security="none", sender=SENDER, seconds=5)
    finally:
        controller.stop()
