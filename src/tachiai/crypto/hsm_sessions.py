"""Sessions of PKCS#11 tokens: one login per process and token, then one session without PIN for each signature in flight.

A second login fails, and the state "logged in" belongs to the whole process (PKCS#11 2.40, 5.6); a session holds one operation at
a time, and over a network each costs a round trip: so sessions are kept in a bounded pool. A forked child begins anew.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pkcs11
from pkcs11 import Mechanism, ObjectClass, PKCS11Error, PrivateKey, SecretKey, Session, Token, TokenFlag, exceptions

from tachiai.crypto import pins
from tachiai.errors import Outage, Refusal

DEFAULT_SESSIONS = 8
WAIT_SECONDS = 30.0
_OS_LOCKING = 2
_ALREADY_INITIALISED = 0x191
# What a token says when the connection, not the request, is at fault: everything is opened again once.
LOST = (
    exceptions.SessionHandleInvalid,
    exceptions.SessionClosed,
    exceptions.UserNotLoggedIn,
    exceptions.DeviceError,
    exceptions.DeviceRemoved,
    exceptions.TokenNotPresent,
    exceptions.KeyHandleInvalid,
    exceptions.ObjectHandleInvalid,
    exceptions.WrappingKeyHandleInvalid,
    exceptions.UnwrappingKeyHandleInvalid,
)


@dataclass(frozen=True)
class TokenPlace:
    """Where a token is. ``memory``: the folder where a refused PIN is remembered for the next process."""

    module: Path
    token: str
    pin_file: Path
    memory: Path | None = None
    sessions: int = DEFAULT_SESSIONS

    def __post_init__(self) -> None:
        # One library under two names would be initialised twice, which it refuses.
        object.__setattr__(self, "module", self.module.resolve())


@dataclass
class Held:
    """One session and the keys found in it."""

    session: Session
    keys: dict[str, PrivateKey] = field(default_factory=dict)
    secrets: dict[str, SecretKey] = field(default_factory=dict)

    def key(self, name: str) -> PrivateKey:
        """The private key of that label. Refuses ``key.absent`` and ``key.ambiguous``."""
        if name not in self.keys:
            self.keys[name] = cast("PrivateKey", self._found(ObjectClass.PRIVATE_KEY, name))
        return self.keys[name]

    def secret(self, name: str) -> SecretKey:
        """The symmetric key of that label. Refuses as :meth:`key`."""
        if name not in self.secrets:
            self.secrets[name] = cast("SecretKey", self._found(ObjectClass.SECRET_KEY, name))
        return self.secrets[name]

    def _found(self, kind: ObjectClass, name: str) -> object:
        try:
            return self.session.get_key(object_class=kind, label=name)
        except exceptions.NoSuchKey as absent:
            raise Refusal("key.absent", key=name) from absent
        except exceptions.MultipleObjectsReturned as several:
            raise Refusal("key.ambiguous", key=name) from several


class OpenToken:
    """A token this process is logged in to, or will be at its first use."""

    def __init__(self, place: TokenPlace) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._login: Session | None = None
        self._free: list[Held] = []
        self._room = threading.BoundedSemaphore(place.sessions)

    @property
    def logged_in(self) -> bool:
        return self._login is not None

    def mechanisms(self) -> set[Mechanism]:
        return set(self._logged_in().slot.get_mechanisms())

    @contextmanager
    def session(self) -> Iterator[Held]:
        """A session for one operation. Refuses as :meth:`_log_in`; ``Outage("key.unreachable")`` when none comes free."""
        if not self._room.acquire(timeout=WAIT_SECONDS):
            raise Outage("key.unreachable", f"no session of token {self._place.token} came free within {WAIT_SECONDS:g} s")
        try:
            held = self._take()
            try:
                yield held
            except PKCS11Error as trouble:
                _close(held)
                if isinstance(trouble, LOST):
                    self._forget()
                raise
            except BaseException:
                _close(held)
                raise
            with self._lock:
                self._free.append(held)
        finally:
            self._room.release()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that may change the token: for making a key."""
        session = self._logged_in().open(rw=True)
        try:
            yield session
        finally:
            session.close()

    def _take(self) -> Held:
        token = self._logged_in()
        with self._lock:
            if self._free:
                return self._free.pop()
        return Held(token.open())

    def _logged_in(self) -> Token:
        with self._lock:
            if self._token is None or self._login is None:
                self._token, self._login = self._log_in()
            return self._token

    def _log_in(self) -> tuple[Token, Session]:
        """Find the token and log in, once. Refuses ``key.token_absent``, ``key.token_ambiguous``, ``key.pin_…``, ``key.secret_…``."""
        place = self._place
        pins.check_untried(place.token, place.pin_file, memory=place.memory)
        pin = pins.read_secret(place.pin_file)
        token = _find(place)
        if token.flags & (TokenFlag.USER_PIN_LOCKED | TokenFlag.USER_PIN_FINAL_TRY):
            # The last try is the operator's own: if this file were wrong, the token would be lost.
            raise Refusal("key.pin_locked", token=place.token)
        try:
            return token, token.open(user_pin=pin)
        except exceptions.UserAlreadyLoggedIn:
            # The connection of an earlier login was lost, but the library still counts it.
            return token, token.open()
        except (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange) as wrong:
            pins.remember_refused(place.token, place.pin_file, memory=place.memory)
            raise Refusal("key.pin_wrong", token=place.token, file=place.pin_file.name) from wrong
        except (exceptions.PinLocked, exceptions.PinExpired, exceptions.UserPinNotInitialized) as locked:
            raise Refusal("key.pin_locked", token=place.token) from locked

    def _forget(self) -> None:
        """After a lost connection. The session of the login is left alone: closing it would log out whoever still signs."""
        with self._lock:
            lost, self._free, self._token, self._login = self._free, [], None, None
        for held in lost:
            _close(held)


