"""Signs a PDF (PAdES baseline B-B, ETSI EN 319 142-1) with a key that is elsewhere: only a digest goes to it."""

from __future__ import annotations

import hashlib
import io
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Final

from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import Signer

Sign = Callable[[bytes], Awaitable[bytes]]
"""From a SHA-256 digest to an ECDSA signature over it (DER), by the key of the certificate."""

FIELD: Final = "Seifas"
_RESERVED: Final = 16_384
_LONGEST: Final = 72


class _Elsewhere(Signer):
    def __init__(self, certificate: bytes, sign: Sign) -> None:
        super().__init__(signing_cert=next(iter(load_certs_from_pemder_data(certificate))), embed_roots=True)
        self._sign = sign

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return bytes(_LONGEST) if dry_run else await self._sign(hashlib.sha256(data).digest())


async def signed(pdf: bytes, certificate: bytes, sign: Sign, reason: str) -> bytes:
    """The signed PDF. `certificate`: DER, of an ECDSA key on P-256."""
    about: Any = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason=reason
    )
    out = io.BytesIO()
    await signers.PdfSigner(about, _Elsewhere(certificate, sign)).async_sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out, bytes_reserved=_RESERVED
    )
    return out.getvalue()


def armoured(certificate: bytes) -> bytes:
    """A certificate (DER) in PEM."""
    return ssl.DER_cert_to_PEM_cert(certificate).encode("ascii")
