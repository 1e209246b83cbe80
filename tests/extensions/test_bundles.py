"""Bundles: the same content gives the same digest, and nothing that only looks like a bundle is unpacked."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from plugins.extensions.errors import BundleRefused, BundleTooLarge, SignatureInvalid
from plugins.extensions.publishers import signing
from plugins.extensions.publishing import bundles
from plugins.extensions.publishing.bundles import Bundle, pack_bundle, read_bundle
from plugins.extensions.publishing.packing import bundle_of_folder

ORDERS = Bundle(
    b'{"name": "org.example.orders", "assets": ["ui/**"]}', b"\0asm component", {"ui/index.html": b"<p>", "ui/a.js": b"1"}
)
NAMES = ["../etc/passwd", "/etc/passwd", "ui/../../x", "ui\\x.js", "C:x", "ui//x", "a b", "ui/ü.js", "ui/./x", "x" * 201, ".."]


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", packing) as archive:
        for name, content in ((bundles.MANIFEST, b"{}"), (bundles.COMPONENT, b"x"), *entries):
            archive.writestr(name, content)
    return packed.getvalue()


def test_what_is_packed_is_read_again_and_packing_is_reproducible() -> None:
    packed = pack_bundle(ORDERS)
    assert read_bundle(packed) == ORDERS
    assert pack_bundle(replace(ORDERS, files=dict(reversed(ORDERS.files.items())))) == packed


def test_the_digest_is_of_the_content_not_of_the_zip() -> None:
    other = zipped(*ORDERS.files.items(), packing=zipfile.ZIP_STORED)
    same = replace(ORDERS, manifest=b"{}", component=b"x")
    assert read_bundle(other).digest() == read_bundle(pack_bundle(same)).digest()
    turned = replace(ORDERS, manifest=b'{"assets":["ui/**"],"name":"org.example.orders"}')
    assert turned.digest() == ORDERS.digest()


@given(st.sampled_from(("manifest", "component", "name", "content", "less", "more")))
@settings(max_examples=12, deadline=None)
def test_any_change_of_the_content_breaks_the_signature(part: str) -> None:
    changed = {
        "manifest": replace(ORDERS, manifest=ORDERS.manifest.replace(b"orders", b"Orders")),
        "component": replace(ORDERS, component=ORDERS.component + b"!"),
        "name": replace(ORDERS, files={"ui/index.html": b"<p>", "ui/b.js": b"1"}),
        "content": replace(ORDERS, files=dict(ORDERS.files) | {"ui/a.js": b"2"}),
        "less": replace(ORDERS, files={"ui/index.html": b"<p>"}),
        "more": replace(ORDERS, files=dict(ORDERS.files) | {"ui/b.js": b""}),
    }[part]
    signed = signing.sign_bundle(ORDERS, KEY)
    assert signed.signature is not None
    signature = signing.read_signature(signed.signature)
    assert signing.is_signed_by(ORDERS.digest(), signature.key, signature.value)
    assert not signing.is_signed_by(changed.digest(), signature.key, signature.value)


KEY = signing.new_private_key()


@pytest.mark.parametrize("text", [b"", b"{}", b'{"algorithm":"rsa","key":"","signature":""}', b"[1]"])
def test_what_is_no_signature_is_refused(text: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        signing.read_signature(text)


def test_a_key_file_holds_an_ed25519_key() -> None:
    with pytest.raises(InvalidInput):
        signing.sign_bundle(ORDERS, b"no key")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_could_leave_its_folder_is_refused(name: str) -> None:
    with pytest.raises(BundleRefused):
        read_bundle(zipped((name, b"x")))


def test_links_doubles_and_passwords_are_refused() -> None:
    link = zipfile.ZipInfo("ui/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    for packed in (
        zipped((link, b"/etc/passwd")),
        zipped(("ui/a.js", b"1"), ("ui/A.js", b"2")),
        zipped(packing=zipfile.ZIP_LZMA),
    ):
        with pytest.raises(BundleRefused):
            read_bundle(packed)


def test_a_bundle_without_its_parts_or_cut_off_is_refused() -> None:
    packed = pack_bundle(ORDERS)
    for part in (b"", b"PK", packed[: len(packed) // 2], packed[:-1], b"x" * 1000):
        with pytest.raises(BundleRefused):
            read_bundle(part)
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    with pytest.raises(BundleRefused, match=r"deskhand\.json"):
        read_bundle(empty.getvalue())


@given(st.integers(0, 2**16), st.binary(min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_damaged_bundle_is_refused_or_the_same_content(at: int, damage: bytes) -> None:
    packed = bytearray(pack_bundle(ORDERS))
    at %= len(packed)
    packed[at : at + len(damage)] = damage
    try:
        read = read_bundle(bytes(packed))
    except BundleRefused:
        return
    assert read.manifest == ORDERS.manifest
    assert read.component == ORDERS.component


def test_zip_bombs_are_not_unpacked() -> None:
    bomb = zipped(("ui/zeros.bin", bytes(bundles.MAX_UNPACKED_BYTES)))
    assert len(bomb) < 1 << 20
    with pytest.raises(BundleTooLarge):
        read_bundle(bomb)
    many = zipped(*((f"ui/{number}", b"") for number in range(bundles.MAX_FILES)))
    with pytest.raises(BundleTooLarge):
        read_bundle(many)
    with pytest.raises(BundleTooLarge):
        read_bundle(bytes(bundles.MAX_PACKED_BYTES + 1))


def test_a_list_of_very_many_files_is_not_even_read() -> None:
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 33, 0, 0, 0, 1, *[0] * 6) + b"a"
    count = 50_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, count * len(entry), 0, 0)
    packed = entry * count + end
    tracemalloc.start()
    try:
        with pytest.raises(BundleTooLarge):
            read_bundle(packed)
        assert tracemalloc.get_traced_memory()[1] < len(packed)
    finally:
        tracemalloc.stop()


def test_a_size_that_lies_is_noticed() -> None:
    packed = zipped(("ui/zeros.bin", bytes(4000)))
    directory = packed.rindex(b"PK\x01\x02")
    lying = bytearray(packed)
    lying[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    with pytest.raises(BundleRefused):
        read_bundle(bytes(lying))


def test_a_folder_is_packed_with_what_its_manifest_names(tmp_path: Path) -> None:
    manifest = """{"name": "org.example.orders", "publisher": "example", "title": "Orders", "version": "1.0.0",
      "runtime": "component@1", "assets": ["ui/*.html"], "ui": [{"slot": "app", "title": "Orders", "entry": "ui/index.html"}]}"""
    (tmp_path / "deskhand.json").write_text(manifest)
    with pytest.raises(BundleRefused, match="Build the extension"):
        bundle_of_folder(tmp_path)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "component.wasm").write_bytes(b"x")
    with pytest.raises(BundleRefused, match=r"ui/index\.html"):
        bundle_of_folder(tmp_path)
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "index.html").write_text("<p>")
    (tmp_path / "ui" / "notes.txt").write_text("mine")
    assert list(bundle_of_folder(tmp_path).files) == ["ui/index.html"]
