"""Acme's secrets stay Acme's, in their place, and outlive a change of keys."""

from __future__ import annotations

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import StartupError
from kernel.secrets import KEY_FILE, KeyUnknown, SecretUnreadable, Vault, load_keks, place

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
ACME, BETA = UUID(int=1), UUID(int=2)
HERE = place(ACME, "quickbooks", 7, "token")


@given(st.binary(max_size=200))
def test_what_is_sealed_opens_again(secret: bytes) -> None:
    vault = Vault([OLD])
    wrapped = vault.new_data_key()
    sealed = vault.seal(wrapped, secret, HERE)
    assert vault.open(wrapped, sealed, HERE) == secret
    assert sealed != vault.seal(wrapped, secret, HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        place(BETA, "quickbooks", 7, "token"),
        place(ACME, "xero", 7, "token"),
        place(ACME, "quickbooks", 8, "token"),
        place(ACME, "quickbooks", 7, "refresh"),
    ],
)
def test_a_secret_moved_elsewhere_does_not_open(elsewhere: bytes) -> None:
    vault = Vault([OLD])
    wrapped = vault.new_data_key()
    sealed = vault.seal(wrapped, b"s3cret", HERE)
    with pytest.raises(SecretUnreadable):
        vault.open(wrapped, sealed, elsewhere)


def test_places_with_the_same_letters_differ() -> None:
    assert place(ACME, "a", "b|c", "d") != place(ACME, "a|b", "c", "d")


def test_another_tenants_data_key_does_not_open() -> None:
    vault = Vault([OLD])
    sealed = vault.seal(vault.new_data_key(), b"s3cret", HERE)
    with pytest.raises(SecretUnreadable):
        vault.open(vault.new_data_key(), sealed, HERE)


def test_every_changed_byte_is_seen() -> None:
    vault = Vault([OLD])
    wrapped = vault.new_data_key()
    sealed = vault.seal(wrapped, b"s3cret", HERE)
    for index in range(len(sealed)):
        changed = sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :]
        with pytest.raises(SecretUnreadable):
            vault.open(wrapped, changed, HERE)
    for short in (b"", sealed[:5], sealed[:20]):
        with pytest.raises(SecretUnreadable):
            vault.open(wrapped, short, HERE)


def test_a_new_key_takes_over_and_the_old_one_can_go() -> None:
    old = Vault([OLD])
    wrapped = old.new_data_key()
    sealed = old.seal(wrapped, b"s3cret", HERE)
    both = Vault([NEW, OLD])
    assert both.open(wrapped, sealed, HERE) == b"s3cret"
    assert not both.is_current(wrapped)
    rewrapped = both.rewrap(wrapped)
    assert both.is_current(rewrapped)
    assert Vault([NEW]).open(rewrapped, sealed, HERE) == b"s3cret"
    with pytest.raises(KeyUnknown, match="DESKHAND_SECRET_KEY"):
        Vault([NEW]).open(wrapped, sealed, HERE)


def test_purposes_have_keys_of_their_own() -> None:
    vault = Vault([NEW, OLD])
    assert len({vault.derive("jwt"), vault.derive("artefacts"), NEW, OLD}) == 4
    assert vault.derive("jwt") == Vault([NEW]).derive("jwt")
    assert vault.derive_all("jwt") == [Vault([NEW]).derive("jwt"), Vault([OLD]).derive("jwt")]


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load_keks("", tmp_path), range(16)))
    assert all(keks == found[0] for keks in found)
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == [KEY_FILE]


def test_a_key_file_that_others_can_read_stops_the_start(tmp_path: Path) -> None:
    load_keks("", tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(StartupError, match="chmod 600"):
        load_keks("", tmp_path)


def test_keys_come_from_the_setting_too(tmp_path: Path) -> None:
    text = ",".join(base64.b64encode(key).decode() for key in (NEW, OLD))
    assert load_keks(text, tmp_path) == [NEW, OLD]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["short", base64.b64encode(b"16 bytes only...").decode(), "ä" * 44])
def test_a_bad_key_says_how_to_make_a_good_one(text: str, tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="openssl rand"):
        load_keks(text, tmp_path)
    with pytest.raises(StartupError):
        Vault([b"short"])
    with pytest.raises(StartupError):
        Vault([])
