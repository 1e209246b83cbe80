"""Settings of one process, read from `DESKHAND_*` environment variables (or `DESKHAND_*_FILE` for secrets)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from kernel.errors import StartupError

PREFIX = "DESKHAND_"
TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def setting(default: Any, says: str, *, secret: bool = False) -> Any:
    """One documented setting; the variable's name is PREFIX plus the field's name in capitals."""
    return field(default=default, metadata={"says": says, "secret": secret})


@dataclass(frozen=True)
class Settings:
    """Everything that differs between installations. Per-tenant choices live in the database instead."""

    host: str = setting("127.0.0.1", "Address that the web server listens on.")
    port: int = setting(8400, "Port that the web server listens on.")
    data_dir: Path = setting(Path(".deskhand"), "Folder of everything that the embedded default writes.")
    public_url: str = setting("", "Address under which people reach the system; default http://HOST:PORT.")
    database_url: str = setting("", "PostgreSQL for the app role; empty: the embedded one.", secret=True)
    owner_url: str = setting("", "PostgreSQL for the owner role, used by `deskhand migrate` only.", secret=True)
    queue_url: str = setting("", "PostgreSQL for the queue role; empty: derived for the embedded one.", secret=True)
    broker_url: str = setting("", "Celery broker (redis://, amqp://); empty: PostgreSQL as queue.", secret=True)
    secret_key: str = setting("", "Key-encryption key, 32 bytes in base64; empty: a key file in the data folder.",
                              secret=True)  # fmt: skip
    web_workers: int = setting(2, "Web server processes.")
    web_threads: int = setting(8, "Threads of each web server process.")
    job_workers: int = setting(2, "Worker processes for jobs.")
    job_threads: int = setting(4, "Threads of each worker process.")
    job_lease: int = setting(60, "Seconds without a sign of life after which another worker takes a job over.")
    pool_size: int = setting(8, "Database connections kept by each process.")
    guest_workers: int = setting(2, "WASM worker processes of each web server process.")
    files_url: str = setting("", "Object storage (s3://bucket/prefix); empty: the data folder.", secret=True)
    smtp_url: str = setting("", "Mail out, smtp://user:password@host:587 or smtps://; empty: no mail can be sent.",
                            secret=True)  # fmt: skip
    mail_from: str = setting("deskhand@localhost", "Sender address of outgoing mail.")
    outbound_allow: str = setting("", "Comma list of hosts or networks that outbound calls may reach though private.")
    proxy_hops: int = setting(0, "Trusted reverse proxies in front; their forwarding headers are believed.")
    log_level: str = setting("INFO", "Least level that is logged.")
    log_format: str = setting("text", "`text` for people, `json` for machines.")
    api_burst: int = setting(120, "Requests that an API key may make at once; 0: no limit.")
    api_per_second: float = setting(10.0, "Requests a second that an API key may make in the long run.")
    demo: bool = setting(False, "Load the demo tenants at the first start.")

    @property
    def url(self) -> str:
        """The address that links in mails and host API answers begin with."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def embedded(self) -> bool:
        """True when Deskhand runs its own PostgreSQL."""
        return not self.database_url

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """Read the environment. Raises StartupError naming the variable that holds a bad value."""
        source = os.environ if environ is None else environ
        values = {name: _read(source, name, kind) for name, kind in _kinds(cls).items()}
        return cls(**{name: value for name, value in values.items() if value is not MISSING} | overrides)


def _kinds(cls: type[Settings]) -> dict[str, type]:
    hints = get_type_hints(cls)
    return {one.name: hints[one.name] for one in fields(cls)}


def _read(source: Mapping[str, str], name: str, kind: type) -> Any:
    variable = PREFIX + name.upper()
    if variable in source:
        return _convert(variable, source[variable], kind)
    if f"{variable}_FILE" in source:
        path = Path(source[f"{variable}_FILE"])
        if not path.is_file():
            raise StartupError(f"{variable}_FILE names {path}, which is not a readable file.")
        return _convert(variable, path.read_text().strip(), kind)
    return MISSING


def _convert(variable: str, raw: str, kind: type) -> Any:
    if kind is bool:
        if raw.lower() not in TRUE | FALSE:
            raise StartupError(f"{variable} is {raw!r}; write 1 or 0.")
        return raw.lower() in TRUE
    try:
        return kind(raw)
    except ValueError as error:
        raise StartupError(f"{variable} is {raw!r}; a value of type {kind.__name__} is needed.") from error
