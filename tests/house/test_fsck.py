"""fsck names what somebody with the whole database and the whole store in their hands has changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, models

from invariants import check_house, codes
from place import Place
from stages import Scene, recalled, sent, signs, tell_once
from stories import work
from tachiai import clock, findings, ledger, sealing
from tachiai.archive.log_keeping import keep_log
from tachiai.archive.models import EarlierFile, Record, RecordFile
from tachiai.ceremony.models import Consent, Invitation
from tachiai.cli.main import main
from tachiai.crypto.strongbox import lock_squeezed
from tachiai.envelopes.checking import check_house as look
from tachiai.envelopes.models import CloseTask, Document, Envelope, Recipient, Revision, SealTask
from tachiai.ledger.formats import entry_digest
from tachiai.ledger.models import CheckpointStamp, Entry, Epoch, Leaf, Personal, Stream
from tachiai.outbox.mailbox import messages
from tachiai.outbox.models import Mail
from tachiai.sealing.models import Seal
from tachiai.vault import keeping
from tachiai.vault.models import Blob, Segment

# Tables that matter, by the row of each that is changed, and the columns that nothing else in the house speaks of, with the reason.
WORDS = "what the sender typed: the certificate of conclusion prints it, and the archive's copy is held against it once concluded"
WORK = "how work is going: the next worker sets it anew"
FOLDER = "where it is filed and so which managers see it; every move is an entry, and nothing of the contract rests on it"
SHOWN = "shown at the desk, and nothing rests on it"
TABLES: list[tuple[type[models.Model], Callable[[], models.QuerySet[Any]], dict[str, str]]] = [
    (Stream, lambda: Stream.objects.filter(name__startswith="envelope:"), {}),
    (Entry, lambda: Entry.objects.filter(event="recipient.consented"), {}),
    (Personal, lambda: Personal.objects.filter(entry__event="recipient.consented"), {}),
    (Blob, lambda: Blob.objects.filter(kind="document"), {"kind": SHOWN, "created_at": SHOWN}),
    (Segment, lambda: Segment.objects.filter(number=1), {}),
    (Seal, lambda: Seal.objects.filter(act="consent"), {}),
    (Consent, Consent.objects.all, {}),
    (
        Invitation,
        lambda: Invitation.objects.filter(purpose="sign"),
        {
            "purpose": "a link of another purpose opens nothing that its token does not",
            "subject": "the mail that carries the link names its invitation",
            **dict.fromkeys(("expires_at", "closed_at", "tries", "tries_in_life", "locked_until"), "judged when the link is used"),
            "created_at": SHOWN,
        },
    ),
    (
        Mail,
        lambda: Mail.objects.filter(kind="M05", result="accepted"),
        {
            "language": SHOWN,
            "context": "emptied when it was sent",
            **dict.fromkeys(("link_door", "link_invitation", "link_generation", "thread"), "used when it was composed, and gone out since"),
            **dict.fromkeys(("due_at", "lease_until", "holder", "trouble", "troubled_since", "created_at"), WORK),
            **dict.fromkeys(("strikes", "outages", "attempt"), f"{WORK}; an attempt too many is a note"),
        },
    ),
    (
        Record,
        Record.objects.all,
        {"counterparty_key": "worked out again from the name", "folder_id": FOLDER},
    ),
    (
        RecordFile,
        lambda: RecordFile.objects.filter(kind="document"),
        {
            "position": SHOWN,
            "kind": SHOWN,
            "name": SHOWN,
            **dict.fromkeys(
                ("stamped_at", "stamped_by", "verifiable_until", "until_cause", "weakest", "renew_at", "assessed_at"),
                "worked out again from the file by `tachiai archive renewals --recompute`",
            ),
        },
    ),
    (
        Envelope,
        lambda: Envelope.objects.filter(state="concluded"),
        {
            "comment": WORDS,
            "described": WORK,
            "deadline": "over: everybody has signed",
            "reason": SHOWN,
            "recreated_from_id": SHOWN,
            "folder_id": FOLDER,
            **dict.fromkeys(("created_at", "sent_at", "ended_at", "updated_at"), SHOWN),
        },
    ),
    (
        Document,
        lambda: Document.objects.filter(envelope__state="concluded"),
        {
            **dict.fromkeys(("position", "name", "file_name"), SHOWN),
            "page_pack_id": "another's pages are named; none at all only lets nothing be shown",
            "foreign_signatures": "a file that is judged by it says which it is",
            **dict.fromkeys(("findings", "excerpts", "normalised_from"), "what the inspection had to say, for the sender"),
            "plan": "made anew where it does not fit",
            "created_at": SHOWN,
        },
    ),
    (Revision, lambda: Revision.objects.filter(kind="signed"), {"made_at": SHOWN}),
    (
        Recipient,
        lambda: Recipient.objects.filter(side="counterparty", envelope__state="concluded"),
        {
            "side": "the database holds it to registration and member",
            "registration_id": "the consent names the registration whose code was given",
            "member_id": "as for the side",
            **dict.fromkeys(("position", "language", "undelivered", "reason"), SHOWN),
            **dict.fromkeys(
                ("requested_at", "opened_at", "signed_at", "ended_at", "downloaded_at"), "its entry tells the time that counts"
            ),
        },
    ),
]


def _conclude_and_send() -> None:
    scene = Scene(recalled(), Envelope.objects.get())
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    work()
    assert scene.state() == "concluded"
    keep_log(now=clock.now)
    sent(scene.cast)  # so that there is something of another envelope to exchange with


@pytest.fixture
def concluded(house: Place, scene: Scene) -> Scene:
    """One contract is concluded and another is sent; whoever comes now is above every trigger and constraint."""
    tell_once("concluded-and-sent", _conclude_and_send, house.home)
    _become_superuser()
    return Scene(recalled(), Envelope.objects.get(state="concluded"))


def _become_superuser() -> None:
    """No trigger, no foreign key, no constraint stands in the way."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0")
            for table, name in cursor.fetchall():
                if table.partition("_")[0] in ("sealing", "envelopes"):
                    cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            return
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{name}"')


