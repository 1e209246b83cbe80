"""The cast and the stage: one real PostgreSQL for the whole run, a database per worker from a template, tenants per test."""

from __future__ import annotations

import gc
import itertools
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.engine import make_url

from house.furnished_copy import FurnishedPattern
from house.furniture import Rows, furnish
from house.leftovers import make_folder, remove_folder
from house.tenant_copy import Pattern, connect_admin
from kernel import auth
from kernel.app import Kernel, build_kernel, create_app
from kernel.clock import FixedClock
from kernel.config import Settings
from kernel.context import Actor, CallContext, Tenant
from kernel.directory import staff
from kernel.directory.models import User
from kernel.founding import found_tenant
from kernel.gate import COOKIE
from kernel.migrations.runner import upgrade
from kernel.passwords import seal_password
from kernel.plugins import Plugins
from kernel.tenancy import TenantPlugin
from local.postgres import EmbeddedPostgres

START = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
CAST = {"alice": "admin", "bob": "technician", "carol": "finance", "mallory": None}
ACME = {"name": "Acme MSP", "zone": "Europe/Berlin", "currency": "EUR"}
BETA = {"name": "Beta MSP", "zone": "America/Los_Angeles", "currency": "USD"}
TEMPLATE = "deskhand_template"
_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Start the cluster once, in the process that directs the run."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    folder = make_folder("tests")
    postgres = EmbeddedPostgres(folder / "pg", durable=False)
    config.stash[_STAGE] = (folder, postgres)
    postgres.start()
    postgres.create_database(TEMPLATE)
    upgrade(postgres.owner_url_for(TEMPLATE), Plugins.discover())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the cluster and remove its folder."""
    if _STAGE in config.stash:
        folder, postgres = config.stash[_STAGE]
        postgres.stop()
        remove_folder(folder)


class _HandOver:
    """Tells xdist workers where the cluster is."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["stage"] = str(node.config.stash[_STAGE][0])


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """`--room NAME` asks the rules about rooms of this one only; rules about the whole house run as ever."""
    pluginmanager.register(_HandOver())
    parser.addoption("--room", help="Ask rules that go room by room about this room only.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about another room than the one asked about."""
    if room := config.getoption("--room"):
        items[:] = [item for item in items if _room_of(item) in (None, room)]


@pytest.fixture(scope="session")
def only(pytestconfig: pytest.Config) -> str | None:
    """The room that is asked about alone, if one is."""
    return pytestconfig.getoption("--room")  # type: ignore[no-any-return]


def _room_of(item: pytest.Item) -> str | None:
    asked = item.callspec.params.get("room") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
    return str(asked) if asked else None


_STAGE: pytest.StashKey[tuple[Path, EmbeddedPostgres]] = pytest.StashKey()


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> EmbeddedPostgres:
    """The running cluster."""
    if hasattr(request.config, "workerinput"):
        return EmbeddedPostgres(Path(request.config.workerinput["stage"]) / "pg", durable=False)
    return request.config.stash[_STAGE][1]


@pytest.fixture(scope="session")
def database(postgres: EmbeddedPostgres, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of this worker's own database, fresh from the template."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    name = f"test_{worker}"
    postgres.create_database(name, template=TEMPLATE)
    yield name
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def settings(postgres: EmbeddedPostgres, database: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the test process, as an installation would have them."""
    return Settings(
        data_dir=tmp_path_factory.mktemp("data"),
        database_url=postgres.app_url_for(database),
        owner_url=postgres.owner_url_for(database),
        queue_url=postgres.queue_url_for(database),
        public_url="http://localhost",
        api_burst=100_000,
    )


@pytest.fixture(scope="session")
def _shared_kernel(settings: Settings) -> Iterator[Kernel]:
    kernel = build_kernel(settings, clock=FixedClock(START))
    yield kernel
    kernel.db.dispose()


@pytest.fixture
def clock(_shared_kernel: Kernel) -> FixedClock:
    """The clock of the kernel; it stands at 2026-10-01 08:00 UTC until a test moves it."""
    clock = _shared_kernel.clock
    assert isinstance(clock, FixedClock)
    clock.set(START)
    return clock


@pytest.fixture
def kernel(_shared_kernel: Kernel, clock: FixedClock) -> Kernel:
    """The wired process, on the real database."""
    return _shared_kernel


@pytest.fixture(scope="session")
def _shared_app(_shared_kernel: Kernel) -> Flask:
    app = create_app(_shared_kernel)
    app.testing = True
    gc.collect()
    gc.freeze()  # as every process does that serves: the collector need not walk the application after each few tests
    return app


@pytest.fixture
def app(_shared_app: Flask, kernel: Kernel) -> Flask:
    """The web application."""
    return _shared_app


@dataclass(frozen=True)
class World:
    """A tenant and its people."""

    kernel: Kernel
    app: Flask
    tenant: Tenant
    users: dict[str, UUID] = field(default_factory=dict)

    @property
    def tenant_id(self) -> UUID:
        return self.tenant.id

    def call(self, actor: str | Actor = "alice") -> AbstractContextManager[CallContext]:
        """A CallContext in its own transaction, as a member of the cast or any actor."""
        return _call_as(self, actor)

    def client(self, user: str = "alice") -> FlaskClient:
        """A browser in which the user is signed in; `csrf` is the form token."""
        with self.call() as ctx:
            token = auth.sign_in(ctx, staff.get_user(ctx, self.users[user]))
        with self.call() as ctx:
            csrf = auth.identify(ctx.session, auth.read_token(token), ctx.now()).csrf_token
        client = self.app.test_client()
        client.set_cookie(COOKIE, token)
        client.environ_base["HTTP_X_CSRF_TOKEN"] = csrf
        client.csrf = csrf  # type: ignore[attr-defined]
        return client

    def api(self, user: str = "alice") -> FlaskClient:
        """A program that holds an API key of the user."""
        with self.call() as ctx:
            _, key = auth.create_api_key(ctx, name="test", user_id=self.users[user])
        client = self.app.test_client()
        client.environ_base["HTTP_X_API_KEY"] = key
        return client


@contextmanager
def _call_as(world: World, actor: str | Actor) -> Iterator[CallContext]:
    with world.kernel.call(world.tenant_id) as ctx:
        if isinstance(actor, str):
            credential = auth.Credential("jwt", world.tenant_id, user_id=world.users[actor], issued_at=ctx.now())
            actor = auth.identify(ctx.session, credential, ctx.now()).actor
        yield ctx.acting_as(actor)


class Founder:
    """Founds the worlds of this process, each kind once; what a test gets is a copy, which it may change as it likes."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self._password_hash = seal_password(PASSWORD)
        self._patterns: dict[tuple[int, str], tuple[Kernel, Pattern, dict[str, UUID]]] = {}
        self._furnished: dict[tuple[int, str], tuple[FurnishedPattern, Rows]] = {}
        self._admins: dict[str, psycopg.Connection[Any]] = {}

    def found(self, kernel: Kernel, app: Flask, name: str, **facts: str) -> World:
        """A world of this name, with the cast as its staff."""
        if (id(kernel), name) not in self._patterns:
            self._patterns[id(kernel), name] = (kernel, *self._pattern(kernel, name, facts))
        return self._copy(kernel, app, name, self._patterns[id(kernel), name][1])

    def furnish(self, kernel: Kernel, app: Flask, name: str, **facts: str) -> tuple[World, Rows]:
        """A world of this name with rows of every kind."""
        if (id(kernel), name) not in self._furnished:
            first = self.found(kernel, app, name, **facts)
            rows = furnish(first)
            self._furnished[id(kernel), name] = FurnishedPattern(kernel, self._admin(kernel), first.tenant_id), rows
        pattern, rows = self._furnished[id(kernel), name]
        return self._copy(kernel, app, name, pattern), rows

    def _copy(self, kernel: Kernel, app: Flask, name: str, pattern: Pattern | FurnishedPattern) -> World:
        users = self._patterns[id(kernel), name][2]
        with kernel.call(pattern.copy(_slug(name))) as ctx:
            return World(kernel, app, ctx.tenant, dict(users))

    def _pattern(self, kernel: Kernel, name: str, facts: dict[str, str]) -> tuple[Pattern, dict[str, UUID]]:
        slug = _slug(name)
        tenant_id = found_tenant(kernel, slug=slug, name=name, admin_name="Alice", admin_email=f"alice@{slug}.example",
                                 admin_password=PASSWORD, **facts)  # type: ignore[arg-type] # fmt: skip
        users = {}
        with kernel.call(tenant_id) as ctx:
            ctx.session.execute(update(TenantPlugin).values(enabled=True))  # also those that tenants switch on themselves
            for person, role in CAST.items():
                email = f"{person}@{slug}.example"
                known = ctx.session.query(User).filter(User.email_key == email).one_or_none()
                user = known or staff.add_user(ctx, name=person.title(), email=email, roles=[role] if role else [])
                user.password_hash = self._password_hash
                users[person] = user.id
        return Pattern(self._admin(kernel), tenant_id), users

    def _admin(self, kernel: Kernel) -> psycopg.Connection[Any]:
        database = make_url(kernel.settings.database_url).database or ""
        if database not in self._admins:
            self._admins[database] = connect_admin(self._postgres.admin_url_for(database))
        return self._admins[database]

    def close(self) -> None:
        """Let the databases go."""
        for admin in self._admins.values():
            admin.close()


def _slug(name: str) -> str:
    return f"{name.split(maxsplit=1)[0].lower()}-{next(_numbers)}"


@pytest.fixture(scope="session")
def _founder(postgres: EmbeddedPostgres, database: str) -> Iterator[Founder]:
    founder = Founder(postgres)
    yield founder
    founder.close()


@pytest.fixture
def acme(kernel: Kernel, app: Flask, _founder: Founder) -> World:
    """Acme MSP, Berlin, euros; Alice administers, Bob is a technician, Carol does finance; Mallory may nothing."""
    return _founder.found(kernel, app, **ACME)


@pytest.fixture
def beta(kernel: Kernel, app: Flask, _founder: Founder) -> World:
    """Beta MSP, Seattle, dollars."""
    return _founder.found(kernel, app, **BETA)


@pytest.fixture
def furnished_acme(kernel: Kernel, app: Flask, _founder: Founder) -> tuple[World, Rows]:
    """Acme MSP with rows of every kind that its rooms keep."""
    return _founder.furnish(kernel, app, **ACME)


@pytest.fixture
def furnished_beta(kernel: Kernel, app: Flask, _founder: Founder) -> tuple[World, Rows]:
    """Beta MSP with rows of every kind; none has an id of Acme's."""
    return _founder.furnish(kernel, app, **BETA)


def csrf_of(page: str) -> str:
    """The token of the first form in a page's HTML, as a browser would send it back."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    return found[1] if found else ""
