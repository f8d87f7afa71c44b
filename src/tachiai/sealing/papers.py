"""The house's own papers after they were sealed: what they were before, so that a later revision can be judged."""

from __future__ import annotations

import hashlib
import re
import uuid

from tachiai.crypto.judgement import Expected
from tachiai.errors import Refusal
from tachiai.sealing.models import Act, Seal, SealState
from tachiai.sealing.seals import expected_paper

_END = re.compile(rb"%%EOF[\r\n]{0,2}")


def expected_of_paper(pdf: bytes, *, subject: uuid.UUID) -> Expected:
    """What the sealed paper of ``subject`` must be; refuses with ``document.altered`` when no paper of its begins ``pdf``."""
    sealed = Seal.objects.filter(act=Act.PAPER, subject=subject, state=SealState.SEALED)
    wanted = {bytes(digest) for digest in sealed.values_list("input_sha256", flat=True)}
    running, start = hashlib.sha256(), 0
    for end in _ends(pdf):
        running.update(pdf[start:end])
        start = end
        if running.digest() in wanted:
            return expected_paper(pdf[:end])
    raise Refusal("document.altered", subject=str(subject))


def _ends(pdf: bytes) -> list[int]:
    """Where a file may have ended before something was appended: behind each end-of-file mark, with or without its line's end."""
    found = (match for match in _END.finditer(pdf))
    return sorted({place for match in found for place in range(match.start() + 5, match.end() + 1)})