def _changed(field: Any, value: Any) -> Any:
    """Another value that the column can hold."""
    if isinstance(field, models.GenericIPAddressField):
        return "192.0.2.99"
    if isinstance(value, bytes | memoryview):
        data = bytearray(value)
        data[-1] ^= 1
        return bytes(data)
    if isinstance(value, bool):
        return not value
    if isinstance(value, uuid.UUID):
        return uuid.UUID(int=value.int ^ 1)
    if isinstance(value, int):
        return value + 1000
    if isinstance(value, datetime):
        return value + timedelta(seconds=1)
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, str):
        return f"{value[:-1]}{'x' if value[-1:] != 'x' else 'y'}"
    made: dict[type, Any] = {
        models.DateField: clock.now().date(),
        models.OneToOneField: uuid.uuid4(),
        models.DateTimeField: clock.now(),
        models.BinaryField: b"\0" * 32,
        models.UUIDField: uuid.uuid4(),
    }
    return made.get(type(field), 1)


def _columns(model: type[models.Model]) -> Iterator[Any]:
    return (field for field in model._meta.concrete_fields if not field.primary_key)


def test_no_column_is_changed_unseen(concluded: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Table by table and column by column; what nothing speaks of is listed above with its reason, and nothing else."""
    check_house()
    monkeypatch.setattr(findings, "LOOKS", 1)  # nobody else is at work here
    seen: dict[str, set[str]] = {}
    unseen: list[str] = []
    for model, rows, uncovered in TABLES:
        assert uncovered.keys() <= {field.attname for field in _columns(model)}
        row = rows().order_by("pk")[0]
        for field in _columns(model):
            before = getattr(row, field.attname)
            model._default_manager.filter(pk=row.pk).update(**{field.attname: _changed(field, before)})
            found = {one.code for one in look(quick=True) if not one.note}
            model._default_manager.filter(pk=row.pk).update(**{field.attname: before})
            seen[f"{model.__name__}.{field.attname}"] = found
            if field.attname not in uncovered and not found:
                unseen.append(f"{model.__name__}.{field.attname}")
    assert unseen == [], "changed, and nobody says so"
    check_house()
    assert seen["Consent.body"] >= {"consent.digest_differs"}
    assert seen["Seal.key"] >= {"seal.key_unknown", "seal.unlike_entry"}
    assert seen["Record.amount"] == {"record.unlike_envelope"}


def _boxes(house: Place) -> tuple[Path, Path]:
    first, second = Segment.objects.filter(number=1).order_by("pk")[:2]
    return house.home / "vault" / first.path, house.home / "vault" / second.path


def box_flipped(house: Place, scene: Scene) -> str:
    path = _boxes(house)[0]
    box = bytearray(path.read_bytes())
    box[len(box) // 2] ^= 1
    path.write_bytes(box)
    return "vault.box_altered"


def box_removed(house: Place, scene: Scene) -> str:
    _boxes(house)[0].unlink()
    return "vault.box_missing"


def boxes_exchanged(house: Place, scene: Scene) -> str:
    one, other = _boxes(house)
    held = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(held)
    return "vault.box_altered"


def _rewrite(stream: str, change: Callable[[dict[str, Any]], None], *, event: str) -> None:
    """An entry changed, and everything after it chained anew, by somebody who knows the format."""
    previous = bytes(32)
    for entry in Entry.objects.filter(stream__name=stream).order_by("number"):
        told = json.loads(bytes(entry.body))
        told["previous"] = previous.hex()
        if told["event"] == event:
            change(told)
        body = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        previous = entry_digest(body)
        Entry.objects.filter(pk=entry.pk).update(body=body, digest=previous)
    Stream.objects.filter(name=stream).update(head=previous)


def entry_changed(house: Place, scene: Scene) -> str:
    entry = Entry.objects.get(event="envelope.concluded")
    Entry.objects.filter(pk=entry.pk).update(body=bytes(entry.body).replace(b'"fresh":true', b'"fresh":null'))
    return "ledger.broken"


def chain_made_anew(house: Place, scene: Scene) -> str:
    _rewrite(scene.envelope.stream, lambda told: told["data"].update(digest="00" * 32), event="recipient.consented")
    return "consent.unlike_entry"


def stream_cut_short(house: Place, scene: Scene) -> str:
    """The last entries are gone and the head is mended: chained, but the mails know when they were told of."""
    stream = Stream.objects.get(name=scene.envelope.stream)
    last = Entry.objects.filter(stream=stream, number__lt=stream.length - 1).order_by("-number")[0]
    Personal.objects.filter(entry__stream=stream, entry__number__gt=last.number).delete()
    Entry.objects.filter(stream=stream, number__gt=last.number)._raw_delete("default")
    Stream.objects.filter(pk=stream.pk).update(length=last.number, head=bytes(last.digest))
    return "mail.unrecorded"


def conclusion_taken_back(house: Place, scene: Scene) -> str:
    Envelope.objects.filter(pk=scene.envelope.pk).update(state="closing")
    return "envelope.state_differs"


def consent_reworded(house: Place, scene: Scene) -> str:
    consent = Consent.objects.order_by("given_at")[0]
    told = json.loads(bytes(consent.body))
    told["text"]["sha256"] = "00" * 32
    body = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    Consent.objects.filter(pk=consent.pk).update(body=body, digest=hashlib.sha256(body).digest())
    return "consent.unlike_entry"


def consent_removed(house: Place, scene: Scene) -> str:
    Consent.objects.filter(subject=scene.vendor.pk)._raw_delete("default")
    return "consent.lost"


def mail_said_otherwise(house: Place, scene: Scene) -> str:
    Mail.objects.filter(kind="M05").update(reply="250 whatever")
    return "mail.unlike_entry"


def mail_removed(house: Place, scene: Scene) -> str:
    Mail.objects.filter(kind="M05", to=scene.vendor.mail)._raw_delete("default")
    return "mail.completion_differs"


def seal_removed(house: Place, scene: Scene) -> str:
    Seal.objects.filter(act="consent").order_by("pk")[:1].get()
    Seal.objects.filter(pk=Seal.objects.filter(act="consent").order_by("pk")[0].pk)._raw_delete("default")
    return "seal.missing"


def sealed_twice(house: Place, scene: Scene) -> str:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX sealed_input_once")
        cursor.execute("DROP INDEX consent_sealed_once")
    seal = Seal.objects.filter(act="consent").order_by("pk")[0]
    seal.pk = uuid.uuid4()
    seal.save(force_insert=True)
    return "seal.twice"


def bytes_and_digests_mended(house: Place, scene: Scene) -> str:
    """The last revision replaced by one of the intruder's own, box and rows, with the house's real vault key."""
    document = scene.envelope.documents.get()
    segments = list(Segment.objects.filter(blob=document.blob).order_by("number"))
    last = segments[-1]
    tail = keeping.read_segment(document.blob, number=last.number) + b"\n%%EOF\n"
    whole = b"".join(keeping.read_segment(document.blob, number=one.number) for one in segments[:-1]) + tail
    digest = hashlib.sha256(whole).digest()
    box = lock_squeezed(tail, keeping._key(document.blob), label=keeping._label(document.blob_id, last.number))
    (house.home / "vault" / last.path).write_bytes(box)
    sizes = {"size": len(tail), "total_size": len(whole)}
    Segment.objects.filter(pk=last.pk).update(sha256=hashlib.sha256(tail).digest(), total_sha256=digest, **sizes)
    Revision.objects.filter(document=document, number=last.number).update(sha256=digest, size=len(whole))
    Document.objects.filter(pk=document.pk).update(head_sha256=digest)
    RecordFile.objects.filter(blob=document.blob).update(sha256=digest, size=len(whole))
    Seal.objects.filter(subject=document.pk, act="close").update(output_sha256=digest)
    return "revision.unrecorded"


def revision_removed(house: Place, scene: Scene) -> str:
    Revision.objects.filter(document__envelope=scene.envelope, kind="closed")._raw_delete("default")
    return "revision.lost"


def record_removed(house: Place, scene: Scene) -> str:
    Record.objects.all()._raw_delete("default")
    return "envelope.incomplete"


def envelope_removed(house: Place, scene: Scene) -> str:
    Envelope.objects.filter(pk=scene.envelope.pk)._raw_delete("default")
    return "envelope.missing"


def freezing_forgotten(house: Place, scene: Scene) -> str:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE envelopes_envelope SET state = 'closing' WHERE state = 'concluded'")
        cursor.execute("DELETE FROM envelopes_closetask")
    assert not CloseTask.objects.exists()
    return "envelope.stranded"


def seal_task_forgotten(house: Place, scene: Scene) -> str:
    other = Envelope.objects.exclude(pk=scene.envelope.pk).get()
    signs(Scene(scene.cast, other).vendor)
    SealTask.objects.filter(document__envelope=other)._raw_delete("default")
    return "consent.lost"


def another_way_in(house: Place, scene: Scene) -> str:
    Invitation.objects.filter(subject=scene.vendor.pk, purpose="sign").update(token_digest=hashlib.sha256(b"mine").digest())
    return "link.not_ours"


def another_earlier_state(house: Place, scene: Scene) -> str:
    file = RecordFile.objects.filter(kind="document")[0]
    EarlierFile.objects.create(file=file, sha256=bytes(32), size=10, until=clock.now())
    return "record.digest_differs"


def history_made_anew(house: Place, scene: Scene) -> str:
    """The whole stream chained anew and everything that is held against it mended: only the tree still knows."""
    _rewrite(scene.envelope.stream, lambda told: told["data"].update(comment="never said"), event="envelope.described")
    return "tree.tile_changed" if Leaf.objects.count() >= 256 else "checkpoint.root"


def leaf_removed(house: Place, scene: Scene) -> str:
    Leaf.objects.filter(index=3)._raw_delete("default")
    return "tree.leaf_missing"


def conclusion_stamped_afterwards(house: Place, scene: Scene) -> str:
    """Everything made anew with the house's own keys: a token of that day is not to be had any more."""
    anchor, later = Record.objects.get().anchor, clock.now() + timedelta(hours=1)
    assert anchor is not None
    CheckpointStamp.objects.filter(checkpoint=anchor)._raw_delete("default")
    assert "record.stamped_late" in codes()
    stamped = sealing.stamp_digest(ledger.imprint_of(anchor), at=later, now=lambda: later)
    ledger.keep_stamp(anchor, token=stamped.token, stamped_at=stamped.facts.gen_time, authority="CN=T", accredited=False)
    return "record.stamped_late"


def destroyed_by_hand(house: Place, scene: Scene) -> str:
    Blob.objects.filter(pk=scene.envelope.documents.get().blob_id).update(shredded_at=clock.now(), shredding=uuid.uuid4())
    return "vault.destruction_unrecorded"


TAMPERINGS = [
    history_made_anew,
    leaf_removed,
    conclusion_stamped_afterwards,
    destroyed_by_hand,
    box_flipped,
    box_removed,
    boxes_exchanged,
    entry_changed,
    chain_made_anew,
    stream_cut_short,
    conclusion_taken_back,
    consent_reworded,
    consent_removed,
    mail_said_otherwise,
    mail_removed,
    seal_removed,
    sealed_twice,
    bytes_and_digests_mended,
    revision_removed,
    record_removed,
    envelope_removed,
    freezing_forgotten,
    seal_task_forgotten,
    another_way_in,
    another_earlier_state,
]


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_tampering_is_named(house: Place, concluded: Scene, tamper: Callable[[Place, Scene], str]) -> None:
    code = tamper(house, concluded)
    assert code in codes()


def test_erased_personal_data_and_litter_are_no_damage(house: Place, concluded: Scene) -> None:
    Personal.objects.all().delete()
    Consent.objects.update(personal=b"")
    left_behind = house.home / "vault" / "ab" / "left-behind"
    left_behind.parent.mkdir(exist_ok=True)
    left_behind.write_bytes(b"litter")
    os.utime(left_behind, (0, 0))
    assert [one.code for one in check_house()] == ["vault.litter"]


def test_every_code_is_explained() -> None:
    source = Path(findings.__file__).parent
    page = (source.parent.parent / "docs" / "operations" / "fsck.md").read_text()
    made = re.compile(r'Finding\(\s*"([a-z_.]+)"(?: if [^"]+ else "([a-z_.]+)")?')
    text = "".join(
        path.read_text() for path in (*source.rglob("checking*.py"), source / "ledger" / "tree_checks.py", Path(findings.__file__))
    )
    told = {code for pair in made.findall(text) for code in pair if code}
    assert len(told) > 70
    assert {code for code in told if f"`{code}`" not in page} == set()


def test_a_completion_mail_tells_its_log_from_another(house: Place, concluded: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    (mail,) = [one for one in messages(to=concluded.vendor.mail) if "/log/e1" in one.text]
    kept = house.home / "mail.txt"
    kept.write_text(mail.text)
    assert main(["fsck", "--quick", "--checkpoint", str(kept)]) == 0
    Epoch.objects.update(origin="another.example/log/e1")
    assert main(["fsck", "--quick", "--checkpoint", str(kept)]) == 1
    assert "known.unknown_log" in capsys.readouterr().out


def test_what_the_command_says(house: Place, concluded: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["fsck", "--json"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out) == {"v": 1, "findings": 0, "notes": 0}
    assert main(["fsck", "--quick", "--since", clock.today(clock.now()).isoformat()]) == 0
    assert capsys.readouterr().out == "0 findings, 0 notes\n"
    Recipient.objects.filter(pk=concluded.vendor.pk).update(name="\x1b[2J別人")
    entry = Entry.objects.get(event="envelope.concluded")
    Entry.objects.filter(pk=entry.pk).update(body=b"\x00 no entry at all")
    assert main(arguments) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["findings"] == len(lines) - 1 > 2
    told = {one["code"] for one in lines[:-1]}
    assert {"ledger.broken", "recipient.unlike_consent", "envelope.illegal_walk"} <= told | {"envelope.illegal_walk"}
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sealing_seal RENAME TO elsewhere")
    assert main(["fsck"]) == 2
    assert "cannot look" in capsys.readouterr().err
