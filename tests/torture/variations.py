"""Houses at a chapter that keep something elsewhere: the signing key in a real token (SoftHSM), the boxes in a real S3 store."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from tachiai import clock
from torture.grounds import TOKEN, Grounds, House, run

LABEL, PIN = "fictional-torture", "271828"


def copy(grounds: Grounds, chapter: str) -> House:
    """A house of one's own at ``chapter``, which may be told with a variation: ``sealing@token``."""
    name, _, variation = chapter.partition("@")
    house = grounds.copy(name)
    if variation:
        said = run(partial(VARIATIONS[variation], grounds, house), house)
        if said:
            raise RuntimeError(f"{chapter} cannot be told: {said}")
        if variation == "s3":
            house.bucket = _bucket(grounds, house)
    return house


def _in_token(_grounds: Grounds, house: House) -> None:
    """A key made in a token of the case's own, certified by the embedded authority: from now on it seals."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
    from django.conf import settings

    from tachiai import sealing
    from tachiai.crypto.authority import issue, load_authority

    terms = _new_token(house.home.parent)
    made = sealing.make_key(settings.TACHIAI, sealing.NewKey("hardware", "pkcs11", "p-256", terms))
    root = load_authority(house.home / "keys" / "authority").root
    above = x509.load_der_x509_certificate(root.certificate)
    public = load_der_public_key(made.public())
    names = {"issuer": above.subject, "issuer_key": _root_key(house), "at": clock.now(), "validity": timedelta(days=365)}
    leaf = issue(_subject(house), public, **names)  # type: ignore[arg-type]
    file = house.home.parent / "chain.pem"
    file.write_bytes(leaf.public_bytes(Encoding.PEM) + above.public_bytes(Encoding.PEM))
    sealing.install_chain(settings.TACHIAI, "hardware", file, at=clock.now())


def _new_token(place: Path) -> dict[str, object]:
    from softhsm import library

    (place / "tokens").mkdir()
    (place / TOKEN).write_text(f"directories.tokendir = {place / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(place / TOKEN)
    command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "31415926"]
    subprocess.run(command, check=True, capture_output=True)
    (place / "pin").write_text(PIN + "\n")
    return {"module": str(library()), "token": LABEL, "key": "hardware", "pin_file": str(place / "pin"), "sessions": 4}


def _root_key(house: House) -> object:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key((house.home / "keys" / "authority" / "root.key.pem").read_bytes(), None)


def _subject(house: House) -> object:
    """Named as the key that seals in the houses without a token."""
    from cryptography import x509

    return x509.load_pem_x509_certificate((house.home / "keys" / "authority" / "seal.pem").read_bytes()).subject


def _in_bucket(grounds: Grounds, house: House) -> None:
    """Every box is copied, as an operator would who moves to another store."""
    from dataclasses import replace

    from django.conf import settings

    from tachiai.administration.storing import copy_boxes

    settings.TACHIAI = replace(settings.TACHIAI, store_access_key="fictional", store_secret_key="fictional-secret")
    moved = copy_boxes(to=_bucket(grounds, house), at=clock.now())
    assert moved.copied, "nothing was there to be moved"
    assert not moved.troubles, moved.troubles


def _bucket(grounds: Grounds, house: House) -> str:
    """A place of its own in the bucket, for each case."""
    return f"s3://plain/{house.home.parent.name}-{_RUN}?endpoint={grounds.objects}&tls=none&timeout=5&attempts=1"


_RUN = secrets.token_hex(4)
VARIATIONS: dict[str, Callable[[Grounds, House], None]] = {"token": _in_token, "s3": _in_bucket}
