"""Files that pretend to be this house's, and parts of genuine ones that pretend to be the whole."""

from __future__ import annotations

from datetime import timedelta

from crypto.contract import HOUSE, Contract, words
from pki import MOMENT, embedded
from vectors.attacks import bytework, honest, service
from vectors.attacks.honest import house
from vectors.attacks.samples import attack

GROUP, PARTS = "Forged house files", "Genuine parts of a file"


def _ends(pdf: bytes) -> list[int]:
    """Where the revisions end."""
    found, at = [], pdf.find(b"%%EOF")
    while at >= 0:
        found.append(at + 6)
        at = pdf.find(b"%%EOF", at + 1)
    return found


@attack(GROUP, "house-closed")
def built_elsewhere(_pdf: bytes) -> bytes:
    """A whole concluded contract made with this very program, by an operator who gave himself the same name."""
    return Contract(embedded("架空電子契約株式会社 ")).whole(honest.upload(), (1, 2))


@attack(GROUP, "house-closed")
def names_copied(_pdf: bytes) -> bytes:
    """Names and reasons of the house and its signers in signatures of a stranger's."""
    who = service.somebody("架空電子契約株式会社", number=450, trusted=False)
    source = service.stamper(411, trusted=False)
    held = service.sign(honest.upload(), who=who, source=source, field="TachiaiHouse", certify=2, name=HOUSE.name, reason=HOUSE.reason)
    told = words(1)
    return service.sign(held, who=who, source=source, field="TachiaiSlot001", name=told.name, reason=told.reason)


@attack(GROUP, "house-interim")
def stranger_in_a_slot(pdf: bytes) -> bytes:
    """A stranger has signed in the second signer's slot, under the second signer's name."""
    told, who = words(2), service.somebody("架空電子契約株式会社", number=450, trusted=False)
    return service.sign(
        pdf, who=who, source=service.stamper(411, trusted=False), field="TachiaiSlot002", name=told.name, reason=told.reason
    )


@attack(GROUP, "house-sealed")
def one_signature_in_both_slots(pdf: bytes) -> bytes:
    """The first slot shows the second signer's signature."""
    first, second = (bytework.field_number(pdf, f"TachiaiSlot00{number}") for number in (1, 2))
    held = bytework.body(pdf, second).partition(b"/V ")[2].split(b" 0 R")[0]
    mine = bytework.body(pdf, first)
    old = mine.partition(b"/V ")[2].split(b" 0 R")[0]
    return bytework.behind(pdf, {first: mine.replace(b"/V " + old + b" 0 R", b"/V " + held + b" 0 R")})


@attack(GROUP, "house-closed")
def consent_replaced(pdf: bytes) -> bytes:
    """The digest of another consent in the first signer's signature."""
    at = pdf.index(b"/XXTachiaiConsent <") + len(b"/XXTachiaiConsent <")
    return pdf[:at] + bytes(reversed(pdf[at : at + 64])) + pdf[at + 64 :]


@attack(PARTS, "house-closed", role="interim")
def cut_back_by_one(pdf: bytes) -> bytes:
    """The concluded file without its document timestamp."""
    return pdf[: _ends(pdf)[-2]]


@attack(PARTS, "house-closed", role="interim")
def cut_back_to_the_first_signer(pdf: bytes) -> bytes:
    """The concluded file cut back to where only one of two had signed."""
    return pdf[: len(honest.house_interim())]


@attack(PARTS, "house-closed", role="interim")
def cut_back_and_stamped(pdf: bytes) -> bytes:
    """Cut back to where only one of two had signed, then closed by a document timestamp of a trusted authority."""
    return service.stamp(cut_back_to_the_first_signer(pdf), at=honest.LATER, field="Stamp")


@attack(PARTS, "house-interim", role="interim")
def closed_without_the_second(pdf: bytes) -> bytes:
    """A draft copy in which one slot is empty, closed with validation data and a document timestamp like a concluded file."""
    return house().close(pdf, at=MOMENT + timedelta(days=1))


@attack(PARTS, "house-frozen", role="interim")
def closed_without_anybody(pdf: bytes) -> bytes:
    """What the house froze, closed as if everybody had signed."""
    return house().close(pdf, at=MOMENT + timedelta(days=1))
