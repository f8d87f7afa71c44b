"""What must hold of a house at any moment, whatever happened to it: ``tachiai fsck`` finds nothing."""

from __future__ import annotations

from tachiai.envelopes import checking
from tachiai.envelopes.models import Envelope
from tachiai.findings import Finding
from tachiai.ledger.models import Entry


def check_house() -> list[Finding]:
    """Nothing is out of order; the notes, for those who expect some."""
    told = list(checking.check_house())
    wrong = [one for one in told if not one.note]
    assert not wrong, wrong  # told in words also where no test runner does
    return told


def check_envelope(envelope: Envelope) -> None:
    """The same of one envelope alone, without its file being judged: for races, which are many."""
    assert list(checking.check_envelope(envelope.pk, quick=True)) == []


def codes() -> set[str]:
    """What fsck names, notes left out."""
    return {one.code for one in checking.check_house() if not one.note}


def events(envelope: Envelope) -> list[str]:
    return list(Entry.objects.filter(stream__name=envelope.stream).order_by("number").values_list("event", flat=True))
