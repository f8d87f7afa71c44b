"""How much each reason weighs: what makes a signature, or a file, invalid, unverifiable, or something for somebody to look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tachiai.crypto.judgement import Verdict

# The signed bytes are not what was signed, the signature does not cover what it claims to, or it was made by a revoked key.
_INVALID = ("broken", "modified", "byte_range", "timestamp_mismatch")
# Nothing can be said: neither that it stands nor that it does not.
_UNVERIFIABLE = ("unreadable", "unknown_signature", "algorithm_broken", "algorithm_unknown")
# For somebody to look at, what matters most before the rest.
_ATTENTION = (
    "certificate_revoked",
    "changed_after",
    "not_whole_file",
    "signer_missing",
    "unknown_root",
    "chain_incomplete",
    "certificate_unfit",
    "certificate_expired",
    "certificate_not_yet_valid",
    "certificate_unnamed",
    "algorithm_past",
    "timestamp_untrusted",
    "timestamp_unfit",
    "timestamp_wrong",
    "archive_expired",
    "timestamp_missing",
    "revocation_missing",
    "not_archival",
    "no_signature",
)
_ORDER = {code: place for place, code in enumerate((*_INVALID, *_UNVERIFIABLE, *_ATTENTION))}
_WORST: dict[Verdict, int] = {"invalid": 0, "unverifiable": 1, "attention": 2, "valid": 3}


def in_order(codes: Iterable[str], *, invalid: bool = False) -> tuple[str, ...]:
    """Each code once, the weightiest first. ``invalid``: a revoked certificate weighs more than anything else."""
    order = _ORDER | ({"certificate_revoked": -1} if invalid else {})
    return tuple(sorted(dict.fromkeys(codes), key=lambda code: order.get(code, len(order))))


def verdict_of(codes: Sequence[str], *, revoked_before: bool = False) -> Verdict:
    """What the problems come to. ``revoked_before``: a certificate had been revoked by a time that is proven."""
    if any(code in _INVALID for code in codes) or (revoked_before and "certificate_revoked" in codes):
        return "invalid"
    if any(code in _UNVERIFIABLE for code in codes):
        return "unverifiable"
    return "attention" if codes else "valid"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of some verdicts; of none, ``valid``."""
    return min(verdicts, key=_WORST.__getitem__, default="valid")
