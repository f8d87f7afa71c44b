"""The parts of a SignedData that no signature covers, and that must nevertheless say nothing but what the covered ones say.

Versions and algorithm identifiers stand outside the signed attributes (RFC 5652, 5.1 and 5.3). One reader ignores them, another
stumbles over them; a file that leaves this house has to please both, so the release gate demands their one plain form.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from cryptography import x509

from tachiai.crypto import chains, cms, der

_LENGTH: Final = rb"(?:[\x00-\x7f]|\x81.|\x82..|\x83...)"
_MASK_GENERATION: Final = "1.2.840.113549.1.1.8"
_PLAIN_RSA: Final = "1.2.840.113549.1.1.1"
_PSS: Final = "1.2.840.113549.1.1.10"
_SHA1: Final = "1.3.14.3.2.26"


def _forms(*dotted: str) -> list[bytes]:
    """AlgorithmIdentifiers without parameters, and with NULL."""
    return [cms.algorithm(one, with_null=null) for one in dotted for null in (False, True)]


def _pss(digest: str) -> list[bytes]:
    """The parameters of RSASSA-PSS (RFC 4055, 3.1) with one digest throughout; the salt as long as the digest."""
    size = der.explicit(2, der.integer({"sha256": 32, "sha384": 48, "sha512": 64}[digest]))
    made = []
    for form in _forms(cms.DIGESTS[digest]):
        mask = der.sequence(der.oid(_MASK_GENERATION), form)
        made.append(der.sequence(der.oid(_PSS), der.sequence(der.explicit(0, form), der.explicit(1, mask), size)))
    return made


_DIGESTS: Final = tuple(_forms(*cms.DIGESTS.values()))
# Signed attributes follow a signer's digest.
_DIGESTED: Final = tuple(form + b"\xa0" for form in _DIGESTS)
# A timestamping authority may list a digest besides that it does not use here.
_LISTED: Final = b"(?:" + b"|".join(re.escape(form) for form in (*_DIGESTS, *_forms(_SHA1))) + b")+"
_KINDS: Final = (
    *_forms(_PLAIN_RSA, *cms.RSA_KINDS),
    *(cms.algorithm(one) for one in cms.ECDSA_KINDS),
    *(form for digest in cms.DIGESTS for form in _pss(digest)),
)
# The signature is the octet string behind its algorithm.
_SIGNATURES: Final = tuple(kind + bytes((der.OCTET_STRING,)) for kind in _KINDS)
_SIGNED: Final = rb"\x01\x31%(length)b%(listed)b\x30%(length)b%(data)b"
_STAMPED: Final = rb"[\x03-\x05]\x31%(length)b%(listed)b\x30%(length)b%(info)b"
_HEAD: Final = re.compile(
    (rb"\x30%(length)b%(kind)b\xa0%(length)b\x30%(length)b\x02\x01(?:" + _SIGNED + b"|" + _STAMPED + b")")
    % {
        b"length": _LENGTH,
        b"kind": re.escape(der.oid(cms.SIGNED_DATA)),
        b"listed": _LISTED,
        b"data": re.escape(der.oid(cms.DATA)),
        b"info": re.escape(der.oid(cms.TST_INFO)),
    },
    re.DOTALL,
)


@lru_cache(maxsize=256)
def _named(signer: bytes) -> list[bytes]:
    """How a SignerInfo of ``signer`` may begin: its version, and whom it names."""
    marks = [b"\x02\x01\x01" + der.sequence(*cms.issuer_and_serial(signer))]
    try:
        found = chains.extensions(signer).get_extension_for_class(x509.SubjectKeyIdentifier)
        marks.append(b"\x02\x01\x03" + der.tlv(0x80, found.value.digest))
    except x509.ExtensionNotFound:
        pass
    return marks


def demand_plain(contents: bytes, *, signer: bytes) -> None:
    """Refuse a SignedData by ``signer`` (both DER) whose uncovered parts are in another form. Raises ``BadSignature``.

    It has been read and its signature found good before; this looks only at what that left open.
    """
    if _HEAD.match(contents) is None:
        raise cms.BadSignature("versions or digests in another form")
    if not any(_goes_on(contents, contents.rfind(mark), len(mark)) for mark in _named(signer)):
        raise cms.BadSignature("a signer's information in another form")


def _goes_on(contents: bytes, place: int, size: int) -> bool:
    """Whether behind the name at ``place`` there are a known digest, signed attributes, a known algorithm, and then the signature."""
    place += size
    digest = next((form for form in _DIGESTED if contents.startswith(form, place)), None)
    if digest is None:
        return False
    _attributes, rest = der.read_first(contents[place + len(digest) - 1 :])
    return rest.startswith(_SIGNATURES)
