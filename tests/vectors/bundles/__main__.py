"""Makes the vector anew: ``python -m vectors.bundles`` from ``tests``. Other keys, other bytes, the same story.

The house is thrown away, but its keys are kept beside the bundle: they are nobody's, and tests forge with them.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
KEYS = ("log.key", "passkey.pem", *(f"authority/{stem}{end}" for stem in ("root", "seal", "tsa", "ocsp") for end in (".pem", ".key.pem")))


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="tachiai-vector-") as home:
        os.environ.update(TACHIAI_HOME=home, TACHIAI_MODE="demo", TACHIAI_MAILBOX="yes", DJANGO_SETTINGS_MODULE="tachiai.config.settings")
        os.environ["TACHIAI_PUBLIC_URL"] = "https://keiyaku.example.jp"
        from tachiai.cli.houses import compile_catalogues, establish

        establish()
        compile_catalogues()
        _make(Path(home) / "keys")
    return 0


def _make(keys: Path) -> None:
    from cast import assemble
    from offline.confirming import Passkey, with_passkey
    from stories import concluded
    from tachiai import clock
    from tachiai.offline.tachiai_verify import Reader, verify_bundle

    passkey = Passkey.fresh()
    (keys / "passkey.pem").write_bytes(passkey.pem())
    with with_passkey(passkey) as asserted:
        envelope = concluded(assemble())
        content = _bundle(envelope, asserted)
    for name in KEYS:
        (FOLDER / "keys" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(keys / name, FOLDER / "keys" / name)
    (FOLDER / "bundle-v1.zip").write_bytes(content)
    answer = verify_bundle(content, Reader(at=clock.now()))
    (FOLDER / "bundle-v1.json").write_text(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.write(f"{answer['verdict']} {len(content)}\n")


def _bundle(envelope: object, asserted: dict[bytes, bytes]) -> bytes:
    """As it is given out, but with the assertions, and without the verifiers, which change."""
    import io
    from dataclasses import replace

    from tachiai import clock
    from tachiai.archive import bundle_writing
    from tachiai.archive.bundle_proofs import prove
    from tachiai.envelopes.bundling import gather
    from tachiai.envelopes.reading import concluded_files

    entries, log = prove(envelope.stream, concluded_files(envelope)[0].record, now=clock.now)
    held = gather(envelope, entries, log, at=clock.now())
    signers = [replace(one, passkey=asserted.get(one.consent, b"")) for one in held.signers]
    out = io.BytesIO()
    bundle_writing.VERIFIERS = ()
    bundle_writing.write_bundle(out, replace(held, signers=signers))
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