def open_token(place: TokenPlace) -> OpenToken:
    """The token at ``place``, the same object for the whole process."""
    with _state.lock:
        return _state.tokens.setdefault((place.module, place.token), OpenToken(place))


def _close(held: Held) -> None:
    with suppress(PKCS11Error):
        held.session.close()


def _find(place: TokenPlace) -> Token:
    library = _library(place.module)
    try:
        found = list(library.get_tokens(token_label=place.token))
        if not found and _begin_library_anew(place.module):
            found = list(library.get_tokens(token_label=place.token))
    except PKCS11Error as trouble:
        raise Outage("key.unreachable", f"{place.module.name}: {describe(trouble)}") from trouble
    if not found:
        raise Refusal("key.token_absent", token=place.token)
    if len(found) > 1:
        raise Refusal("key.token_ambiguous", token=place.token)
    return found[0]


# ------------------------------------------------------------------------------------------------- the library


class _InitializeArguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS."""

    _fields_ = (
        ("create_mutex", ctypes.c_void_p),
        ("destroy_mutex", ctypes.c_void_p),
        ("lock_mutex", ctypes.c_void_p),
        ("unlock_mutex", ctypes.c_void_p),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    )


_Function = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)


class _FunctionList(ctypes.Structure):
    """The beginning of CK_FUNCTION_LIST, as far as it is used here."""

    _fields_ = (("version", ctypes.c_ubyte * 2), ("initialize", _Function), ("finalize", _Function))


class _State:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.started: set[Path] = set()
        self.tokens: dict[tuple[Path, str], OpenToken] = {}


_state = _State()


def _begin_anew() -> None:
    """In a forked child nothing of the parent's is usable: not its sessions, not its locks, not its login (PKCS#11 2.40, 5.4)."""
    global _state  # noqa: PLW0603  # one per process is what it is
    _state = _State()


os.register_at_fork(after_in_child=_begin_anew)


def _library(module: Path) -> pkcs11._pkcs11.lib:
    """The PKCS#11 library, initialised in this process for many threads. Refuses ``key.module_unusable``."""
    if not module.is_file():
        raise Refusal("key.module_unusable", module=module.name, detail="no such file")
    with _state.lock:
        try:
            library = pkcs11.lib(str(module))
        except PKCS11Error as trouble:
            if type(trouble) is PKCS11Error:
                raise Refusal("key.module_unusable", module=module.name, detail=str(trouble)[:200]) from trouble
            raise Outage("key.unreachable", f"{module.name}: {describe(trouble)}") from trouble
        if module not in _state.started:
            _initialise_for_threads(module)
            _state.started.add(module)
        return library


def _begin_library_anew(module: Path) -> bool:
    """Some libraries list the tokens that were there when they began. Only while nobody of this process is logged in through it."""
    with _state.lock:
        if any(token.logged_in for (other, _), token in _state.tokens.items() if other == module):
            return False
        _initialise_for_threads(module)
        return True


def _initialise_for_threads(module: Path) -> None:
    """Initialise with CKF_OS_LOCKING_OK: without it a library may take it that only one thread ever calls (PKCS#11 2.40, 5.4).

    The binding gives no arguments, so the library is finished and begun again with them; in a forked child it is just begun.
    """
    functions = ctypes.POINTER(_FunctionList)()
    if ctypes.CDLL(str(module)).C_GetFunctionList(ctypes.byref(functions)):
        raise Refusal("key.module_unusable", module=module.name, detail="no function list")
    arguments = _InitializeArguments(flags=_OS_LOCKING)
    code = functions.contents.initialize(ctypes.addressof(arguments))
    if code == _ALREADY_INITIALISED:
        functions.contents.finalize(None)
        code = functions.contents.initialize(ctypes.addressof(arguments))
    if code:
        raise Outage("key.unreachable", f"{module.name}: C_Initialize gave {code:#x}")


def describe(trouble: PKCS11Error) -> str:
    return f"{type(trouble).__name__} {trouble}".strip()[:200]
