"""One signature or timestamp of a stranger's file: its cryptography, whom it leads to, its time, and what the file shows of revocation.

Everything that is found becomes part of a row; nothing is refused here. A chain that ends in a root nobody knows is judged like any other,
with that root as its own anchor, so that level and revocation can be told: only its trust says that nobody here knows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tachiai.crypto import sunsets
from tachiai.crypto.judgement import Algorithm, Coverage, Kind, Row, Trust
from tachiai.crypto.standing import Odd, Standing, entry
from tachiai.crypto.strangers_cms import Signed, Stamp, Unsound, digest_by, read_signature, read_stamp
from tachiai.crypto.strangers_paths import Path, find_path, name_of, strength, weak_links
from tachiai.crypto.strangers_proofs import DRIFT, Proofs, Status, path_status
from tachiai.crypto.sunsets import Policy, Strength
from tachiai.crypto.trust_lists import Anchors

TRUSTED: tuple[Trust, ...] = ("house", "listed")
# Whoever announces this form has to say in a signed attribute which certificate is meant (EN 319 142-1, 6.3); the older form need not.
_PADES = "/ETSI.CAdES.detached"
# What was used at the moment of a signature itself.
_MADE_THEN = frozenset(("digest", "key", "timestamp_digest", "timestamp_key"))
_NO_PATH = Path((), "unjudged", "", ())


@dataclass(frozen=True)
class Trusted:
    """Whom to believe, by which policy, and what time it is."""

    signing: Anchors
    timestamps: Anchors
    policy: Policy
    at: datetime


@dataclass(frozen=True)
class Time:
    """A token that holds: when, by whom, and what is shown of its authority at that time. ``ahead``: its time has not come yet."""

    stamp: Stamp
    path: Path
    status: Status
    ahead: bool

    @property
    def gen_time(self) -> datetime:
        return self.stamp.gen_time

    @property
    def trusted(self) -> bool:
        """An authority that somebody here knows, with nothing wrong with it and not revoked by then."""
        return self.path.trust in TRUSTED and not self.path.problems and not self.ahead and self.status.revocation != "revoked"

    @property
    def strengths(self) -> dict[str, Strength]:
        links = sunsets.weakest(weak_links(self.path.certificates))
        digest = sunsets.weakest([sunsets.of_digest(self.stamp.digest), sunsets.of_digest(self.stamp.signed.digest)])
        return {"timestamp_digest": digest, "timestamp_key": strength(self.path.certificates[0]), "timestamp_certificate": links}


@dataclass
class Judged:
    """A row in the making. ``problems`` in the order found; ``strengths`` by their use; ``proven``: its time is a trusted one."""

    standing: Standing | None
    row: Row
    problems: list[str] = field(default_factory=list)
    strengths: dict[str, Strength] = field(default_factory=dict)
    signed: Signed | None = None
    path: Path = _NO_PATH
    time: Time | None = None
    proven: bool = False

    @property
    def holds(self) -> bool:
        """Its cryptography does, whoever made it."""
        return (self.signed or self.time) is not None


def blank(pdf: bytes, found: Standing) -> Judged:
    """What a signature says of itself, before anything is believed."""
    kind: Kind = "timestamp" if found.is_timestamp else "certification" if found.is_certification else "signature"
    coverage: Coverage = "unclear" if not found.shaped else "whole_file" if found.end == len(pdf) else "earlier_revision"
    consent = None if found.consent is None else found.consent.hex()
    row = _row(found.field, kind, coverage, found.name, found.reason)
    row = row._replace(contact=found.contact, location=found.location, signed_at=found.signed_at, consent=consent)
    return Judged(found, row, problems=[] if found.shaped else ["byte_range"])


def of_odd(odd: Odd) -> Judged:
    """A field that is signed in a manner nobody here reads."""
    return Judged(None, _row(odd.field, "signature", "unclear", odd.name, odd.reason), problems=[odd.code])


def _row(name: str, kind: Kind, coverage: Coverage, stated: str, reason: str) -> Row:
    return Row(name, kind, stated, reason, "", "", None, None, "", "", "", None, "", coverage, None, "none", ())


def judge_stamp(pdf: bytes, judged: Judged, store: Proofs, trusted: Trusted) -> None:
    """A document timestamp: what it stamps are the bytes it covers, so another imprint means that these were altered."""
    found = _standing(judged)
    try:
        stamp = read_stamp(found.contents, lambda name: digest_by(name, found.covered(pdf)))
    except Unsound as wrong:
        altered = wrong.code == "timestamp_mismatch" or getattr(wrong.__cause__, "code", "") == "broken"
        judged.problems.append("broken" if altered else wrong.code)
        return
    time = _time(stamp, store, trusted)
    judged.time, judged.path, judged.proven = time, time.path, time.trusted
    judged.strengths = dict(time.strengths)
    judged.problems += _untrusted_time(time)
    if time.status.revocation == "missing" and time.path.anchor is not None:
        judged.problems.append("revocation_missing")
    if time.status.revocation == "revoked":
        judged.problems.append("certificate_revoked")
    judged.row = _with_time(_with_signer(judged.row, time.path, time.status), time)


def judge_signature(pdf: bytes, judged: Judged, store: Proofs, trusted: Trusted, covers: Sequence[Judged]) -> None:
    """A signature. ``covers`` are the document timestamps over it that hold, in their order: the first is a time for it as well."""
    found = _standing(judged)
    try:
        signed = read_signature(found.contents, lambda name: digest_by(name, found.covered(pdf)))
    except Unsound as wrong:
        judged.problems.append(wrong.code)
        return
    judged.signed = signed
    if not signed.named and entry(found.deep.sig_object, "/SubFilter") == _PADES:
        judged.problems.append("certificate_unnamed")
    store = store.plus(Proofs(signed.answers, signed.lists, signed.pool))
    judged.time, trouble = _best_time(signed, store, trusted, covers)
    judged.problems += trouble
    judged.proven = judged.time is not None and judged.time.trusted
    moment = judged.time.gen_time if judged.time is not None else trusted.at
    try:
        judged.path = find_path(signed.certificate, store.certificates, trusted.signing, use="signing", at=moment)
    except ValueError:
        judged.problems.append("unreadable")
        return
    status = _shown(judged.path, store, moment, trusted)
    judged.problems += _path_problems(judged.path)
    judged.problems += _revocation_problems(judged, status, moment)
    judged.strengths = _signer_strengths(judged, signed)
    row = _with_signer(judged.row, judged.path, status)
    judged.row = row if judged.time is None else _with_time(row, judged.time)


def _standing(judged: Judged) -> Standing:
    if judged.standing is None:
        raise TypeError("a row without a signature is not judged")
    return judged.standing


def _time(stamp: Stamp, store: Proofs, trusted: Trusted) -> Time:
    signed = stamp.signed
    store = store.plus(Proofs(signed.answers, signed.lists, signed.pool))
    path = find_path(signed.certificate, store.certificates, trusted.timestamps, use="timestamps", at=stamp.gen_time)
    return Time(stamp, path, _shown(path, store, stamp.gen_time, trusted), ahead=stamp.gen_time > trusted.at + DRIFT)


def _shown(path: Path, store: Proofs, moment: datetime, trusted: Trusted) -> Status:
    status = path_status(path.certificates, store, moment=moment, now=trusted.at)
    # Where the chain does not end there is a certificate that nobody can say anything of.
    return Status("missing") if path.anchor is None and status.revocation != "revoked" else status


def _best_time(signed: Signed, store: Proofs, trusted: Trusted, covers: Sequence[Judged]) -> tuple[Time | None, list[str]]:
    """The earliest time that is to be believed; failing that, any that holds. And what is wrong with the tokens.

    A document timestamp gives a time where no token does. It makes no token better: one that is not to be believed is told all the same.
    """
    found: list[Time] = []
    problems: list[str] = []
    for token in signed.tokens:
        try:
            stamp = read_stamp(token, lambda name: digest_by(name, [signed.signature]))
            found.append(_time(stamp, store, trusted))
        except Unsound as wrong:
            problems.append(wrong.code)
        except ValueError:
            problems.append("timestamp_wrong")
    # A document timestamp over the signature is a time for it, too (EN 319 142-1, 5.4).
    later = [cover.time for cover in covers if cover.time is not None]
    own, over = (_earliest([time for time in times if time.trusted]) for times in (found, later))
    doubtful = _earliest(found) or (_earliest(later) if over is None else None)
    if own is None and doubtful is not None:
        problems += _untrusted_time(doubtful)
    chosen = own or over or doubtful
    return chosen, problems if chosen is not None else problems or ["timestamp_missing"]


def _earliest(times: Sequence[Time]) -> Time | None:
    return min(times, key=lambda time: time.gen_time, default=None)


def _untrusted_time(time: Time) -> list[str]:
    if time.path.trust not in TRUSTED:
        return ["timestamp_untrusted"]
    if "timestamp_unfit" in time.path.problems:
        return ["timestamp_unfit"]
    return ["timestamp_wrong"] if time.path.problems or time.ahead else []


def _path_problems(path: Path) -> list[str]:
    trust = {"unknown_root": ["unknown_root"], "incomplete": ["chain_incomplete"]}.get(path.trust, [])
    return [*trust, *path.problems]


def _revocation_problems(judged: Judged, status: Status, moment: datetime) -> list[str]:
    """Of the signer, and of the authority that gave it its time."""
    found: list[str] = []
    time = judged.time
    if status.revocation == "revoked" and (time is None or status.since is None or status.since <= moment):
        found.append("certificate_revoked")
    if time is not None and time.status.revocation == "revoked":
        found.append("timestamp_wrong")
    missing = [status.revocation == "missing" and judged.path.anchor is not None]
    if time is not None:
        missing.append(time.status.revocation == "missing" and time.path.anchor is not None)
    return [*found, *(["revocation_missing"] if any(missing) else [])]


def _signer_strengths(judged: Judged, signed: Signed) -> dict[str, Strength]:
    own = {
        "digest": sunsets.of_digest(signed.digest),
        "key": strength(signed.certificate),
        "certificate": sunsets.weakest(weak_links(judged.path.certificates)),
    }
    return own | (judged.time.strengths if judged.time is not None else {})


def _with_signer(row: Row, path: Path, status: Status) -> Row:
    link = path.links[0]
    return row._replace(
        signer_subject=link.subject,
        issuer=link.issuer,
        not_after=link.not_after,
        fingerprint=link.fingerprint,
        trust=path.trust,
        trust_list=path.trust_list,
        chain=path.links,
        revocation=status.revocation,
        revocation_at=status.since,
    )


def _with_time(row: Row, time: Time) -> Row:
    subject = name_of(time.path.certificates[0])
    chain = time.path.links
    return row._replace(
        gen_time=time.gen_time, tsa_subject=subject, time_trust=time.path.trust, time_list=time.path.trust_list, time_chain=chain
    )


# ------------------------------------------------------------------------------------------------ algorithms


def algorithms_of(strengths: dict[str, Strength], policy: Policy) -> tuple[Algorithm, ...]:
    """What a signature rests on, with the policy's days."""
    told = []
    for use, one in strengths.items():
        era = policy.era(one)
        told.append(Algorithm(use, one.name, one.bits, *((None, None) if era is None else (era.sign_until, era.verify_until))))
    return tuple(told)


def algorithm_problems(algorithms: Iterable[Algorithm], *, at: datetime) -> list[str]:
    """What is not to be believed at the time that counts: broken, unknown, or past the policy's day."""
    found = []
    for one in algorithms:
        if one.verify_until is None or at > sunsets.end_of(one.verify_until):
            known = one.bits > 0 or one.name.startswith(("MD5", "SHA", "RSA-", "P-", "secp"))
            found.append("algorithm_broken" if known else "algorithm_unknown")
    return found


def made_too_late(algorithms: Iterable[Algorithm], *, at: datetime) -> list[str]:
    """What should have made no new signature at ``at``, the proven time. Certificates were signed before then, and are only believed."""
    days = [one.sign_until for one in algorithms if one.use in _MADE_THEN]
    return ["algorithm_past"] if any(day is not None and at > sunsets.end_of(day) for day in days) else []
