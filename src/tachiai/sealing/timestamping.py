"""The authorities whose clocks this house stamps by, in the operator's order, and the roots that are pinned for them."""

from __future__ import annotations

import ssl
from pathlib import Path

from tachiai.crypto.failover import LesserStandby, TimestamperList
from tachiai.crypto.keys import load_certificates
from tachiai.crypto.timestampers import HttpTimestamper
from tachiai.crypto.timestamps import Timestamper
from tachiai.house import House, Misconfigured, Tsa


def timestamper(house: House) -> tuple[Timestamper, tuple[bytes, ...]]:
    """Who stamps for this house, and the DER roots of all its authorities: what readers of its files must trust.

    Each token is held to the roots of the authority that gave it. Raises ``Misconfigured`` when an authority cannot be used as it is
    configured, and when one further down is not accredited although the first is and nobody said that this is meant.
    """
    if house.tsa is None:
        raise Misconfigured("TACHIAI_TSA_URL or TACHIAI_TSA_LIST_PATH is not set")
    members = [_member(tsa) for tsa in (house.tsa, *house.standby_tsas)]
    roots = tuple(dict.fromkeys(root for _stamper, pinned in members for root in pinned))
    stampers = [stamper for stamper, _pinned in members]
    if len(stampers) == 1:
        return stampers[0], roots
    try:
        return TimestamperList(stampers, accept_lesser=house.accept_lesser_tsa), roots
    except LesserStandby as lesser:
        message = f"{lesser} is not accredited but stands by for one that is: say accept_lesser = true in the list, or take it out"
        raise Misconfigured(message) from lesser


def single_timestampers(stamper: Timestamper) -> tuple[Timestamper, ...]:
    """Everybody behind ``stamper``, in order: for whoever tries each of them, and not the first that answers."""
    return stamper.members if isinstance(stamper, TimestamperList) else (stamper,)


def _member(tsa: Tsa) -> tuple[Timestamper, tuple[bytes, ...]]:
    roots = _pinned(tsa)
    stamper = HttpTimestamper(
        tsa.url,
        roots=roots,
        accredited=tsa.accredited,
        username=tsa.user,
        password=tsa.password,
        tls=_tls(tsa),
        timeout=tsa.timeout,
        policy=tsa.policy or None,
        name=tsa.name,
        connections=tsa.connections,
    )
    return stamper, roots


def _pinned(tsa: Tsa) -> tuple[bytes, ...]:
    """Refuses ``key.unreadable`` for a file that holds no certificates."""
    if tsa.roots_file is None:
        message = "TACHIAI_TSA_ROOTS_PATH (in a list: roots) names a PEM file of the certificates the authority's chain must end in"
        raise Misconfigured(f"{tsa.url}: {message}")
    return tuple(load_certificates(tsa.roots_file))


def _tls(tsa: Tsa) -> ssl.SSLContext | None:
    """The client's certificate and the server's trust, where they are not the machine's."""
    if tsa.client_file is None and tsa.server_roots_file is None:
        return None
    try:
        context = ssl.create_default_context(cafile=tsa.server_roots_file)
        if tsa.client_file is not None:
            # An empty passphrase is a wrong one: without any, the library would ask at the terminal.
            context.load_cert_chain(tsa.client_file, tsa.client_key_file, password=tsa.client_key_passphrase)
    except (OSError, ValueError) as unusable:
        files = ", ".join(str(file) for file in _tls_files(tsa))
        raise Misconfigured(f"{tsa.url}: the files for HTTPS cannot be used ({files}): {unusable}") from unusable
    return context


def _tls_files(tsa: Tsa) -> list[Path]:
    return [file for file in (tsa.client_file, tsa.client_key_file, tsa.server_roots_file) if file is not None]
