"""A key-encryption key in a PKCS#11 token: made there, never outside it; data keys are wrapped within (AES key wrap, RFC 3394).

A data key is handed in as a session object, which lives for this one operation and is seen by nobody but this process.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass, PKCS11Error, exceptions

from tachiai.crypto.hsm_sessions import LOST, Held, TokenPlace, describe, open_token
from tachiai.crypto.key_wrapping import DATA_KEY, PROBE, frame, unframe
from tachiai.errors import Outage, Refusal

T = TypeVar("T")
BITS = 256
# The first is deterministic and without padding (PKCS#11 2.40, 2.14.3); a few tokens have the other name for it only.
_MECHANISMS = (Mechanism.AES_KEY_WRAP, Mechanism.AES_KEY_WRAP_PAD)
_PASSING = {
    Attribute.TOKEN: False,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: False,
    Attribute.EXTRACTABLE: True,
}


class TokenKey:
    """The AES key labelled ``name`` in the token. Its id is told by the key's own work, so another key of that name has another id."""

    def __init__(self, place: TokenPlace, name: str) -> None:
        self._place, self._name = place, name
        self._lock = threading.Lock()
        self._known: tuple[str, Mechanism] | None = None

    def __repr__(self) -> str:
        return f"TokenKey({self._place.token}, {self._name})"

    @property
    def id(self) -> str:
        return self._opened()[0]

    def wrap(self, data_key: bytes) -> bytes:
        kek, mechanism = self._opened()

        def work(held: Held) -> bytes:
            # The same session answers to the name before it is trusted with a data key.
            if not hmac.compare_digest(_identity(_wrapped(held, self._name, PROBE, mechanism)), kek):
                raise Outage("kek.exchanged", f"{self._place.token} has another key named {self._name} than before")
            inner = _wrapped(held, self._name, data_key, mechanism)
            if _unwrapped(held, self._name, inner, mechanism) != data_key:
                raise Outage("kek.lied", f"{self._place.token} does not unwrap what it wrapped")
            return inner

        return frame(data_key, self._through(work), kek=kek)

    def unwrap(self, wrapped: bytes) -> bytes:
        kek, mechanism = self._opened()
        framed = unframe(wrapped, kek=kek)
        found = self._through(lambda held: _unwrapped(held, self._name, framed.inner, mechanism))
        return framed.check(found, keeper=self._place.token)

    def close(self) -> None:
        """Nothing: sessions belong to the process, and others use them."""

    def _opened(self) -> tuple[str, Mechanism]:
        with self._lock:
            if self._known is None:
                mechanism = self._mechanism()
                probed = self._through(lambda held: _wrapped(held, self._name, PROBE, mechanism))
                self._known = _identity(probed), mechanism
            return self._known

    def _mechanism(self) -> Mechanism:
        offered = self._asked(lambda: open_token(self._place).mechanisms())
        found = next((mechanism for mechanism in _MECHANISMS if mechanism in offered), None)
        if found is None:
            raise Outage("kek.unsupported", f"{self._place.token} offers no AES key wrap")
        return found

    def _through(self, work: Callable[[Held], T]) -> T:
        """``work`` in a session; once more, where only the connection was lost."""

        def once() -> T:
            with open_token(self._place).session() as held:
                return work(held)

        def twice() -> T:
            try:
                return once()
            except LOST:
                return once()

        return self._asked(twice)

    def _asked(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except Refusal as refusal:
            raise Outage(f"kek.{refusal.code.removeprefix('key.')}", str(refusal)) from refusal
        except PKCS11Error as trouble:
            raise Outage("kek.unreachable", f"{self._place.token}: {describe(trouble)}") from trouble
        except Outage as away:
            raise Outage(f"kek.{away.code.partition('.')[2]}", away.detail) from away


def make_token_key(place: TokenPlace, name: str) -> None:
    """Make an AES-256 key in the token: sensitive, never extractable, for wrapping alone.

    Refuses ``key.exists``, ``key.unsupported``, ``key.token_absent``, ``key.pin_wrong`` and more of the kind;
    ``Outage("key.unreachable")``.
    """
    template = {
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        **dict.fromkeys((Attribute.ENCRYPT, Attribute.DECRYPT, Attribute.SIGN, Attribute.VERIFY, Attribute.DERIVE), False),
    }
    try:
        with open_token(place).writing() as session:
            if list(session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: name})):
                raise Refusal("key.exists", key=name)
            able = MechanismFlag.WRAP | MechanismFlag.UNWRAP
            session.generate_key(
                KeyType.AES, BITS, id=secrets.token_bytes(16), label=name, store=True, capabilities=able, template=template
            )
    except (exceptions.MechanismInvalid, exceptions.KeySizeRange) as unable:
        raise Refusal("key.unsupported", kind="aes-256") from unable
    except PKCS11Error as trouble:
        raise Outage("key.unreachable", f"token {place.token}: {describe(trouble)}") from trouble


def _wrapped(held: Held, name: str, data_key: bytes, mechanism: Mechanism) -> bytes:
    # The binding's types name neither wrap_key nor destroy on what it finds.
    kek: Any = held.secret(name)
    kind = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES}
    passing: Any = held.session.create_object({**kind, **_PASSING, Attribute.VALUE: data_key})
    try:
        return bytes(kek.wrap_key(passing, mechanism=mechanism))
    finally:
        passing.destroy()


def _unwrapped(held: Held, name: str, inner: bytes, mechanism: Mechanism) -> bytes:
    kek: Any = held.secret(name)
    passing = kek.unwrap_key(
        ObjectClass.SECRET_KEY, KeyType.AES, inner, mechanism=mechanism, store=False, capabilities=0, template=_PASSING
    )
    try:
        return bytes(passing[Attribute.VALUE])[:DATA_KEY]
    finally:
        passing.destroy()


def _identity(probed: bytes) -> str:
    return hashlib.sha256(b"tachiai-kek-id-of-probe" + probed).hexdigest()[:16]
