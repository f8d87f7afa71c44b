"""``tachiai key …``: make signing keys, get them certified, and try them before anything depends on them."""

from __future__ import annotations

import argparse
import base64
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tachiai import clock
from tachiai.errors import Refusal

if TYPE_CHECKING:
    from tachiai.administration.signing_keys import ListedKey, Trial

KINDS = ("rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384")
# Options of each provider, as they are named in its table of key.toml.
TERMS = {
    "file": ("passphrase_file",),
    "pkcs11": ("module", "token", "key", "pin_file", "sessions"),
    "csc": ("url", "credential", "token_file", "token_url", "client_id", "client_secret_file", "pin_file", "ca_file", "client_file"),
}


def add_key_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], lazy: Any) -> None:
    """``init``, ``csr``, ``import``, ``list`` and ``preflight`` below ``tachiai key``."""
    key = commands.add_parser("key", help="signing keys: make them, have them certified, try them").add_subparsers(required=True)
    init = key.add_parser("init", help="make a key, in its token or in a file")
    init.add_argument("name", help="its name in this house: a-z 0-9 . _ -")
    init.add_argument("--provider", choices=tuple(TERMS), required=True, help="a token (HSM), a signing service, or a file")
    init.add_argument("--kind", choices=KINDS, default="rsa-3072")
    init.add_argument("--pss", action="store_true", help="sign by RSA-PSS instead of PKCS #1 v1.5")
    init.add_argument("--existing", action="store_true", help="the key is in the token already")
    for term in dict.fromkeys(term for terms in TERMS.values() for term in terms):
        init.add_argument(f"--{term.replace('_', '-')}", type=int if term == "sessions" else str)
    init.set_defaults(command=lazy("tachiai.cli.keys", "init"))

    request = key.add_parser("csr", help="a certificate request (PKCS #10) for a certification authority")
    request.add_argument("name")
    request.add_argument("--common-name", required=True, help="CN, as the authority asks for it")
    for option in ("organization", "organization-identifier", "unit", "locality", "state", "serial"):
        request.add_argument(f"--{option}", default="")
    request.add_argument("--country", default="JP")
    request.add_argument("--out", metavar="FILE", help="instead of the terminal")
    request.set_defaults(command=lazy("tachiai.cli.keys", "csr"))

    install = key.add_parser("import", help="install the chain that the authority sent, to its root")
    install.add_argument("name")
    install.add_argument("chain", metavar="CHAIN.pem")
    install.set_defaults(command=lazy("tachiai.cli.keys", "install"))
    key.add_parser("list", help="every key, its validity and its keeper").set_defaults(command=lazy("tachiai.cli.keys", "show"))
    key.add_parser("preflight", help="sign, stamp and verify a probe with every key and authority").set_defaults(
        command=lazy("tachiai.cli.keys", "preflight")
    )


def init(options: argparse.Namespace) -> int:
    """Make a key and its folder."""
    _establish()
    from tachiai.administration.signing_keys import NewKey, make_key

    given = {term: getattr(options, term) for terms in TERMS.values() for term in terms if getattr(options, term) is not None}
    if options.provider == "pkcs11":
        given.setdefault("key", options.name)
    # A relative path is relative to where the operator stands now, not to where the key's folder will be.
    terms = {term: str(Path(value).absolute()) if term.endswith("_file") or term == "module" else value for term, value in given.items()}
    folder = make_key(
        NewKey(options.name, options.provider, options.kind, terms, pss=options.pss, existing=options.existing), at=clock.now()
    )
    print(f"The key is made and described in {folder}.")
    if options.provider == "csc":
        print("Its certificate came from the service. Try it: tachiai key preflight")
    else:
        print(f"Next, a request for its certificate: tachiai key csr {options.name} --common-name …")
    return 0


def csr(options: argparse.Namespace) -> int:
    """Print or write the request, in PEM."""
    _establish()
    from tachiai.administration.signing_keys import Subject, request_certificate

    subject = Subject(
        common=options.common_name,
        organization=options.organization,
        organization_identifier=options.organization_identifier,
        unit=options.unit,
        locality=options.locality,
        state=options.state,
        country=options.country,
        serial=options.serial,
    )
    request = request_certificate(options.name, subject, at=clock.now())
    body = "\n".join(textwrap.wrap(base64.b64encode(request).decode(), 64))
    pem = f"-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n"
    if not options.out:
        sys.stdout.write(pem)
        return 0
    try:
        Path(options.out).write_text(pem)
    except OSError as problem:
        raise Refusal("disk.unusable", file=options.out, detail=problem.strerror) from problem
    print(f"The request is in {options.out}. Send it to the certification authority; the key stays where it is.")
    return 0


def install(options: argparse.Namespace) -> int:
    """Install the returned chain, or say what is wrong with it."""
    _establish()
    from tachiai.administration.signing_keys import install_chain

    found = install_chain(options.name, Path(options.chain), at=clock.now())
    print(f"Installed. {_line(found)}")
    print("Try it before the house does: tachiai key preflight")
    return 0


def show(_options: argparse.Namespace) -> int:
    """One line for each key."""
    _establish()
    from tachiai.administration.signing_keys import list_keys

    found = list_keys(at=clock.now())
    for key in found:
        print(_line(key))
    if not found:
        print("No key is configured. Make one: tachiai key init")
    return 0


def preflight(_options: argparse.Namespace) -> int:
    """Try everything; 1 when something would keep production from starting."""
    _establish()
    from tachiai.administration.signing_keys import try_keys

    trials = try_keys(at=clock.now())
    for trial in trials:
        print(_outcome(trial))
    return 1 if any(trial.grave for trial in trials) else 0


def _establish() -> None:
    from tachiai.cli.houses import compile_catalogues, establish

    establish()
    compile_catalogues()


def _line(key: ListedKey) -> str:
    marks = "*" if key.in_use else " "
    validity = f"{key.begins.date()} – {key.ends.date()}" if key.begins and key.ends else "no certificate yet"
    return f"{marks} {key.name:24} {key.keeper or '?':9} {validity}  {key.subject}{f'[{key.trouble}]' if key.trouble else ''}"


def _outcome(trial: Trial) -> str:
    from tachiai.web.problems import sentence

    kept = "ok  " if trial.passed else "FAIL" if trial.grave else "note"
    words = "" if trial.passed else f"  {sentence(trial.code, dict(trial.facts))} [{trial.code}]"
    detail = trial.facts.get("detail")
    return f"{kept} {trial.what} {trial.name}{words}{f' ({detail})' if detail and not trial.passed else ''}"
