"""What a template says, apart from its rows: who is asked what, where they sign, and one digest over all of it.

A place names nobody by name or address. It is filled when the template is used (相手方, 自団体), or a registration or a member stays in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tachiai.envelopes.addressing import Place, Typed, rows_of
from tachiai.envelopes.field_models import Field, FieldKind
from tachiai.envelopes.models import Envelope, Gate, Kind, Proof, Recipient, Side
from tachiai.envelopes.placing import Spot
from tachiai.envelopes.template_models import Template, TemplateFile

NOBODY_YET = Typed("-", "-", "nobody@example.invalid")


@dataclass(frozen=True)
class Role:
    """One place of a template. ``fixed`` is ``r:<registration>`` or ``m:<member>``, empty is whoever is chosen at each use.

    ``files`` are the positions of those that are meant for it; none is all of them.
    """

    order: int
    side: Side
    kind: Kind = Kind.SIGNER
    any_one: bool = False
    gate: Gate = Gate.REGISTERED
    proof: Proof = Proof.PLAIN
    language: str = ""
    may_reassign: bool = False
    wants_copy: bool = True
    fixed: str = ""
    files: tuple[int, ...] = ()

    def told(self) -> dict[str, object]:
        """As the row keeps it."""
        return {name: str(value) if name in ENUMS else value for name, value in vars(self).items()} | {"files": list(self.files)}


ENUMS = ("side", "kind", "gate", "proof")
USUAL_ROLES = (Role(1, Side.COUNTERPARTY), Role(2, Side.OWN))


def roles_of(template: Template) -> list[Role]:
    """The places in their order."""
    return [_role(told) for told in template.places]


def _role(told: Mapping[str, Any]) -> Role:
    enums = {"side": Side(told["side"]), "kind": Kind(told["kind"]), "gate": Gate(told["gate"]), "proof": Proof(told["proof"])}
    return Role(**{**told, **enums, "files": tuple(told["files"])})


def role_of(recipient: Recipient, *, fixed: bool, files: Sequence[int]) -> Role:
    """The place of somebody in an envelope, as a template has it."""
    stays = ""
    if fixed and recipient.registration_id:
        stays = f"r:{recipient.registration_id}"
    elif fixed and recipient.member_id:
        stays = f"m:{recipient.member_id}"
    return Role(
        recipient.order,
        Side(recipient.side),
        kind=Kind(recipient.kind),
        any_one=recipient.any_one,
        gate=Gate(recipient.gate),
        proof=Proof(recipient.proof),
        language=recipient.language if stays else "",
        may_reassign=recipient.may_reassign,
        wants_copy=recipient.wants_copy,
        fixed=stays,
        files=tuple(files),
    )


def slots_of(roles: Iterable[Role]) -> list[int | None]:
    """Which slot each place will sign in, by the very rule that gives slots to recipients."""
    stand_ins = [Place(role.order, NOBODY_YET, kind=role.kind, any_one=role.any_one, gate=Gate.OTP) for role in roles]
    return [row.slot for row in rows_of(Envelope(), stand_ins)]


def spot_told(spot: Spot | Field) -> dict[str, object]:
    """A field as a template's file keeps it."""
    return {name: getattr(spot, name) if name != "kind" else str(spot.kind) for name in SPOT}


SPOT = ("slot", "kind", "page", "left", "top", "width", "height", "required", "guide")


def spots_of(file: TemplateFile) -> list[Spot]:
    """Where signers are seen or fill something in, on one file."""
    return [Spot(**{**told, "kind": FieldKind(told["kind"])}) for told in file.fields]


def content_digest(template: Template, files: Iterable[TemplateFile]) -> str:
    """SHA-256 over everything a template says, as hex: what the ledger knows of it."""
    said: dict[str, object] = {name: getattr(template, name) for name in ("name", "envelope_name", "comment", "deadline_days", "places")}
    said |= {"archived": template.archived_at is not None, "files": [_file_said(one) for one in files]}
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _file_said(file: TemplateFile) -> dict[str, object]:
    plain = {name: getattr(file, name) for name in ("position", "name", "file_name", "size", "pages", "fields")}
    return {**plain, "sha256": bytes(file.sha256).hex()}
