"""Everything that can be said of any file's signatures, expecting nothing: the judge of strangers' files.

It reads with pyHanko and then asks more than pyHanko does, because published attacks pass pyHanko alone. Whose signatures these are is told
apart from whether they hold: an unknown root makes nobody a forger. Nothing here looks anything up; a file proves itself or does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pyhanko.sign.validation.dss import DocumentSecurityStore

from tachiai.crypto import horizons, strangers, verdicts
from tachiai.crypto.after_signing import changes_after
from tachiai.crypto.archival import Archive, has_validation_data
from tachiai.crypto.fields import HOUSE_FIELD, SLOT_FIELDS
from tachiai.crypto.file_rules import adds_unlisted_objects, covers_whole_file, has_unlisted_signature
from tachiai.crypto.judgement import Level, Report, Row
from tachiai.crypto.reading import Reader, open_reader
from tachiai.crypto.revisions import Story
from tachiai.crypto.standing import parsing, read_tolerantly
from tachiai.crypto.strangers import Judged, Trusted
from tachiai.crypto.strangers_proofs import Proofs
from tachiai.crypto.sunsets import CRYPTREC, Policy
from tachiai.crypto.trust_lists import Anchors, TrustList
from tachiai.errors import Refusal

__all__ = ["examine"]

# A certificate that had ended, or was revoked, before the next timestamp was put over it.
_OUTLIVED = frozenset(("certificate_expired", "certificate_not_yet_valid", "certificate_revoked"))
# Problems that say nothing against what the file holds: whether it proves itself can be asked all the same.
_BESIDE_THE_POINT = frozenset(
    (
        "unknown_root", "timestamp_untrusted", "timestamp_unfit", "timestamp_wrong", "timestamp_missing", "changed_after", "algorithm_past",
    )
)  # fmt: skip


def examine(
    pdf: bytes,
    *,
    roots: Sequence[bytes],
    tsa_roots: Sequence[bytes],
    at: datetime,
    lists: Sequence[TrustList] = (),
    policy: Policy = CRYPTREC,
) -> Report:
    """Judge every signature of ``pdf`` and the file as a whole, at ``at``.

    ``roots`` and ``tsa_roots`` are the house's own (DER); ``lists`` whom the operator believes besides. Refuses only ``seal.unreadable``
    and ``seal.no_signature``. docs/formats/verdict.md tells every code.
    """
    signing = Anchors.of(roots, [(one.name, one.signing) for one in lists])
    timestamps = Anchors.of(tsa_roots, [(one.name, one.timestamps) for one in lists])
    with parsing():
        return _Examination(pdf, Trusted(signing, timestamps, policy, at)).report()


@dataclass(frozen=True)
class _End:
    """How the file ends: ``whole`` if nothing follows the last signature, ``closed`` if that is a document timestamp."""

    whole: bool
    closed: bool


class _Examination:
    def __init__(self, pdf: bytes, trusted: Trusted) -> None:
        self._pdf, self._trusted = pdf, trusted
        self._reader: Reader = open_reader(pdf)
        self._standing, odd = read_tolerantly(self._reader, pdf)
        if not self._standing and not odd:
            raise Refusal("seal.no_signature", unknown=0)
        signed: dict[int, dict[str, bool]] = {}
        for found in self._standing:
            signed.setdefault(found.revision, {})[found.field] = found.is_timestamp
        self._story = Story(pdf, self._reader, signed)
        self._store = _store(self._reader)
        self._judged = [strangers.blank(pdf, found) for found in self._standing]
        self._odd = [strangers.of_odd(one) for one in odd]
        self._problems: list[str] = []

    def report(self) -> Report:
        # Step 1: every signature by itself; timestamps first, because they give the others their time.
        for judged in self._judged:
            if judged.row.kind == "timestamp" and not judged.problems:
                self._judge(judged)
        for judged in self._judged:
            if judged.row.kind != "timestamp" and not judged.problems:
                self._judge(judged)

        # Step 2: what was renewed in time, and what is too weak by now.
        for judged in self._judged:
            self._age(judged)

        # Step 3: what happened afterwards, revision by revision.
        for judged in self._judged:
            self._follow(judged)

        # Step 4: the file as a whole.
        end = self._end()
        tail = self._tail_problems(end)
        self._problems += [*tail, *self._file_problems()]
        # A reader lists signatures one by one, and none of them vouches for what nobody has signed.
        for judged in self._judged:
            judged.problems += tail if judged.holds else []

        # Step 5: how far it proves itself, and for how long.
        for judged in self._judged:
            judged.row = judged.row._replace(level=self._level(judged))
        if end.closed:
            self._archive()
        rows = tuple(self._finished(judged) for judged in (*self._judged, *self._odd))
        until, cause = horizons.soonest([(row.until, row.until_cause) for row in rows])
        problems = verdicts.in_order(self._problems)
        return Report(rows, end.closed, end.whole, problems, until=until, until_cause=cause)

    # ----------------------------------------------------------------------------------------- one after the other

    def _judge(self, judged: Judged) -> None:
        try:
            if judged.row.kind == "timestamp":
                strangers.judge_stamp(self._pdf, judged, self._store, self._trusted)
            else:
                strangers.judge_signature(self._pdf, judged, self._store, self._trusted, self._covers(judged))
        except Exception:
            # Whatever a library stumbles over is this signature's trouble, and no other's.
            judged.problems, judged.signed, judged.time = ["unreadable"], None, None

    def _covers(self, judged: Judged, *, believed: bool = False) -> list[Judged]:
        """The document timestamps behind a signature that hold; only those that are believed, if so asked."""
        later = self._judged[self._judged.index(judged) + 1 :]
        found = [other for other in later if other.row.kind == "timestamp" and other.time is not None]
        return [other for other in found if other.proven] if believed else found

    def _age(self, judged: Judged) -> None:
        """Certificates of authorities and algorithms must last until the next timestamp over them, or until today."""
        covers = self._covers(judged, believed=True)
        covered_at = covers[0].time.gen_time if covers and covers[0].time is not None else None
        counts = covered_at or self._trusted.at
        judged.row = judged.row._replace(algorithms=strangers.algorithms_of(judged.strengths, self._trusted.policy))
        judged.problems += strangers.algorithm_problems(judged.row.algorithms, at=counts)
        if judged.proven and judged.time is not None:
            judged.problems += strangers.made_too_late(judged.row.algorithms, at=judged.time.gen_time)
        if judged.time is None or not judged.row.time_chain or counts <= judged.row.time_chain[0].not_after:
            return
        if covered_at is not None:
            judged.problems.append("certificate_expired")
        elif not self._covers(judged):
            self._problems.append("archive_expired")

    def _follow(self, judged: Judged) -> None:
        # What does not hold says nothing of what it covers, so nothing can be said of what came afterwards.
        if judged.standing is None or not judged.holds:
            return
        try:
            told, problem = changes_after(judged.standing, self._story)
        except Exception:
            # A later revision that pyHanko cannot read: nobody can say that it changed nothing.
            judged.problems.append("unreadable")
            return
        judged.row = judged.row._replace(changes=told)
        # A timestamp promises nothing but that its bytes existed: what happens to the document behind it is the signatures' affair.
        if problem is not None and (judged.row.kind != "timestamp" or problem == "modified"):
            judged.problems.append(problem)

    # ------------------------------------------------------------------------------------------------ the whole file

    def _end(self) -> _End:
        if not self._standing:
            return _End(whole=False, closed=False)
        last = self._standing[-1]
        return _End(
            whole=covers_whole_file(self._pdf, last, self._story, self._reader), closed=last.is_timestamp and last.end == len(self._pdf)
        )

    def _tail_problems(self, end: _End) -> list[str]:
        if end.whole:
            return []
        added = bool(self._standing) and adds_unlisted_objects(self._pdf, self._standing[-1], self._story)
        return ["not_whole_file", *(["modified"] if added else [])]

    def _file_problems(self) -> list[str]:
        found = []
        if has_unlisted_signature(self._pdf, self._reader, self._standing):
            found.append("unknown_signature")
        signed = [judged for judged in self._judged if judged.row.kind != "timestamp"]
        if not signed and not self._odd:
            found.append("no_signature")
        return [*found, *self._missing_signers(signed)]

    def _missing_signers(self, signed: Sequence[Judged]) -> list[str]:
        """A file of this house says itself which slots were laid in: all of them have to be signed."""
        names = {judged.row.field for judged in signed}
        for judged in signed:
            if judged.row.field == HOUSE_FIELD and judged.row.trust == "house" and judged.standing is not None:
                slots = [name for name in (judged.standing.lock.fields if judged.standing.lock else ()) if name.startswith(SLOT_FIELDS)]
                if not set(slots) <= names:
                    return ["signer_missing"]
        return []

    # ---------------------------------------------------------------------------------------------------- long term

    def _level(self, judged: Judged) -> Level:
        """PAdES baseline levels (EN 319 142-1, 6), as far as the file holds what each needs."""
        signed, time = judged.signed, judged.time
        if signed is None or not signed.named:
            return "none"
        if time is None:
            return "B-B"
        shown = (judged.row.revocation, time.status.revocation)
        if not all(one in ("good", "not_needed") for one in shown) or judged.path.anchor is None or time.path.anchor is None:
            return "B-T"
        return "B-LTA" if any(self._holds_store(cover) for cover in self._covers(judged)) else "B-LT"

    def _holds_store(self, cover: Judged) -> bool:
        return cover.standing is not None and "/DSS" in self._reader.get_historical_resolver(cover.standing.revision).root

    def _archive(self) -> None:
        """pyHanko's own procedure has to agree that a closed file proves itself. Without that nothing of it is B-LTA."""
        last = self._judged[-1]
        signatures = [judged for judged in self._judged if judged.row.kind != "timestamp"]
        lacking = any("revocation_missing" in judged.problems for judged in signatures)
        if not has_validation_data(self._reader) or lacking or any(_OUTLIVED & set(judged.problems) for judged in self._judged):
            self._problems.append("not_archival")
            return
        if self._odd or any(set(judged.problems) - _BESIDE_THE_POINT for judged in self._judged) or last.time is None:
            return
        self._reader.look_only_at(self._standing)
        if not signatures or _pyhanko_trouble(self._reader, self._judged, self._trusted, last.time.gen_time) is None:
            return
        self._problems.append("not_archival")
        for judged in signatures:
            judged.row = judged.row._replace(level="B-LT" if judged.row.level == "B-LTA" else judged.row.level)

    def _finished(self, judged: Judged) -> Row:
        covers = self._covers(judged) if judged.standing is not None else []
        carrier = covers[-1] if covers else None
        until, cause = horizons.until_of(judged, carrier, (carrier or judged).row.algorithms)
        revoked_before = judged.proven and _revoked_by_then(judged)
        problems = verdicts.in_order(judged.problems, invalid=revoked_before)
        verdict = verdicts.verdict_of(problems, revoked_before=revoked_before)
        if verdict in ("invalid", "unverifiable"):
            until, cause = None, "unknown"
        code = problems[0] if problems else ""
        return judged.row._replace(problems=problems, verdict=verdict, code=code, until=until, until_cause=cause)


