"""Signatures of bundles: Ed25519 (RFC 8032) over the digest of the content."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from kernel.errors import InvalidInput
from plugins.extensions.errors import SignatureInvalid
from plugins.extensions.publishing.bundles import Bundle

KEY_BYTES, SIGNATURE_BYTES = 32, 64
_MOST_BYTES = 4096
_SIGNED = b"deskhand bundle signature 1\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """`key` is the public key (32 bytes), `value` the signature (64 bytes)."""

    key: bytes
    value: bytes


class _SignatureSchema(Schema):
    class Meta:
        unknown = RAISE

    algorithm = fields.String(required=True, validate=validate.Equal("ed25519"))
    key = fields.String(required=True, validate=validate.Length(max=64))
    signature = fields.String(required=True, validate=validate.Length(max=128))


def new_private_key() -> bytes:
    """A new key to sign with, as PEM (PKCS #8) without a password."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_key_of(private_key: bytes) -> bytes:
    """The 32 bytes of the public key. Raises InvalidInput."""
    return _opened(private_key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign_bundle(bundle: Bundle, private_key: bytes) -> Bundle:
    """The bundle with a signature in place of any it had. Raises InvalidInput for what is no Ed25519 key."""
    value = _opened(private_key).sign(_SIGNED + bundle.digest())
    text = {"algorithm": "ed25519", "key": _text(public_key_of(private_key)), "signature": _text(value)}
    return replace(bundle, signature=orjson.dumps(text, option=orjson.OPT_INDENT_2) + b"\n")


def read_signature(text: bytes) -> Signature:
    """What `signature.json` says. Raises SignatureInvalid."""
    if len(text) > _MOST_BYTES:
        raise SignatureInvalid(f"signature.json has {len(text)} bytes; at most {_MOST_BYTES} are allowed.")
    try:
        read = _SignatureSchema().load(orjson.loads(text))
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise SignatureInvalid(f"signature.json cannot be read: {error}") from error
    return Signature(_bytes(read["key"], KEY_BYTES), _bytes(read["signature"], SIGNATURE_BYTES))


@lru_cache(maxsize=1024)  # on each call of a guest
def is_signed_by(digest: bytes, key: bytes, value: bytes) -> bool:
    """Whether the signature is this key's over this digest."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(value, _SIGNED + digest)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(key: bytes) -> str:
    """A public key's SHA-256 in hex: what people compare."""
    return hashlib.sha256(key).hexdigest()


def read_public_key(text: str) -> bytes:
    """A public key in base64, as `deskhand ext sign` prints it. Raises InvalidInput."""
    try:
        return _bytes(text.strip(), KEY_BYTES)
    except SignatureInvalid as error:
        raise InvalidInput(errors={"key": error.detail}) from error


def _opened(private_key: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(private_key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidInput(f"The key file cannot be read: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInput("The key file holds no Ed25519 key.")
    return key


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str, length: int) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureInvalid("A key or signature is no base64.") from error
    if len(found) != length:
        raise SignatureInvalid(f"A key or signature has {len(found)} bytes; it must have {length}.")
    return found
