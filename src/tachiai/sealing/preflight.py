"""Before anything is sealed: every key signs, every authority stamps, and a probe document stands up to the judges.

A bad certificate is found at the start and not at the first contract. What merely does not answer is another matter: work that needs
it waits, and the house runs meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tachiai.crypto import pades, pades_verify, release
from tachiai.crypto.certificate_requests import check_dates, check_usage
from tachiai.crypto.keys import Credential, proves_itself
from tachiai.crypto.pades import SealText
from tachiai.crypto.pades_verify import Expected
from tachiai.crypto.timestamps import OtherPurpose, Timestamper
from tachiai.errors import Outage, Refusal
from tachiai.sealing.handles import Handles, handles
from tachiai.sealing.keyring import ConfiguredKey
from tachiai.sealing.timestamping import single_timestampers

_DIGEST = hashlib.sha256(b"tachiai: preflight").digest()
_WORDS = SealText(name="preflight", reason="preflight")


@dataclass(frozen=True)
class Trial:
    """What became of one key or authority, or of the question whether they may be used here at all ("house").

    ``code`` is empty when all went well; a ``grave`` one keeps production from starting.
    """

    what: Literal["key", "tsa", "house"]
    name: str
    code: str = ""
    grave: bool = False
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.code


def try_keys(*, at: datetime) -> tuple[Trial, ...]:
    """Try every authority and every key. Raises ``Misconfigured`` when there is no configuration to try."""
    house = handles()
    stampers = single_timestampers(house.timestamper)
    stamped = [_try("tsa", stamper.name, lambda stamper=stamper: _stamp(stamper, at)) for stamper in stampers]  # type: ignore[misc]
    usable = [stamper for stamper, trial in zip(stampers, stamped, strict=True) if trial.passed]
    spare = house.keyring.valid(at=at)
    keys = [
        _try_key(key, house, usable[0] if usable else None, spared=bool(set(spare) - {key}), at=at)
        for key in house.keyring.keys
        if not key.retired
    ]
    return (*stamped, *keys)


def _try(what: Literal["key", "tsa"], name: str, act: Callable[[], None]) -> Trial:
    try:
        act()
    except Refusal as refusal:
        return Trial(what, name, refusal.code, grave=True, facts=refusal.facts)
    except Outage as outage:
        if isinstance(outage.__cause__, OtherPurpose):
            return Trial(what, name, "tsa.wrong_usage", grave=True, facts={"detail": outage.detail})
        # What answered wrongly will do so again; what did not answer may only be away.
        grave = not outage.code.endswith(".unreachable")
        return Trial(what, name, outage.code, grave=grave, facts={"detail": outage.detail})
    return Trial(what, name)


def _stamp(stamper: Timestamper, at: datetime) -> None:
    stamper.timestamp(_DIGEST, at=at)


def _try_key(key: ConfiguredKey, house: Handles, stamper: Timestamper | None, *, spared: bool, at: datetime) -> Trial:
    """``spared``: another key can seal meanwhile, so that one still waiting for its certificate, or whose time is over, stops nothing."""
    trial = _try("key", key.name, lambda: _prove(key, house, stamper, at=at))
    # Without its certificate, too early or too late: the other key does the work.
    if spared and (key.waiting or trial.code in ("key.expired", "key.not_yet_valid")):
        return Trial("key", key.name, trial.code, grave=False, facts=trial.facts)
    return trial


def _prove(key: ConfiguredKey, house: Handles, stamper: Timestamper | None, *, at: datetime) -> None:
    """Refuses with what is wrong with the key, its certificate, or what it sealed."""
    chain = key.whole_chain()
    check_dates(chain.certificate, label=key.name, at=at)
    check_usage(chain.certificate, label=key.name)
    credential = key.credential()
    if stamper is None:
        # Nobody stamps just now. That the key signs can be seen all the same.
        if not proves_itself(credential):
            raise Refusal("key.mismatch", label=key.name)
        return
    _seal_probe(credential, house, stamper, at=at)


def _seal_probe(credential: Credential, house: Handles, stamper: Timestamper, *, at: datetime) -> None:
    """Freeze a one-page document and let both judges see it, as a contract's would. Refuses ``key.probe_rejected`` (detail)."""
    pdf = probe()
    made = pades.freeze(pdf, slots=[1], credential=credential, timestamper=stamper, text=_WORDS, at=at)
    expected = Expected(
        certification=True, slots={}, closed=False, upload_size=len(pdf), upload_sha256=hashlib.sha256(pdf).digest(), every_slot=(1,)
    )
    try:
        for judge in (release.verify, pades_verify.verify):
            judge(pdf + made.tail, expected=expected, roots=credential.roots, tsa_roots=house.tsa_roots, at=at)
    except Refusal as refusal:
        raise Refusal("key.probe_rejected", label=credential.label, detail=str(refusal)) from refusal


def probe() -> bytes:
    """The smallest document there is: one empty page (ISO 32000-2, 7.7)."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>",
    )
    held, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(held))
        held += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return held + end % (size, table, size, len(held))
