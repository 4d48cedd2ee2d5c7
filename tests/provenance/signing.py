"""Content Credentials made on the spot: a certificate chain of our own, and what it signed."""

from __future__ import annotations

import datetime
import io
import json
from dataclasses import dataclass
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


@dataclass(frozen=True)
class Chain:
    """PEM: the signer's certificate followed by its issuer's; the key; the issuer alone."""

    certificates: str
    key: str
    root: str


@cache
def chain() -> Chain:
    now = datetime.datetime.now(datetime.timezone.utc)
    root_key = ec.generate_private_key(ec.SECP256R1())
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    root_name = _name("Test Root")
    root_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())

    def certificate(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(root_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id),
                critical=False,
            )
        )

    root = (
        certificate(root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        certificate(_name("Test Signer"), leaf_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    root_pem = root.public_bytes(pem).decode()
    key = leaf_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Chain(leaf.public_bytes(pem).decode() + root_pem, key.decode(), root_pem)


def sign(data: bytes, media_type: str = "image/jpeg", source_type: str | None = None) -> bytes:
    """Sign a picture; `source_type` is the last word of an IPTC digital source type."""
    import c2pa

    action: dict[str, object] = {"action": "c2pa.created"}
    if source_type:
        action["digitalSourceType"] = SOURCE_TYPES + source_type
    manifest = {
        "claim_generator_info": [{"name": "Test Camera", "version": "1.0"}],
        "title": "signed picture",
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [action]}}],
    }
    ours = chain()
    info = c2pa.C2paSignerInfo(b"es256", ours.certificates.encode(), ours.key.encode(), None)
    context = c2pa.Context.from_dict({"verify": {"verify_after_sign": False}})
    with c2pa.Signer.from_info(info) as signer:
        builder = c2pa.Builder(json.dumps(manifest), context)
        target = io.BytesIO()
        builder.sign(signer, media_type, io.BytesIO(data), target)
        return target.getvalue()


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "EditScope tests"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=False,
        decipher_only=False,
    )
