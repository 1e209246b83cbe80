"""Templates: the Jinja environment, the kit, and what rooms contribute to every page."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import orjson
from flask import current_app, g, request
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kernel.errors import StartupError
from kernel.hookspecs.directory import Label, Ref
from kernel.hookspecs.start import AREAS, NavEntry
from kernel.web import charts, formats, forms, i18n
from kernel.web.i18n import gettext, ngettext

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.plugins import Plugin

HERE = Path(__file__).parent
DIST = HERE / "static" / "dist"
TOAST = "deskhand_toast"
_DRAWING = Markup('<svg class="icon" width="{}" height="{}" viewBox="0 0 24 24" aria-hidden="true">{}</svg>')
THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kit.table`. `key` is the row's member; `cell` a macro that draws the cell from the row."""

    key: str
    label: Any
    kind: str = "text"
    sort: bool = False
    main: bool = False
    cell: Callable[[Any], str] | None = None
    link: str | None = None
    hide: str | None = None
    currency: str = "currency"
    choices: Mapping[str, Any] = field(default_factory=dict)
    ref: str = ""
    places: int | None = None

    @property
    def numeric(self) -> bool:
        return self.kind in ("money", "decimal", "percent", "number", "minutes")


@dataclass(frozen=True, slots=True)
class Bulk:
    """A button of a table's bulk bar: a POST of the chosen `ids`."""

    label: Any
    url: str
    permission: str
    icon: str = ""
    confirm: Any = None
    danger: bool = False


class Missing(StrictUndefined):
    """A name that a template was not given: it may be asked for, but never printed."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]
        return False


class Kit:
    """All macros of `templates/kit/*.html` under one name."""

    col = Column
    bulk = Bulk

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    @cached_property
    def _macros(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for path in sorted((HERE / "templates" / "kit").glob("*.html")):
            if path.name != "options.html":
                found |= self._environment.get_template(f"kit/{path.name}").module.__dict__
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._macros:
            raise AttributeError(f"the kit has no macro {name!r}")
        return self._macros[name]


@dataclass(frozen=True)
class Assets:
    """What the front-end build made: hashed names, and the icons' shapes."""

    names: Mapping[str, str]
    icons: Mapping[str, str]

    @classmethod
    def load(cls, folder: Path = DIST) -> Assets:
        """Read the build's result. Raises StartupError when there is none."""
        try:
            names = json.loads((folder / "manifest.json").read_text())
            return cls(names, orjson.loads((folder / names["icons.json"]).read_bytes()))
        except (OSError, KeyError) as error:
            raise StartupError("The web assets are not built. Run `make setup`.") from error

    def url(self, name: str) -> str:
        """The address of an asset by its plain name, such as `app.css`."""
        return f"/static/dist/{self.names[name]}"

    def icon(self, name: str, size: int = 18) -> Markup:
        """An inline drawing, silent to screen readers. Raises StartupError for a name that Tabler has no outline icon of."""
        if name not in self.icons:
            raise StartupError(f"There is no icon named {name!r}; choose an outline icon of tabler.io/icons.")
        shapes = Markup(self.icons[name])  # noqa: S704 - our own build's file
        return _DRAWING.format(size, size, shapes)


class Shell:
    """The web shell of one process: environment, assets, and the navigation that plugins registered."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.assets = Assets.load()
        entries: list[tuple[Plugin, NavEntry]] = kernel.plugins.collect("register_navigation")
        for _plugin, entry in entries:
            self.assets.icon(entry.icon)  # a name that does not exist is told at the start, not on every page
        self.entries = sorted(entries, key=lambda pair: (AREAS.index(pair[1].area), pair[1].weight, pair[1].label))
        folders = [HERE / "templates", *(plugin.path / "templates" for plugin in kernel.plugins.installed.values())]
        for plugin in kernel.plugins.installed.values():
            i18n.add_catalogues(plugin.path / "translations")
        self.environment = _environment(folders, self.assets)

    def navigation(self) -> list[tuple[str, list[NavEntry]]]:
        """The lines of the left navigation that the reader may use, by area."""
        if "ctx" not in g:
            return []
        shown = [one for plugin, one in self.entries if g.ctx.hooks.enabled(plugin.name) and may(one.permission)]
        return [(area, lines) for area in AREAS if (lines := [one for one in shown if one.area == area])]


def shell() -> Shell:
    """The shell of the running application."""
    found: Shell = current_app.extensions["deskhand-web"]
    return found


def render(template: str, **values: Any) -> str:
    """Draw a template with what every page knows: ctx, nav, kit, formats and words."""
    return shell().environment.get_template(template).render(ctx=g.get("ctx"), **values)


def _environment(folders: Iterable[Path], assets: Assets) -> Environment:
    env = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders if folder.is_dir()]),
        autoescape=True, undefined=Missing, trim_blocks=True, lstrip_blocks=True, auto_reload=False,
        cache_size=-1, extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )  # fmt: skip
    env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    words = {"money": formats.money, "decimal": formats.decimal, "percent": formats.percent, "minutes": formats.minutes,
             "date": formats.format_date, "datetime": formats.format_datetime, "ago": formats.ago}  # fmt: skip
    env.filters |= words
    env.globals |= words | {
        "kit": Kit(env), "icon": assets.icon, "asset": assets.url, "request": request, "g": g, "ref": Ref,
        "may": may, "enabled": enabled, "here": here, "label_of": label_of, "labels_in": labels_in, "member": member,
        "link_to": link_to, "panels_of": panels_of, "csrf_token": csrf_token, "nonce": nonce, "formats": formats,
        "listed": forms.listed, "is_data": forms.is_data, "charts": charts, "locale": i18n.locale,
        "hidden_arguments": hidden_arguments, "navigation": lambda: shell().navigation(), "theme": theme,
        "AREA_TITLES": AREA_TITLES, "allowed": allowed, "toast": toast, "current_line": current_line,
    }  # fmt: skip
    return env


AREA_TITLES = {
    "desk": i18n.lazy_gettext("Desk"),
    "clients": i18n.lazy_gettext("Clients"),
    "billing": i18n.lazy_gettext("Billing"),
    "extensions": i18n.lazy_gettext("Extensions"),
    "settings": i18n.lazy_gettext("Settings"),
}


def may(permission: str | None) -> bool:
    """True if the reader holds the permission; None asks for nothing."""
    return permission is None or ("ctx" in g and g.ctx.actor.may(permission))


def current_line() -> str | None:
    """The url of the navigation's line that the reader is at or below."""
    urls = [line.url for _, lines in shell().navigation() for line in lines]
    return max((url for url in urls if f"{request.path}/".startswith(f"{url}/")), key=len, default=None)


