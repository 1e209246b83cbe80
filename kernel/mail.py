"""Mail out: what a message is, putting it into the job ledger, and handing it to an SMTP server.

`queue_mail` writes one job `mail.send` for each recipient, in the transaction of what the mail tells of; the job calls
`send` and is tried again while the server is away. So no mail is lost, and each recipient is served alone. A worker that
dies after the server took the message and before that is written down sends it again: SMTP has no way to ask. Both
copies have the same Message-ID, by which mail programs know them for one.
"""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import idna

from kernel.clock import SystemClock
from kernel.errors import InvalidInput, Refused, StartupError, Unavailable
from kernel.ids import uuid7

if TYPE_CHECKING:
    from kernel.context import CallContext

Security = Literal["starttls", "tls", "none"]
DEFAULT_PORTS: Mapping[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
MAIL_JOB = "mail.send"
MAX_ATTACHED = 15 * 1024 * 1024
"""Bytes of all attachments; with the third that base64 adds, what most servers take at the least."""
EXTRA_HEADERS = frozenset({"in-reply-to", "references", "list-unsubscribe", "list-unsubscribe-post", "auto-submitted"})

_URL_FORM = "DESKHAND_SMTP_URL must look like smtp://user:password@host:587 or smtps://host."
_LISTS = ("to", "cc", "bcc", "still_for")
_SPEC = r"[^\s<>()\[\]:;@\\,\"\x00-\x1f]+@[^\s<>()\[\]:;@\\,\"\x00-\x1f]+"
_ADDRESS = re.compile(rf'\s*(?:"?(?P<name>[^<>"\x00-\x1f]*)"?\s*<(?P<angled>{_SPEC})>|(?P<bare>{_SPEC}))\s*')


class MailInvalid(InvalidInput):
    """The message cannot be built: a bad address, or a header that would break out of its line."""

    code = "mail_invalid"
    title = "This mail cannot be sent as it is"


class MailNotConfigured(Unavailable):
    code = "mail_not_configured"
    title = "No mail server is set; fill in DESKHAND_SMTP_URL"


class MailDelayed(Unavailable):
    """The server did not take the message now; it may be tried again.

    When `errors` names addresses, only those still wait: try again with `mail.only_for(error.errors)`.
    """

    code = "mail_delayed"
    title = "The mail server cannot take the mail now"
    retryable: ClassVar[bool] = True


class MailRefused(Refused):
    """The server will not take this message, or not for the recipients named in `errors`; trying again is no use.

    Recipients that are not named did get it.
    """

    code = "mail_refused"
    title = "The mail server refused the mail"
    retryable: ClassVar[bool] = False


class MailLoginRefused(MailRefused):
    code = "mail_login_refused"
    title = "The mail server refused our name and password"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail. `data` are its bytes."""

    filename: str
    content_type: str
    data: bytes = field(repr=False)

    def to_dict(self) -> dict[str, str]:
        data = base64.b64encode(self.data).decode()
        return {"filename": self.filename, "content_type": self.content_type, "data": data}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        return cls(value["filename"], value["content_type"], base64.b64decode(value["data"]))


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as plain data. Addresses are `name@host` or `Name <name@host>`; `sender` empty: the installation's.

    `id` becomes the Message-ID, so a message that is tried twice is known to be one.
    `still_for` names the addresses to deliver to when the others already have the message.
    """

    to: tuple[str, ...]
    subject: str
    text: str
    html: str = ""
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    sender: str = ""
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    id: str = field(default_factory=lambda: str(uuid7()))
    still_for: tuple[str, ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        return self.still_for or (*self.to, *self.cc, *self.bcc)

    def only_for(self, addresses: Iterable[str]) -> Self:
        """The same message, to be delivered to these addresses only."""
        return replace(self, still_for=tuple(addresses))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, for the job ledger; `from_dict` reads it."""
        lists = {name: list(getattr(self, name)) for name in _LISTS}
        plain = {"subject": self.subject, "text": self.text, "html": self.html, "sender": self.sender,
                 "reply_to": self.reply_to, "id": self.id}  # fmt: skip
        attachments = [one.to_dict() for one in self.attachments]
        return {**lists, **plain, "headers": dict(self.headers), "attachments": attachments}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        attachments = tuple(Attachment.from_dict(one) for one in value.get("attachments", ()))
        lists = {name: tuple(value.get(name, ())) for name in _LISTS}
        return cls(**{**value, **lists, "attachments": attachments})


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How to reach the mail server. `host` empty: mail is not configured. `seconds` bounds each network step."""

    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    security: Security = "starttls"
    sender: str = "deskhand@localhost"
    seconds: float = 20.0
    ca_file: str = ""

    @classmethod
    def parse(cls, url: str, sender: str) -> Self:
        """Read `smtp://user:password@host:587` (STARTTLS required), `smtps://` (TLS from the first byte), or either
        with `?security=none` and `?ca_file=/path`. Raises StartupError."""
        if not url:
            return cls(sender=sender)
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise StartupError(_URL_FORM) from None  # the message would repeat the password
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise StartupError(_URL_FORM)
        query = parse_qs(parts.query)
        security = _security(query.get("security", ["tls" if parts.scheme == "smtps" else "starttls"])[0])
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port or DEFAULT_PORTS[security], user, password, security, sender,
                   ca_file=query.get("ca_file", [""])[0])  # fmt: skip


def _security(word: str) -> Security:
    for one in DEFAULT_PORTS:
        if word == one:
            return one
    raise StartupError(f"DESKHAND_SMTP_URL has security={word}; write starttls, tls or none.")


def build(mail: Mail, default_sender: str) -> EmailMessage:
    """The message as RFC 5322 wants it, plain text with HTML as alternative. Raises MailInvalid naming the field."""
    message = EmailMessage(policy=SMTP)
    sender = _address("sender", mail.sender or default_sender)
    _set_header(message, "From", sender)
    for name, values in (("To", mail.to), ("Cc", mail.cc), ("Reply-To", (mail.reply_to,) if mail.reply_to else ())):
        if values:
            _set_header(message, name, tuple(_address(name.lower().replace("-", "_"), one) for one in values))
    _set_header(message, "Subject", mail.subject)
    _set_header(message, "Date", format_datetime(SystemClock().now()))
    _set_header(message, "Message-ID", f"<{mail.id}@{sender.domain}>")
    for name, value in mail.headers.items():
        if name.lower() not in EXTRA_HEADERS:
            raise MailInvalid(f"The header {name!r} may not be set.", errors={"headers": name})
        _set_header(message, name, value)
    _set_body(message, mail)
    return message


def queue_mail(ctx: CallContext, mail: Mail) -> dict[str, UUID]:
    """Send a message once the caller's transaction has committed; returns the job of each recipient. The event `mail.sent`
    tells when the server has taken it for one.

    Raises MailNotConfigured, and MailInvalid naming the field.
    """
    from kernel.jobs import enqueue

    if not ctx.kernel.mail.host:
        raise MailNotConfigured
    build(mail, ctx.kernel.mail.sender)
    if sum(len(one.data) for one in mail.attachments) > MAX_ATTACHED:
        raise MailInvalid(errors={"attachments": f"All together may have {MAX_ATTACHED >> 20} MiB."})
    return {one: enqueue(ctx, MAIL_JOB, mail.only_for([one]).to_dict(), key=f"{mail.id} {one}") for one in mail.recipients}


def send(settings: MailSettings, mail: Mail) -> None:
    """Hand one message to the server.

    Raises MailInvalid, MailNotConfigured, MailDelayed (try again later), MailRefused or MailLoginRefused (do not).
    """
    if not settings.host:
        raise MailNotConfigured
    message = build(mail, settings.sender)
    recipients = [_address("to", one).addr_spec for one in mail.recipients]
    if not recipients:
        raise MailInvalid("The mail has no recipient.", errors={"to": "Name at least one address."})
    try:
        with _connect(settings, message["From"].addresses[0].domain) as server:
            refused = server.send_message(message, to_addrs=recipients)
    except smtplib.SMTPAuthenticationError as error:
        raise MailLoginRefused(_reply(error.smtp_error)) from error
    except smtplib.SMTPRecipientsRefused as error:
        raise _recipients_refused(error.recipients) from error
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code)(_reply(error.smtp_error)) from error
    except smtplib.SMTPNotSupportedError as error:
        raise MailRefused(str(error)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailDelayed(f"{settings.host}:{settings.port}: {error}") from error
    if refused:
        raise _recipients_refused(refused)


def _connect(settings: MailSettings, own_name: str) -> smtplib.SMTP:
    """EHLO says the sender's domain: asking the resolver for this machine's own name can take minutes."""
    host, port, seconds = settings.host, settings.port, settings.seconds
    if settings.security == "tls":
        tls = _tls(settings)
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, own_name, timeout=seconds, context=tls)
    else:
        server = smtplib.SMTP(host, port, own_name, timeout=seconds)
    try:
        if settings.security == "starttls":
            server.starttls(context=_tls(settings))
        if settings.user:
            server.login(settings.user, settings.password)
    except BaseException:
        server.close()
        raise
    return server


