"""The first files of a new extension, from the templates of the SDK."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from plugins.extensions.author.errors import FolderNotEmpty
from plugins.extensions.author.sdk import SHIPPED
from plugins.extensions.errors import ManifestRefused

TEMPLATES = {"ts": "typescript", "py": "python", "as": "assemblyscript", "rust": "rust"}
_WORD = re.compile(r"[a-z0-9]+")


def create_extension(folder: Path, language: str, name: str | None = None) -> str:
    """Write a small extension that builds, runs and passes its own tests. Returns its name.

    Without a name it is `org.example.` and the folder's. Raises FolderNotEmpty, ManifestRefused.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(f"{folder} has files in it. Name a folder that is empty or not there yet.")
    words = _WORD.findall(folder.resolve().name.lower())
    if name is None and (not words or not words[0][0].isalpha()):
        raise ManifestRefused(f"{folder.name} makes no name of an extension. Give one: --name org.example.orders")
    name = name or f"org.example.{'-'.join(words)}"
    title = " ".join(words).capitalize() or name
    shutil.copytree(SHIPPED / "templates" / TEMPLATES[language], folder, dirs_exist_ok=True)
    for file in [one for one in folder.rglob("*") if one.is_file()]:
        file.write_text(file.read_text("utf-8").replace("@name@", name).replace("@title@", title), "utf-8")
    return name