def allowed(acts: Iterable[Bulk]) -> list[Bulk]:
    """The acts that the reader may do."""
    return [one for one in acts if may(one.permission)]


def enabled(plugin: str) -> bool:
    """True if the reader's tenant has the plugin switched on."""
    return "ctx" in g and g.ctx.hooks.enabled(plugin)


def here(**changes: Any) -> str:
    """This page's address with some GET parameters changed (None removes one)."""
    arguments = request.args.copy()
    for name, value in changes.items():
        arguments.poplist(name)
        if value is not None:
            arguments[name] = str(value)
    query = "&".join(_pairs(arguments.items(multi=True)))
    return f"{request.path}?{query}" if query else request.path


def _pairs(items: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{quote(name)}={quote(value)}" for name, value in items if value]


def hidden_arguments(*without: str) -> list[tuple[str, str]]:
    """The GET parameters of this page, but for some; a form that changes those carries the others along."""
    return [(name, value) for name, value in request.args.items(multi=True) if value and name not in without]


def csrf_token() -> str:
    """The token that proves a form came from our own page."""
    return (g.identity.csrf_token or "") if "identity" in g else ""


def nonce() -> str:
    """The word that lets this response's own inline script run, and no other."""
    if "nonce" not in g:
        g.nonce = token_urlsafe(16)
    return str(g.nonce)


def theme() -> str:
    """`light`, `dark`, or `auto` for what the reader's system prefers."""
    chosen = request.cookies.get("theme", "auto")
    return chosen if chosen in THEMES else "auto"


def toast() -> dict[str, Any] | None:
    """What the page before wanted to say; said once."""
    try:
        said = json.loads(request.cookies.get(TOAST, "null"))
    except ValueError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("text"), str):
        return None
    g.toast_said = True
    undo = said.get("undo")
    return {"text": said["text"], "undo": undo if isinstance(undo, str) and local_url(undo) == undo else None}


def local_url(url: str | None) -> str:
    """The url if it lies on this site, else the start page; for `next=` parameters."""
    if not url or not url.startswith("/") or url.startswith(("//", "/\\")) or urlsplit(url).netloc or not url.isprintable():
        return "/"
    return url


def member(row: Any, key: str) -> Any:
    """A row's member, whether the row is a mapping or an object."""
    return row[key] if isinstance(row, Mapping) else getattr(row, key)


def link_to(pattern: str, row: Any) -> str:
    """`/tickets/{id}` filled from the row."""
    names = [name for _, name, _, _ in string.Formatter().parse(pattern) if name]
    return pattern.format(**{name: member(row, name) for name in names})


def label_of(kind: str, row_id: UUID | str | None) -> Label | None:
    """How the owner of that kind of row calls this one."""
    if row_id is None or row_id == "":
        return None
    try:
        wanted = Ref(kind, row_id if isinstance(row_id, UUID) else UUID(row_id))
    except ValueError:
        return None
    return labels_for([wanted]).get(wanted)


def labels_in(rows: Sequence[Any], columns: Sequence[Column]) -> None:
    """Ask once for the labels of everything that the table's rows refer to."""
    wanted = [Ref(one.ref, member(row, one.key)) for one in columns if one.kind == "ref" for row in rows]
    labels_for([one for one in wanted if one.id is not None])


def labels_for(refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    """Labels by the `describe` hook, remembered for this request."""
    known: dict[Ref, Label] = g.setdefault("labels", {})
    missing = [one for one in dict.fromkeys(refs) if one not in known]
    if missing:
        for answer in g.ctx.hooks.describe(ctx=g.ctx, refs=missing):
            known |= answer
    return known


def panels_of(ref: Ref) -> list[tuple[str, Any]]:
    """The tabs that rooms give to this row's page: (key in the address, panel)."""
    answers = g.ctx.hooks.collect_panels(ctx=g.ctx, ref=ref)
    shown = sorted((one for answer in answers for one in answer if may(one.permission)), key=lambda one: (one.weight, one.title))
    return [(one.url.split("?")[0].strip("/").replace(str(ref.id), "").strip("/").replace("/", "-"), one) for one in shown]
