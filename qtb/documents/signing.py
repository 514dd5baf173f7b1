"""Signing PDFs and lists, and telling whether one is still as we signed it.

The signature is the one that PDF readers know (PAdES, ECDSA on P-256); the certificate vouches for itself, so a reader
shows that nothing was changed, and QTB's own check that it was this installation. Readers pass over some bytes of the
signature's own container; the check here does not, so that no byte at all can be another.
"""

from __future__ import annotations

import base64
import contextlib
import io
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Kind = TypeVar("Kind")

FIELD = "QTB"
ROOM = 8192  # hex digits kept for the signature's container
BEGUN, ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Keys:
    """The key with which this installation signs, and the certificate that tells its signatures; both in DER."""

    key: bytes
    certificate: bytes

    @property
    def pem(self) -> str:
        """The certificate as text, to be given to anybody."""
        return x509.load_der_x509_certificate(self.certificate).public_bytes(serialization.Encoding.PEM).decode()


def keys(path: Path) -> Keys:
    """Return the keys of a PEM file that holds both, made at first."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mine = path.with_name(f"{path.name}.{os.getpid()}")
        mine.touch(mode=0o600)
        mine.write_bytes(_made())
        with contextlib.suppress(FileExistsError):  # two that start together: one wins, both read a whole file
            os.link(mine, path)
        mine.unlink()
    text = path.read_bytes()
    key = serialization.load_pem_private_key(text, password=None)
    der, pkcs8, bare = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return Keys(key.private_bytes(der, pkcs8, bare), certificate(text))


def certificate(pem: bytes) -> bytes:
    """Return the certificate of a PEM text in DER. Raises ValueError where there is none."""
    return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)


def signed(pdf: bytes, by: Keys, *, reason: str) -> bytes:
    """Return a PDF with an invisible signature over all of it."""
    return _aside(lambda: _sign(pdf, by, reason))


def is_ours(pdf: bytes, certificate: bytes) -> bool:
    """Tell whether a PDF is, to the byte, as the holder of a certificate signed it."""
    return _aside(lambda: _is_ours(pdf, certificate))


def sealed(text: bytes, by: Keys) -> str:
    """Return the signature over a text (ECDSA with SHA-256), in Base64, to stand beside it."""
    key = serialization.load_der_private_key(by.key, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return base64.b64encode(key.sign(text, ec.ECDSA(hashes.SHA256()))).decode()


def is_sealed(text: bytes, seal: str, certificate: bytes) -> bool:
    """Tell whether a text is as the holder of a certificate signed it."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(base64.b64decode(seal, validate=True), text, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _aside(work: Callable[[], Kind]) -> Kind:
    """Do it in a thread of its own: the library turns an event loop for each call, and a thread has room for one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def _sign(pdf: bytes, by: Keys, reason: str) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers

    meta = signers.PdfSignatureMetadata(field_name=FIELD, md_algorithm="sha256", reason=reason)
    out = signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)), meta, signer=_signer(by), bytes_reserved=ROOM, in_place=False
    )
    made: bytes = out.getvalue()
    return made


def _is_ours(pdf: bytes, certificate: bytes) -> bool:
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # what is no PDF of ours may be anything
    try:
        return _holds(pdf, certificate)
    except Exception:  # a reader of broken files fails in a hundred ways, and each means the same here
        return False


def _holds(pdf: bytes, certificate: bytes) -> bool:
    from asn1crypto import x509 as asn1
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    known = asn1.Certificate.load(certificate)
    signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    if len(signatures) != 1:
        return False
    found = signatures[0]
    status = validate_pdf_signature(found, ValidationContext(trust_roots=[known], allow_fetching=False))
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE and status.bottom_line
    return bool(whole and _as_written(pdf, found, certificate))


def _as_written(pdf: bytes, found: Any, certificate: bytes) -> bool:
    """Tell whether the container is what we write around what is signed: readers let other spellings pass."""
    begin, length, after, _ = (int(n) for n in found.byte_range)
    container = _container(found.signer_info, certificate).hex().upper().encode()
    return begin == 0 and pdf[length:after] == b"<" + container.ljust(ROOM, b"0") + b">"


def _container(info: Any, certificate: bytes) -> bytes:
    from asn1crypto import algos, cms
    from asn1crypto import x509 as asn1

    known = asn1.Certificate.load(certificate)
    digest = algos.DigestAlgorithm({"algorithm": "sha256"})
    signer = cms.SignerInfo({
        "version": "v1",
        "sid": cms.SignerIdentifier({"issuer_and_serial_number": cms.IssuerAndSerialNumber(
            {"issuer": known.issuer, "serial_number": known.serial_number})}),
        "digest_algorithm": digest, "signature_algorithm": cms.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
        "signed_attrs": info["signed_attrs"], "signature": info["signature"],
    })  # fmt: skip
    signed = cms.SignedData({
        "version": "v1", "digest_algorithms": cms.DigestAlgorithms((digest,)),
        "encap_content_info": {"content_type": "data"}, "certificates": [known], "signer_infos": [signer],
    })  # fmt: skip
    made: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump(force=True)
    return made


def _signer(by: Keys) -> Any:
    from asn1crypto import keys as asn1_keys
    from asn1crypto import x509 as asn1
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    own = asn1.Certificate.load(by.certificate)
    nobody: Any = SimpleCertificateStore
    return signers.SimpleSigner(
        signing_cert=own, signing_key=asn1_keys.PrivateKeyInfo.load(by.key),
        cert_registry=nobody(),
    )  # fmt: skip


def _made() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "QTB")])
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    own = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(BEGUN).not_valid_after(ENDS)
        .add_extension(usage, critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    kept = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return kept + own.public_bytes(pem)
