"""The result of a verification in the hands of whoever was shown it: signed, pressed, and good for an hour.

The uploaded file is kept nowhere, so the page itself carries what was found, and brings it back when a report is wanted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.core import signing

from tachiai.archive.carrying import pack, unpack
from tachiai.archive.verification import Judgement
from tachiai.errors import Refusal

HOLDS = timedelta(hours=1)
# A contract with a dozen signers takes some 10 KB; a form field of half a megabyte is still sent in a moment.
LARGEST = 512 * 1024
LONGEST_NAME = 200
_VERSION = 1
_SALT = "tachiai.verifier.result.v1"


class Carried(NamedTuple):
    """What was found, under which name the file was given (anybody's word), and when it was judged."""

    judgement: Judgement
    name: str
    judged_at: datetime


def hand_out(carried: Carried) -> str:
    """The token for the result page; empty when the result is too large to be carried."""
    told = {
        "v": _VERSION,
        "at": carried.judged_at.isoformat(),
        "name": carried.name[:LONGEST_NAME],
        "judgement": pack(carried.judgement),
    }
    token = signing.Signer(salt=_SALT).sign_object(told, compress=True)
    return token if len(token) <= LARGEST else ""


def take_back(token: str, *, at: datetime) -> Carried:
    """What a token holds. Refuses ``report.altered`` for one that is not ours as it stands, ``report.expired`` after an hour."""
    if len(token) > LARGEST:
        raise Refusal("report.altered")
    try:
        told = signing.Signer(salt=_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError) as forged:
        raise Refusal("report.altered") from forged
    judged_at = datetime.fromisoformat(told["at"])
    if told["v"] != _VERSION or at > judged_at + HOLDS:
        raise Refusal("report.expired")
    return Carried(unpack(told["judgement"]), told["name"], judged_at)
