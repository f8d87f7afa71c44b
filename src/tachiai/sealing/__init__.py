"""The house's keys, timestamps and seals (電子署名); the only caller of the signing key."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.crypto.certificate_requests import Subject
    from tachiai.crypto.longevity import Longevity, Outlook
    from tachiai.crypto.pades import SealText
    from tachiai.crypto.pades_verify import Expected, Report
    from tachiai.sealing.authorities import StampingAuthority, TrustedRoot, stamping_authority, trusted_roots
    from tachiai.sealing.checking import Standing, check_seals, seals_about
    from tachiai.sealing.key_alarms import keys_end, watch_keys
    from tachiai.sealing.key_making import NewKey, install_chain, make_key, request_certificate
    from tachiai.sealing.keyring import Keyring, configured_keyring
    from tachiai.sealing.lasting import algorithm_policy, check_gain, longevity_of, present_outlook
    from tachiai.sealing.models import Act
    from tachiai.sealing.papers import expected_of_paper
    from tachiai.sealing.preflight import Trial, try_keys
    from tachiai.sealing.preparing import Intent, Prepared, prepare, prepare_many
    from tachiai.sealing.seals import Begun, Filling, Sealed, attest, begin, close, extend, freeze, record_many, renew, seal
    from tachiai.sealing.stamping import Stamped, prove_token, stamp_digest
    from tachiai.sealing.superseding import check_another_key, check_provable, supersede
    from tachiai.sealing.verifying import examine, trust, trust_for_strangers, verify, verify_deep

__all__ = [
    "Act",
    "Begun",
    "Expected",
    "Filling",
    "Intent",
    "Keyring",
    "Longevity",
    "NewKey",
    "Outlook",
    "Prepared",
    "Report",
    "SealText",
    "Sealed",
    "Stamped",
    "StampingAuthority",
    "Standing",
    "Subject",
    "Trial",
    "TrustedRoot",
    "algorithm_policy",
    "attest",
    "begin",
    "check_another_key",
    "check_gain",
    "check_provable",
    "check_seals",
    "close",
    "configured_keyring",
    "examine",
    "expected_of_paper",
    "extend",
    "freeze",
    "install_chain",
    "keys_end",
    "longevity_of",
    "make_key",
    "prepare",
    "prepare_many",
    "present_outlook",
    "prove_token",
    "record_many",
    "renew",
    "request_certificate",
    "seal",
    "seals_about",
    "stamp_digest",
    "stamping_authority",
    "supersede",
    "trust",
    "trust_for_strangers",
    "trusted_roots",
    "try_keys",
    "verify",
    "verify_deep",
    "watch_keys",
]

__getattr__ = face(__name__, __file__)
