"""The types that authors see are those of the WIT, function by function, and what the manifest may say is one list."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from plugins.extensions.author.sdk import run_tool
from plugins.extensions.guests.contract import load_contract
from tests.extensions.conftest import ROOT

SDK = ROOT / "sdk" / "typescript"
_TOKEN = re.compile(r"->|[A-Za-z0-9-]+|[{}()<>,:_]")
_PRIMITIVES = {"string": "string", "bool": "boolean", "_": "void"} | dict.fromkeys(
    ("u8", "u16", "u32", "u64", "s64", "f64"), "number"
)
_SAME = "type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;"


class Typings:
    """TypeScript for one function's WIT type, as the tool chain presents it: errors are thrown, nothing is null."""

    def __init__(self, signature: str) -> None:
        self._tokens: Iterator[str] = iter(_TOKEN.findall(signature))
        self._next = next(self._tokens, "")

    def function(self) -> str:
        self._take("func")
        params = self._named("(", ")")
        return f"({', '.join(params)}) => {self._type() if self._took('->') else 'void'}"

    def _take(self, wanted: str = "") -> str:
        token, self._next = self._next, next(self._tokens, "")
        assert not wanted or token == wanted, (token, wanted)
        return token

    def _took(self, token: str) -> bool:
        return self._next == token and bool(self._take())

    def _named(self, opens: str, closes: str) -> list[str]:
        self._take(opens)
        found = []
        while not self._took(closes):
            name = self._take()
            found.append(f"{_camel(name)}{self._take(':')} {self._type()}")
            self._took(",")
        return found

    def _type(self) -> str:
        match kind := self._take():
            case "record":
                return f"{{ {'; '.join(self._named('{', '}'))} }}"
            case "enum":
                return self._cases()
            case "list" | "option" | "result":
                return self._generic(kind)
            case _:
                return _PRIMITIVES[kind]

    def _cases(self) -> str:
        self._take("{")
        cases = []
        while not self._took("}"):
            cases.append(json.dumps(self._take()))
            self._took(",")
        return " | ".join(cases)

    def _generic(self, kind: str) -> str:
        self._take("<")
        bytes_ = kind == "list" and self._next == "u8"
        inner = self._type()
        if self._took(","):
            self._type()  # the error of a result, which is thrown
        self._take(">")
        return "Uint8Array" if bytes_ else f"({inner})[]" if kind == "list" else f"{inner} | null" if kind == "option" else inner


def _camel(name: str) -> str:
    return re.sub("-(.)", lambda found: found[1].upper(), name)


def check_source(functions: dict[str, str], handler: str) -> str:
    """A module that compiles exactly when the SDK's types are these."""
    faces = sorted({name.partition(".")[0] for name in functions})
    lines = [f'import {face} from "deskhand:extension/{face}@1.0.0";' for face in faces]
    lines += [f'import {{ handler }} from "{SDK}/src/entry.ts";', _SAME]
    lines += [
        f"true satisfies Same<typeof {face}.{_camel(function)}, {Typings(signature).function()}>;"
        for name, signature in functions.items()
        for face, _, function in [name.partition(".")]
    ]
    lines += [f"true satisfies Same<keyof typeof {face}, {_names(face, functions)}>;" for face in faces]
    return "\n".join([*lines, f"true satisfies Same<typeof handler, {Typings(handler).function()}>;"])


def _names(face: str, functions: dict[str, str]) -> str:
    return " | ".join(f'"{_camel(name.partition(".")[2])}"' for name in functions if name.startswith(f"{face}."))


def compiled(folder: Path, source: str) -> str:
    """What the TypeScript compiler has to say about a module."""
    (folder / "check.ts").write_text(source)
    settings = {"extends": str(SDK / "tsconfig.json"), "include": ["check.ts", *map(str, (SDK / "src").rglob("wit.d.ts"))]}
    (folder / "tsconfig.json").write_text(json.dumps(settings))
    compiler = [str(Path(sys.executable).parent / "node"), str(SDK / "node_modules" / "typescript" / "bin" / "tsc")]
    return subprocess.run([*compiler, "--project", str(folder)], capture_output=True, text=True, check=False).stdout


def test_the_sdks_types_are_those_of_the_wit(tmp_path: Path, demo: object) -> None:
    contract = load_contract()
    functions = dict(contract.functions)
    assert compiled(tmp_path, check_source(functions, contract.exports["handler"])) == ""
    drifted = functions | {"invoicing.create-manual-invoice": functions["invoicing.create-manual-invoice"].replace("po-", "to-")}
    assert "TS1360" in compiled(tmp_path, check_source(drifted, contract.exports["handler"]))
    del drifted["config.keys"]
    assert compiled(tmp_path, check_source(drifted, contract.exports["handler"])).count("TS1360") == 2


def test_the_package_carries_all_that_a_build_needs(tmp_path: Path) -> None:
    """What npm would publish: sources, the world, the build, a licence and a changelog; and nothing is left behind."""
    shutil.copytree(SDK.parent, tmp_path / "sdk", ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(ROOT / "LICENSE", tmp_path)
    here = tmp_path / "sdk" / "typescript"
    package = json.loads((here / "package.json").read_text())
    packed = run_tool("npm", "pack", "--json", cwd=here)
    names = {one["path"] for one in json.loads(packed[packed.index("[\n") :])[0]["files"]}
    assert names >= {
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "build.mjs",
        "build-pages.mjs",
        "checking.mjs",
        "pages.mjs",
        "tsconfig.json",
        "wit/world.wit",
        "wit/capabilities.json",
    }
    assert names >= {f"src/{one.relative_to(SDK / 'src')}" for one in (SDK / "src").rglob("*.ts")}
    assert not (here / "wit").exists()
    assert f"\n## {package['version']}\n" in (here / "CHANGELOG.md").read_text()


def test_the_python_package_is_built_without_a_network(tmp_path: Path) -> None:
    """What PyPI would publish: typed modules for every interface, a licence, a changelog."""
    here = tmp_path / "python"
    shutil.copytree(SDK.parent / "python", here, ignore=shutil.ignore_patterns("__pycache__", "dist"))
    run_tool(sys.executable, "-m", "hatchling", "build", cwd=here)
    [wheel], [source] = (list((here / "dist").glob(kind)) for kind in ("*.whl", "*.tar.gz"))
    with zipfile.ZipFile(wheel) as opened:
        names = {name.split(".dist-info/")[-1] for name in opened.namelist()}
    assert names >= {"METADATA", "licenses/LICENSE", "deskhand_extension/py.typed"}
    assert names >= {f"deskhand_extension/host/{one.name}" for one in (here / "src/deskhand_extension/host").glob("*.py")}
    with tarfile.open(source) as opened:
        assert {"LICENSE", "CHANGELOG.md", "README.md"} <= {name.split("/", 1)[1] for name in opened.getnames()}


def test_every_package_carries_the_licence_of_the_house() -> None:
    for name in ("python", "rust"):
        assert (SDK.parent / name / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
