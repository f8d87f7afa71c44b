"""The house's own key, timestamp authority and trust, loaded once per process from the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from tachiai.crypto.authority import load_authority
from tachiai.crypto.keys import Credential, load_credential
from tachiai.crypto.revocation import RevocationByRoot, RevocationSource
from tachiai.crypto.revocation_http import HttpRevocation
from tachiai.crypto.timestamps import Timestamper
from tachiai.house import House, Misconfigured
from tachiai.sealing.timestamping import timestamper


@dataclass(frozen=True)
class Handles:
    """What sealing needs, whoever issued it. ``roots`` and ``tsa_roots`` are DER certificates chains must end in."""

    credential: Credential
    timestamper: Timestamper
    revocation: RevocationSource
    roots: tuple[bytes, ...]
    tsa_roots: tuple[bytes, ...]


@lru_cache(maxsize=1)
def handles() -> Handles:
    """The house's handles. Raises ``Misconfigured`` when a real start lacks a key or an authority."""
    return _handles(settings.TACHIAI)


def _handles(house: House) -> Handles:
    if house.seal_key_file is None or house.tsa is None:
        return _with_embedded(house)
    credential = _credential(house)
    stamper, tsa_roots = timestamper(house)
    revocation = HttpRevocation([*credential.roots, *tsa_roots], allow_private=house.allow_private_revocation)
    return Handles(credential, stamper, revocation, credential.roots, tsa_roots)


def _with_embedded(house: House) -> Handles:
    """The demo's embedded authority, wholly or for whichever of key and TSA is not configured. Never in production."""
    if house.mode == "production":
        raise Misconfigured("production needs TACHIAI_SEAL_KEY_PATH and TACHIAI_TSA_URL: the embedded authority is for demonstration")
    authority = load_authority(house.keys / "authority")
    credential = _credential(house) if house.seal_key_file else authority.seal_credential
    stamper, tsa_roots = timestamper(house) if house.tsa else (authority.timestamper, authority.roots)
    foreign = [root for root in (*credential.roots, *tsa_roots) if root not in authority.roots]
    outside = HttpRevocation(foreign, allow_private=house.allow_private_revocation)
    revocation = (
        RevocationByRoot((authority.roots, authority.revocation_source), (foreign, outside)) if foreign else authority.revocation_source
    )
    return Handles(credential, stamper, revocation, credential.roots, tuple(tsa_roots))


def _credential(house: House) -> Credential:
    if house.seal_key_file is None:
        raise Misconfigured("TACHIAI_SEAL_KEY_PATH is not set")
    return load_credential(house.seal_key_file, passphrase=house.seal_key_passphrase, chain_file=house.seal_chain_file)
