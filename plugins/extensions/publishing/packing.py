"""A folder of an extension as a bundle: its `deskhand.json`, what was built of it, and the files that it names."""

from __future__ import annotations

from pathlib import Path

from plugins.extensions.errors import BundleRefused, ManifestRefused
from plugins.extensions.publishing.bundles import MANIFEST, Bundle, read_bundle
from plugins.extensions.publishing.manifest import check_files, read_manifest

BUILT = Path("dist") / "component.wasm"
_NOT_OURS = ("dist", "node_modules", ".venv")


def bundle_of_folder(folder: Path) -> Bundle:
    """The bundle of a built extension, unsigned. Raises BundleRefused and ManifestRefused."""
    if not (folder / MANIFEST).is_file():
        raise ManifestRefused(f"{folder / MANIFEST} is not there.")
    if not (folder / BUILT).is_file():
        raise BundleRefused(f"{folder / BUILT} is not there. Build the extension first.")
    text, component = (folder / MANIFEST).read_bytes(), (folder / BUILT).read_bytes()
    manifest = read_manifest(text)
    wanted = {name for one in manifest.ui for name in (one.entry, one.schema) if name is not None}
    files = {name: (folder / name).read_bytes() for name in _names(folder) if name in wanted or manifest.is_asset(name)}
    check_files(manifest, files)
    return Bundle(text, component, files)


def bundle_at(path: Path) -> Bundle:
    """The bundle in a file, or of a folder."""
    return bundle_of_folder(path) if path.is_dir() else read_bundle(path.read_bytes())


def _names(folder: Path) -> list[str]:
    found = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path.as_posix() for path in found if path.parts[0] not in _NOT_OURS]
