"""Boxes of both versions: what was put in comes out, and nothing else opens."""

from __future__ import annotations

import secrets
import zlib
from base64 import b64decode

import pytest

from tachiai.crypto.squeezing import squeezed, unsqueezed
from tachiai.crypto.strongbox import MAGIC, SQUEEZED, Unopenable, lock, lock_squeezed, unlock

KEY, LABEL = bytes(range(32)), "tachiai-segment-v1:00000000-0000-0000-0000-000000000001:1"
HEXADECIMAL = secrets.token_bytes(3000).hex().encode()
# Boxes as they lie in vaults: the same words in both versions.
WORDS = b"a fictional contract, " * 20
OLD = b64decode(
    "VEJYMfMFKRu5ctA7U2UN2+hreyBexHAnz1C99R6rIg+/X8SF0/ET/XCbOAnHzNdUd0t6TgQZbp3Y/V2W8LxtQQUHA8oD+fn/BeFalkrkz0RRk9"
    "GVdV/sqg77GaBSYA0+jMZbkcIYh8e0TC/n/pVg4KmEwckQOBOvgykk5zUFNBJTcUD2YaXm5q0sMRPGM0PU8P/nDygh6322LpR13BgHbr4xIt62"
    "NC+TeYzSutA7eIyBTpQwDcZu0GGG+eMRoB+mQLkA0ZrjnRw8tO3rMAU1ajJgfxg20oNyWm88GzUiLQtFb6qEwEPLnG7e0iYpv4NQfe1pndIniq"
    "LTJR5fVPpAQGCOUHA2z+Ha+FI0443PgmB+vk55IVFKHrg6Qhv8CKCnaFWh7lRKpd+fBOugSf7KDw8CEb6gpNbsON2ixfUMKMlKyY7jQGBcKpJv"
    "bslnqJppzj/CtSRpd9SRSH75mj+j9366PZkNBThmlwEJHAok56rYUrFbB7xGJNiKOFYwZinLJuZrhXd78QO1AtzuyB6ZoRRP3pIL/nRu/ysr8f"
    "liPYS2nxcCSEZ32j1vxYFM0QF9UVlfWTiOmukys3R6eyIMcnDLD/J6BC3hqk1/nl09jdyfLuEl7aeWuw=="
)
NEW = b64decode("VEJYMrcEKEq6K1RH1UozURI4f3OPue3rcW7fNyPJ3wRZBdNqOCdN9fOTA58eduOrBDitAI3IMak+atSRPA==")


def test_boxes_that_were_kept_open_for_ever() -> None:
    assert unlock(OLD, KEY, label=LABEL) == WORDS
    assert unlock(NEW, KEY, label=LABEL) == WORDS
    assert (OLD[:4], NEW[:4]) == (MAGIC, SQUEEZED)


@pytest.mark.parametrize("data", [b"", b"x", HEXADECIMAL, secrets.token_bytes(5000), bytes(300_000), secrets.token_bytes(300_000)])
def test_what_was_put_in_comes_out(data: bytes) -> None:
    for box in (lock(data, KEY, label=LABEL), lock_squeezed(data, KEY, label=LABEL)):
        assert unlock(box, KEY, label=LABEL) == data
        assert len(box) <= len(data) + 32


def test_only_what_shrinks_is_squeezed() -> None:
    assert lock_squeezed(HEXADECIMAL, KEY, label=LABEL).startswith(SQUEEZED)
    assert len(lock_squeezed(HEXADECIMAL, KEY, label=LABEL)) < 0.6 * len(HEXADECIMAL)
    for stubborn in (b"", b"x", secrets.token_bytes(5000), secrets.token_bytes(300_000)):
        assert lock_squeezed(stubborn, KEY, label=LABEL).startswith(MAGIC)
    # A picture at the beginning does not hide that the rest is text.
    assert squeezed(secrets.token_bytes(50_000) + bytes(400_000)) is not None


@pytest.mark.parametrize("box", [OLD, NEW], ids=["version 1", "version 2"])
def test_no_changed_box_opens(box: bytes) -> None:
    for place in range(len(box)):
        changed = bytearray(box)
        changed[place] ^= 1
        with pytest.raises(Unopenable):
            unlock(bytes(changed), KEY, label=LABEL)
        with pytest.raises(Unopenable):
            unlock(box[:place], KEY, label=LABEL)
    with pytest.raises(Unopenable):
        unlock(box, KEY, label=LABEL + "0")
    with pytest.raises(Unopenable):
        unlock(box, bytes(32), label=LABEL)


def test_a_box_of_one_version_does_not_pass_for_the_other() -> None:
    for box, other in ((OLD, SQUEEZED), (NEW, MAGIC)):
        with pytest.raises(Unopenable):
            unlock(other + box[4:], KEY, label=LABEL)


@pytest.mark.parametrize("torn", [b"", b"\x03", b"\xff\xff", zlib.compress(b"with a header of its own")])
def test_what_was_never_squeezed_is_refused(torn: bytes) -> None:
    whole = squeezed(HEXADECIMAL)
    assert whole is not None
    for wrong in (torn, whole[:-1], whole + b"\0") if torn != b"\x03" else (torn, whole[:10]):
        with pytest.raises(ValueError, match=r"deflated|cut short"):
            unsqueezed(wrong)
