"""The house's own keys, timestamp authorities and trust, as the configuration has them, kept for the process.

Keys come and go while the house runs: a successor is installed, a certificate begins to be valid. So which key seals is asked anew
for every act, and the configuration's files are looked at again every other second.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from django.conf import settings

from tachiai import clock
from tachiai.crypto.authority import EmbeddedAuthority, load_authority
from tachiai.crypto.keys import Credential
from tachiai.crypto.revocation import RevocationByRoot, RevocationSource
from tachiai.crypto.revocation_http import HttpRevocation
from tachiai.crypto.sunsets import CRYPTREC, Policy
from tachiai.crypto.timestamps import Timestamper
from tachiai.crypto.trust_lists import TrustList
from tachiai.house import House, Misconfigured
from tachiai.sealing.keyring import Keyring, configured_keyring, embedded_key, stamps_of
from tachiai.sealing.timestamping import timestamper
from tachiai.sealing.trust_lists import configured_lists, configured_policy, stamps_of_lists

LOOK_AGAIN_SECONDS = 2.0


@dataclass(frozen=True)
class Handles:
    """What sealing needs, whoever issued it. ``roots`` and ``tsa_roots`` are DER certificates chains must end in.

    ``lists`` are for files of others alone: nothing of the house's own is sealed or released by them. ``policy`` says until when algorithms
    are believed, whosever file it is. ``embedded``: the signing key is that of the embedded authority.
    """

    keyring: Keyring
    timestamper: Timestamper
    revocation: RevocationSource
    roots: tuple[bytes, ...]
    tsa_roots: tuple[bytes, ...]
    lists: tuple[TrustList, ...] = ()
    policy: Policy = CRYPTREC
    embedded: bool = False

    @property
    def credential(self) -> Credential:
        """The newest valid key, now. ``Outage`` when none can be used: whatever waits to be sealed goes on waiting."""
        return self.keyring.newest(at=clock.now())

    def credential_named(self, fingerprint: str) -> Credential:
        """The key an intent named, while it is valid; the newest otherwise."""
        return self.keyring.named(fingerprint, at=clock.now())


class _Current:
    """The handles of this process: built once, and again when the files that describe the keys change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.cache_clear()

    def cache_clear(self) -> None:
        """Forget everything, connections included: the next call reads the configuration anew."""
        self._held: Handles | None = None
        self._stamps: tuple[tuple[str, int, int], ...] = ()
        self._look_again = 0.0

    def __call__(self) -> Handles:
        """The house's handles. Raises ``Misconfigured`` when a real start lacks a key or an authority."""
        held = self._held
        if held is not None and time.monotonic() < self._look_again:
            return held
        with self._lock:
            stamps = (*stamps_of(settings.TACHIAI), *stamps_of_lists(settings.TACHIAI))
            if self._held is None or stamps != self._stamps:
                self._held = _handles(settings.TACHIAI, stamper=self._held.timestamper if self._held else None)
            self._stamps, self._look_again = stamps, time.monotonic() + LOOK_AGAIN_SECONDS
            return self._held


handles = _Current()


def _handles(house: House, *, stamper: Timestamper | None = None) -> Handles:
    """``stamper`` is the one in use, whose connections and experience are kept when only keys have changed."""
    keyring = configured_keyring(house)
    authority = _embedded(house) if not keyring.keys or house.tsa is None else None
    own = not keyring.keys
    if authority is not None and not keyring.keys:
        keyring = Keyring((embedded_key(authority.seal_credential),))
    if authority is not None and house.tsa is None:
        found: Timestamper = authority.timestamper
        tsa_roots = authority.roots
    else:
        found, tsa_roots = timestamper(house)
    revocation = _revocation(house, authority, keyring.roots, tsa_roots)
    lists, policy = configured_lists(house), configured_policy(house)
    return Handles(keyring, stamper or found, revocation, keyring.roots, tsa_roots, lists, policy, own)


def _embedded(house: House) -> EmbeddedAuthority:
    """The embedded authority, wholly or for whichever of key and TSA is not configured. In production only when named."""
    if house.mode == "production" and not house.accept_embedded_authority:
        message = "production needs a signing key (tachiai key) and TACHIAI_TSA_URL: the embedded authority is for demonstration"
        raise Misconfigured(message)
    return load_authority(house.keys / "authority")


def _revocation(
    house: House, authority: EmbeddedAuthority | None, roots: tuple[bytes, ...], tsa_roots: tuple[bytes, ...]
) -> RevocationSource:
    own = authority.roots if authority is not None else ()
    foreign = [root for root in dict.fromkeys((*roots, *tsa_roots)) if root not in own]
    outside = HttpRevocation(foreign, allow_private=house.allow_private_revocation)
    if authority is None:
        return outside
    return RevocationByRoot((own, authority.revocation_source), (foreign, outside)) if foreign else authority.revocation_source