def _tls(settings: MailSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.ca_file or None)


def _address(name: str, text: str) -> Address:
    """One address, with its domain in the form the wire needs (IDNA 2008)."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise MailInvalid(f"{text!r} is not an e-mail address.", errors={name: "Write it like name@example.com."})
    display = (found["name"] or "").strip()
    local, _, domain = (found["angled"] or found["bare"]).partition("@")
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
        return Address(display, addr_spec=f"{local}@{ascii_domain}")
    except (ValueError, MessageError, idna.IDNAError) as error:
        raise MailInvalid(f"{text!r} is not an e-mail address: {error}", errors={name: str(error)}) from error


def _set_header(message: EmailMessage, name: str, value: object) -> None:
    try:
        message[name] = value
    except ValueError as error:
        field_name = name.lower().replace("-", "_")
        raise MailInvalid(f"{name} may not hold a line break.", errors={field_name: str(error)}) from error


def _set_body(message: EmailMessage, mail: Mail) -> None:
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    for one in mail.attachments:
        maintype, _, subtype = one.content_type.partition("/")
        if not subtype or not (maintype + subtype.replace("-", "").replace(".", "").replace("+", "")).isalnum():
            raise MailInvalid(f"{one.content_type!r} is not a media type.", errors={"attachments": one.filename})
        name = "".join(char for char in one.filename if char.isprintable())
        message.add_attachment(one.data, maintype=maintype, subtype=subtype, filename=name)


def _recipients_refused(recipients: Mapping[str, tuple[int, bytes]]) -> MailRefused | MailDelayed:
    errors = {address: _reply(text) for address, (_, text) in recipients.items()}
    temporary = all(code < 500 for code, _ in recipients.values())
    kind = MailDelayed if temporary else MailRefused
    return kind("Refused for " + ", ".join(sorted(errors)), errors=errors)


def _by_code(code: int) -> type[MailRefused | MailDelayed]:
    return MailRefused if 500 <= code < 600 else MailDelayed


def _reply(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
