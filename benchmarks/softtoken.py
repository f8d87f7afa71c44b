"""Seals through a SoftHSM token: the token's raw rate, ours and pyHanko's PKCS#11 signer, in turn. The key is the software key's twin."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pkcs11
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.pkcs11 import PKCS11Signer

from benchmarks.peers import hanko, ours
from benchmarks.responder import Responder
from benchmarks.rounds import Absent, Here
from benchmarks.scene import Scene
from tachiai.crypto import hsm

RAW, OURS, HANKO = "token", "ours", "pyhanko-pkcs11"
_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
_LABEL, _KEY, _PIN = "bench", "seal", "246810"


@dataclass(frozen=True)
class SoftToken:
    """A token with the seal's key, logged in to by the product: a second login of the same process would fail."""

    key: hsm.HsmKey
    session: pkcs11.Session


def contenders(scene: Scene, size: str, responder: Responder) -> list[Here]:
    """The raw token first. Raises :class:`Absent` on a machine without SoftHSM."""
    token = _token(scene)
    raw = token.session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=_KEY)
    pdf = scene.contract(size)
    desk = ours.desk(scene, replace(scene.sealer().credential, key=token.key), responder)
    certificate = asn1_x509.Certificate.load(scene.sealer().certificate.public_bytes(Encoding.DER))
    root = asn1_x509.Certificate.load(scene.roots[0])
    signer = PKCS11Signer(
        token.session, signing_cert=certificate, ca_chain={root}, key_label=_KEY, signature_mechanism=hanko.SHA256_WITH_RSA
    )

    def sign(number: int) -> bytes:
        signature: bytes = raw.sign(number.to_bytes(64, "big"), mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS)
        return signature

    return [
        Here(RAW, sign),
        desk.contender(OURS, ours.freezing(desk, pdf, plan=scene.plan(size))),
        hanko.signed_by(signer, "B-T", pdf, responder, name=HANKO),
    ]


def _token(scene: Scene) -> SoftToken:
    # By its one true path: a library that is loaded by two of them refuses to be initialised twice.
    module = next((Path(name).resolve() for name in _MODULES if Path(name).is_file()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        raise Absent("softhsm2 is not installed")
    folder = scene.folder / "softhsm"
    (folder / "tokens").mkdir(parents=True)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    # The library reads this once, when it is initialised.
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    util = ["softhsm2-util", "--token", _LABEL, "--pin", _PIN]
    for command in (
        ["softhsm2-util", "--init-token", "--free", "--label", _LABEL, "--pin", _PIN, "--so-pin", "13579111"],
        [*util, "--import", str(scene.file("seal", key=True)), "--label", _KEY, "--id", "01"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Absent(f"softhsm2-util: {(done.stderr or done.stdout).strip()[-200:]}")
    (folder / "pin").write_text(_PIN + "\n")
    place = hsm.TokenPlace(module, _LABEL, folder / "pin", memory=folder)
    key = hsm.open_key(place, _KEY, certificate=scene.sealer().credential.certificate)
    return SoftToken(key, pkcs11.lib(str(module)).get_token(token_label=_LABEL).open())
