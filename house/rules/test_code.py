"""How rooms are written: thin doors, unique errors, no forbidden words, files that one can read in one sitting."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import cli
import house
import kernel
import local
from kernel.errors import DeskhandError
from kernel.hookspecs import PROJECT
from kernel.plugins import CHAPTERS, Plugins

MAX_LINES = 400
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_IMPORTS = {"pickle", "marshal", "shelve", "requests", "urllib.request"}
WEB_FREE = ("services", "models", "calculator", "errors")
WEB_LIBRARIES = {"flask", "flask_smorest", "celery", "wasmtime"}

PLUGINS = Plugins.discover()
NAMES = list(PLUGINS.installed)


def _files(package: Path) -> Iterator[Path]:
    yield from (path for path in sorted(package.rglob("*.py")) if "node_modules" not in path.parts)


def _all_files() -> Iterator[Path]:
    for package in (cli, house, kernel, local):
        yield from _files(Path(str(package.__file__)).parent)
    for plugin in PLUGINS.installed.values():
        yield from _files(plugin.path)


@pytest.mark.parametrize("room", NAMES)
def test_every_hookimpl_is_one_line_of_delegation(room: str) -> None:
    tree = ast.parse((PLUGINS.get(room).path / "hooks.py").read_text())
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        marked = any(isinstance(mark, ast.Name) and mark.id == "hookimpl" for mark in function.decorator_list)
        assert marked, f"{room}/hooks.py: {function.name} is not a hookimpl"
        assert len(function.body) == 1, f"{room}/hooks.py: {function.name} does more than delegate"
        assert isinstance(function.body[0], ast.Return | ast.Expr), f"{room}/hooks.py: {function.name}"


@pytest.mark.parametrize("room", NAMES)
def test_a_room_talks_to_no_other_room(room: str) -> None:
    package = PLUGINS.get(room).package
    others = {plugin.package for plugin in PLUGINS.installed.values()} - {package}
    for path in _files(PLUGINS.get(room).path):
        for imported in _imports(path):
            assert not any(imported == other or imported.startswith(f"{other}.") for other in others), f"{path}: {imported}"


@pytest.mark.parametrize("room", NAMES)
def test_furniture_is_for_the_house_rules_only(room: str) -> None:
    for path in _files(PLUGINS.get(room).path):
        assert f"{PLUGINS.get(room).package}.furniture" not in set(_imports(path)), path


@pytest.mark.parametrize("room", NAMES)
def test_services_and_models_know_no_web(room: str) -> None:
    for path in _files(PLUGINS.get(room).path):
        if path.stem in WEB_FREE:
            assert not {imported.split(".")[0] for imported in _imports(path)} & WEB_LIBRARIES, path
        if path.stem == "calculator":
            assert "sqlalchemy" not in {imported.split(".")[0] for imported in _imports(path)}, path


@pytest.mark.parametrize("room", NAMES)
def test_a_room_says_what_it_is(room: str) -> None:
    plugin = PLUGINS.get(room)
    assert plugin.manifest.title
    assert plugin.manifest.summary.endswith(".")
    assert (plugin.path / "README.md").is_file(), f"{room} has no README.md"
    for permission in plugin.manifest.permissions:
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", permission.name), permission.name
        assert permission.title
    for capability in plugin.manifest.capabilities:
        assert re.fullmatch(r"cap:[a-z]+(\.[a-z]+){1,2}", capability.name), capability.name


def test_permissions_and_capabilities_belong_to_one_plugin_each() -> None:
    for kind in ("permissions", "capabilities"):
        names = Counter(one.name for plugin in PLUGINS.installed.values() for one in getattr(plugin.manifest, kind))
        assert [name for name, count in names.items() if count > 1] == []


def test_events_that_somebody_listens_to_are_said() -> None:
    from kernel.directory.events import DIRECTORY_EVENTS

    said = {one.name for one in DIRECTORY_EVENTS} | {one.name for _, one in PLUGINS.collect("register_events")}
    for plugin in PLUGINS.installed.values():
        assert set(plugin.manifest.listens) <= said, plugin.name


def test_the_kernel_knows_no_plugin() -> None:
    packages = {plugin.package.split(".")[0] for plugin in PLUGINS.installed.values()}
    for path in _files(Path(kernel.__file__).parent):
        assert not {imported.split(".")[0] for imported in _imports(path)} & packages, path


def test_every_hook_says_who_may_answer_and_when() -> None:
    for chapter in CHAPTERS:
        module = importlib.import_module(f"kernel.hookspecs.{chapter}")
        for name, function in vars(module).items():
            if hasattr(function, f"{PROJECT}_spec"):
                words = function.__doc__ or ""
                assert len(words.split()) >= 10, f"{chapter}.{name} is not explained"


def test_error_codes_are_unique() -> None:
    for package in [cli, kernel, local, *(importlib.import_module(plugin.package) for plugin in PLUGINS.installed.values())]:
        _import_all(package)
    own = [error for error in _subclasses(DeskhandError) if "code" in vars(error) and not error.__module__.startswith("tests")]
    codes = Counter(error.code for error in own)
    assert [code for code, count in codes.items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z0-9_]+", code) for code in codes)


def _import_all(package: ModuleType) -> None:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not any(part in found.name for part in (".migrations", ".__main__", "worker", ".jailed")):
            importlib.import_module(found.name)


def _subclasses(error: type[DeskhandError]) -> Iterator[type[DeskhandError]]:
    for one in error.__subclasses__():
        yield one
        yield from _subclasses(one)


def test_files_are_short_and_well_named() -> None:
    for path in _all_files():
        assert path.stem not in FORBIDDEN_NAMES, path
        if "migrations" not in path.parts:
            lines = len(path.read_text().splitlines())
            assert lines <= MAX_LINES, f"{path} has {lines} lines"


def test_no_code_is_made_from_words_and_nobody_else_calls_out() -> None:
    for path in _all_files():
        tree = ast.parse(path.read_text())
        called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        assert not called & FORBIDDEN_CALLS, path
        imported = set(_imports(path))
        assert not imported & FORBIDDEN_IMPORTS, path
        if path.name != "outbound.py":
            assert "httpx" not in imported, f"{path}: only kernel/outbound.py calls out"


def test_no_hook_is_renamed_by_specname() -> None:
    for path in _all_files():
        tree = ast.parse(path.read_text())
        keywords = {word.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for word in node.keywords}
        assert "specname" not in keywords, path


def test_every_public_function_is_annotated() -> None:
    for path in _all_files():
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                assert node.returns is not None, f"{path}: {node.name} does not say what it returns"
                bare = [one.arg for one in _arguments(node.args) if one.annotation is None and one.arg not in ("self", "cls")]
                assert bare == [], f"{path}: {node.name} does not say what {', '.join(bare)} is"


def _arguments(given: ast.arguments) -> Iterator[ast.arg]:
    yield from (*given.posonlyargs, *given.args, *given.kwonlyargs)
    yield from (one for one in (given.vararg, given.kwarg) if one)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
