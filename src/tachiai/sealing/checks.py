"""What keeps a production house from starting: stand-ins for the key and the timestamp authority, and any of them that fails its trial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004  # its own name for it

from tachiai import clock
from tachiai.accounts import identity
from tachiai.errors import Refusal
from tachiai.house import House, Misconfigured

# Django imports this at every start: what a check needs is imported when it is asked, or each command would load all cryptography.
if TYPE_CHECKING:
    from tachiai.sealing.keyring import Keyring
    from tachiai.sealing.preflight import Trial

MESSAGES = {
    "key.certificate_missing": "the key has no certificate: install what the certification authority sent (tachiai key import)",
    "key.chain_incomplete": "the chain of certificates is not whole: {detail}",
    "key.mismatch": "none of the certificates belongs to the key",
    "key.expired": "the certificate expired on {until}",
    "key.not_yet_valid": "the certificate is not valid before {since}",
    "key.wrong_usage": "the certificate is not for signing documents: {detail}",
    "key.configuration": "its description cannot be used: {detail}",
    "key.unreadable": "a file cannot be read: {file}",
    "key.passphrase_wrong": "the passphrase does not open {file}",
    "key.pin_wrong": "the PIN in {file} was refused by {token}; it is not tried again before that file is written anew",
    "key.pin_locked": "the PIN of {token} is locked, or has one try left, which is yours",
    "key.secret_unreadable": "the file of a secret cannot be read: {file}",
    "key.secret_empty": "the file of a secret is empty: {file}",
    "key.token_absent": "there is no token labelled {token}",
    "key.token_ambiguous": "several tokens are labelled {token}",
    "key.absent": "there is no key {key}",
    "key.ambiguous": "several keys are labelled {key}",
    "key.module_unusable": "the PKCS#11 library {module} cannot be used: {detail}",
    "key.unsupported": "this kind of key is not supported: {kind}",
    "key.weak": "the key is too short: {bits} bits",
    "key.disabled": "the signing service has disabled {key}",
    "key.interactive": "the signing service wants a person to confirm each use of {key}",
    "key.login_refused": "the signing service {service} does not let us in",
    "key.service_insecure": "the signing service is not at an https address: {service}",
    "key.probe_rejected": "what it sealed does not stand up to verification: {detail}",
    "key.unreachable": "whoever keeps the key does not answer: {detail}",
    "tsa.wrong_usage": "its certificate is not for timestamping: {detail}",
    "tsa.bad_reply": "its token cannot be used: {detail}",
    "tsa.refused": "it declines to stamp: {detail}",
    "tsa.unreachable": "it does not answer: {detail}",
}


_FOREIGN = "See docs/operations/backup.md. Bring the keys that belong to this database, or restore it as a copy (tachiai restore)."


@register(deploy=True)
def check_key_and_authority(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:  # Django's signature
    """Run by ``tachiai run`` and ``manage.py check --deploy``: production seals with a real key and a real authority or not at all."""
    from tachiai.sealing.keyring import configured_keyring

    house: House = settings.TACHIAI
    if house.mode != "production":
        return []
    if identity.standing().foreign:
        return [Error("The keys are another house's than the database: keys/house.id differs.", hint=_FOREIGN, id="tachiai.E007")]
    if identity.standing().held:
        return []  # nothing is sealed, so nothing is tried; its pages may be read
    return list(_stand_ins(house, configured_keyring(house))) or _tried()


@register()
def check_trust(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:  # Django's signature
    """A trust list or a policy that cannot be read stops every start: files of others would be judged by something else than is meant."""
    from tachiai.sealing.trust_lists import configured_lists, configured_policy

    try:
        configured_lists(settings.TACHIAI)
        configured_policy(settings.TACHIAI)
    except Misconfigured as problem:
        return [Error(str(problem), id="tachiai.E006")]
    return []


def _stand_ins(house: House, keyring: Keyring) -> Iterator[CheckMessage]:
    """A software key or the embedded authority works, but proves little: it has to be wanted by name."""
    if not keyring.keys and not house.accept_embedded_authority:
        yield Error("No signing key is configured.", hint="Make one: tachiai key init. Or set TACHIAI_SEAL_KEY_PATH.", id="tachiai.E001")
    if any(key.keeper == "file" for key in keyring.keys) and not house.accept_software_key:
        yield Error(
            "The signing key is a file: whoever copies it can seal in the operator's name.",
            hint="Use a key in hardware, or accept this by name with TACHIAI_ACCEPT_SOFTWARE_KEY=yes.",
            id="tachiai.E002",
        )
    if house.tsa is None and not house.accept_embedded_authority:
        hint = "Set TACHIAI_TSA_URL and TACHIAI_TSA_ROOTS_PATH."
        yield Error("No timestamp authority is configured.", hint=hint, id="tachiai.E003")


def _tried() -> list[CheckMessage]:
    """A bad certificate is found at the start, not at the first contract."""
    from tachiai.sealing.preflight import try_keys

    try:
        trials = try_keys(at=clock.now())
    except (Refusal, Misconfigured) as problem:
        return [Error(f"The key or the authority cannot be used: {problem}", id="tachiai.E004")]
    return [
        (Error if trial.grave else Warning)(
            told(trial), hint="Try again with: tachiai key preflight", id="tachiai.E004" if trial.grave else "tachiai.W004"
        )
        for trial in trials
        if not trial.passed
    ]


def told(trial: Trial) -> str:
    """What is wrong, in the operator's words."""
    subject = f"Signing key {trial.name}" if trial.what == "key" else f"Timestamp authority {trial.name}"
    try:
        words = MESSAGES[trial.code].format(**trial.facts)
    except KeyError:
        words = ", ".join(str(fact) for fact in trial.facts.values())
    return f"{subject}: {words} [{trial.code}]"
