"""kill -9 at each step of a renewal: the next worker finishes, and exactly one further revision stands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from envelopes.test_killed import kill_at
from envelopes.test_renewing import copies
from invariants import check_house, events
from pki import key
from place import Place
from stages import Scene, signs
from stories import work
from tachiai import clock
from tachiai.archive.models import EarlierFile, RecordFile, RenewalTask
from tachiai.archive.renewal import ask_for_renewal
from tachiai.archive.verification import Verdict, judge
from tachiai.config.jobs import KINDS
from tachiai.crypto.authority import issue
from tachiai.envelopes.models import Revision
from tachiai.sealing import handles
from tachiai.sealing.models import Seal
from tachiai.work import release_dead

STEPS = [
    ("tachiai.archive.renewal:renewal_wanted", "after"),
    ("tachiai.sealing.preparing:prepare", "after"),
    ("tachiai.sealing.seals:renew", "after"),
    ("tachiai.vault.keeping:put_tail", "after"),
    ("tachiai.envelopes.renewing:add_revision", "after"),
    ("tachiai.archive.filing:refile", "after"),
    ("tachiai.envelopes.renewing:_renew_document", "after"),
    ("tachiai.envelopes.renewing:_renew_certificate", "after"),
]


def longer_stamps(home: Path) -> None:
    """The demonstration's authority stamps with a certificate of ten years from now on."""
    folder = home / "keys" / "authority"
    root_key = load_pem_private_key((folder / "root.key.pem").read_bytes(), None)
    root = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
    old = x509.load_pem_x509_certificates((folder / "tsa.pem").read_bytes())[0]
    private = key("p256", 88)
    leaf = issue(
        old.subject,
        private.public_key(),
        issuer=root.subject,
        issuer_key=root_key,  # type: ignore[arg-type]
        at=clock.now(),
        validity=timedelta(days=3650),
        purpose=ExtendedKeyUsageOID.TIME_STAMPING,
    )
    (folder / "tsa.key.pem").write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "tsa.pem").write_bytes(leaf.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM))
    handles.handles.cache_clear()


@pytest.mark.parametrize(("target", "when"), STEPS)
def test_killed_while_renewing(house: Place, scene: Scene, target: str, when: str) -> None:
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    work()
    before = copies()
    longer_stamps(house.home)
    ask_for_renewal(list(RecordFile.objects.all()), at=clock.now())
    kill_at(house.home, target, when)
    check_house()
    release_dead([kind.rows().model for kind in KINDS])
    work()
    assert set(RenewalTask.objects.values_list("state", flat=True)) == {"done"}
    assert Revision.objects.filter(kind="extended").count() == 1
    assert Seal.objects.filter(act="extend", state="sealed").count() == 2
    for kind, pdf in copies().items():
        assert pdf.startswith(before[kind])
        assert judge(pdf, at=clock.now()).verdict == Verdict.VALID
    assert EarlierFile.objects.count() == 2
    told = events(scene.envelope)
    assert (told.count("document.renewed"), told.count("certificate.renewed")) == (1, 1)
    check_house()