def _revoked_by_then(judged: Judged) -> bool:
    row = judged.row
    return row.revocation_at is not None and row.gen_time is not None and row.revocation_at <= row.gen_time


def _pyhanko_trouble(reader: Reader, judged: Sequence[Judged], trusted: Trusted, moment: datetime) -> object:
    """What :class:`~tachiai.crypto.archival.Archive` finds, each root that a chain ends in being an anchor for it."""
    deep = {True: [], False: []}  # type: ignore[var-annotated]
    for one in judged:
        if one.standing is not None:
            deep[one.row.kind == "timestamp"].append(one.standing.deep)
    ends = [one.path.anchor for one in judged if one.row.kind != "timestamp"]
    time_ends = [one.time.path.anchor for one in judged if one.time is not None]
    roots = tuple(dict.fromkeys((*trusted.signing.certificates, *(end for end in ends if end is not None))))
    tsa_roots = tuple(dict.fromkeys((*trusted.timestamps.certificates, *(end for end in time_ends if end is not None))))
    return Archive(reader, deep[False], deep[True], roots, tsa_roots, moment, trusted.at).trouble()


def _store(reader: Reader) -> Proofs:
    """What the document security store holds; nothing where it cannot be read, because then it proves nothing."""
    if not has_validation_data(reader):
        return Proofs()
    try:
        store = DocumentSecurityStore.read_dss(reader)
        kinds = (store.ocsps, store.crls, store.certs.values())
        return Proofs(*(tuple(ref.get_object().data for ref in kind) for kind in kinds))
    except Exception:
        return Proofs()
