"""Plugins of a tenant: what is on, what follows from switching, and settings as forms."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from kernel.context import CallContext
from kernel.plugins import Plugin
from kernel.tenancy import switch_plugin


def list_plugins(ctx: CallContext) -> list[dict[str, Any]]:
    """Every installed plugin with its state, by title."""
    return sorted((show_plugin(ctx, name) for name in ctx.kernel.plugins.installed), key=lambda one: str(one["title"]))


def show_plugin(ctx: CallContext, name: str) -> dict[str, Any]:
    """One plugin; `follows` are the titles of what would be switched along with it. Raises NotFound."""
    plugin = ctx.kernel.plugins.get(name)
    manifest, enabled = plugin.manifest, ctx.hooks.enabled(name)
    return {
        "name": name, "title": manifest.title, "summary": manifest.summary, "requires": list(manifest.requires),
        "required": manifest.required, "enabled": enabled, "has_settings": manifest.settings is not None,
        "has_form": manifest.settings is not None and bool(settings_fields(manifest.settings)),
        "requires_titles": titles(ctx, manifest.requires), "follows": _followers(ctx, plugin, enabled),
    }  # fmt: skip


def titles(ctx: CallContext, names: Any) -> list[str]:
    """The plugins' titles."""
    return [ctx.kernel.plugins.get(name).manifest.title for name in names]


def _followers(ctx: CallContext, plugin: Plugin, enabled: bool) -> list[str]:
    """What goes off with it, or must come on before it."""
    if enabled:
        return titles(ctx, [one for one in ctx.kernel.plugins.dependents(plugin.name) if ctx.hooks.enabled(one)])
    return titles(ctx, _missing(ctx, plugin))


def _missing(ctx: CallContext, plugin: Plugin) -> list[str]:
    """What the plugin needs and is off, what that needs first."""
    found: dict[str, None] = {}
    for name in plugin.manifest.requires:
        if not ctx.hooks.enabled(name):
            found |= dict.fromkeys([*_missing(ctx, ctx.kernel.plugins.get(name)), name])
    return list(found)


def switch(ctx: CallContext, name: str, *, enabled: bool) -> dict[str, Any]:
    """Switch a plugin with all that follows. Raises NotFound, Refused for one that every tenant needs."""
    return {"enabled": enabled, "changed": switch_plugin(ctx, name, enabled=enabled)}


def settings_fields(schema: type[Schema]) -> list[dict[str, Any]]:
    """How a form asks for each setting: `{name, label, widget, options}`; tables of values have no form."""
    known = schema().fields
    return [
        {"name": name, "label": _label(name, field), "hint": field.metadata.get("description"),
         "widget": _widget(field), "options": _options(field)}
        for name, field in known.items()
        if not isinstance(field, fields.Dict | fields.Nested | fields.List)
    ]  # fmt: skip


def _label(name: str, field: fields.Field[Any]) -> str:
    return str(field.metadata.get("title") or name.replace("_", " ").capitalize())


def _widget(field: fields.Field[Any]) -> str:
    if isinstance(field, fields.Boolean):
        return "checkbox"
    if _options(field):
        return "select"
    if isinstance(field, fields.Integer | fields.Decimal | fields.Float):
        return "number"
    if isinstance(field, fields.Date):
        return "date"
    return "textarea" if _room(field) > 200 else "text"


def _options(field: fields.Field[Any]) -> list[tuple[str, str]]:
    """Values with their words: those that the schema gives as `choices`, else the value's own."""
    values = [str(one) for rule in field.validators if isinstance(rule, validate.OneOf) for one in rule.choices]
    if isinstance(field, fields.Enum):
        values = [str(one.value) for one in field.enum]
    words = field.metadata.get("choices", {})
    return [(one, str(words.get(one, one.replace("_", " ").capitalize()))) for one in values]


def _room(field: fields.Field[Any]) -> int:
    """How many characters a text may have; unlimited counts as one line."""
    return max((rule.max or 0 for rule in field.validators if isinstance(rule, validate.Length)), default=0)
