"""Whom else the operator believes, and until when algorithms count: for judging files that others have signed."""

from __future__ import annotations

from pathlib import Path

from tachiai.crypto.sunsets import CRYPTREC, Policy, read_policy
from tachiai.crypto.trust_lists import TrustList, load_list
from tachiai.errors import Refusal
from tachiai.house import House, Misconfigured
from tachiai.sealing.keyring import stamp_of


def configured_lists(house: House) -> tuple[TrustList, ...]:
    """One list for each folder in ``TACHIAI_TRUST_LISTS``, in the order of their names. Raises ``Misconfigured`` and names the file.

    A list that is read in part, or that nobody can see is empty, would make honest files look strange: so nothing is passed over.
    """
    folder = house.trust_lists
    if folder is None:
        return ()
    try:
        folders = [one for one in sorted(folder.iterdir()) if one.is_dir() and not one.name.startswith(".")]
        lists = tuple(load_list(one) for one in folders)
    except OSError as problem:
        raise Misconfigured(f"TACHIAI_TRUST_LISTS cannot be read: {problem.filename or folder}: {problem.strerror}") from problem
    except Refusal as refusal:
        told = f"{refusal.facts.get('file')}: {refusal.facts.get('detail', 'not a certificate')}"
        raise Misconfigured(f"TACHIAI_TRUST_LISTS holds a file that is no certificate, PEM or DER: {told}") from refusal
    for one in lists:
        if not one.signing and not one.timestamps:
            raise Misconfigured(f"TACHIAI_TRUST_LISTS: {folder / one.name} holds no certificates in signing/ or timestamps/")
    return lists


def stamps_of_lists(house: House) -> tuple[tuple[str, int, int], ...]:
    """What changes whenever a list or the policy does: name, time and size of each file."""
    files = [] if house.trust_lists is None else sorted(house.trust_lists.glob("*/*/*"))
    files += [] if house.algorithm_policy_file is None else [house.algorithm_policy_file]
    return tuple(stamp for file in files if (stamp := stamp_of(file)))


def configured_policy(house: House) -> Policy:
    """The operator's policy, or CRYPTREC's. Raises ``Misconfigured``."""
    file: Path | None = house.algorithm_policy_file
    if file is None:
        return CRYPTREC
    try:
        return read_policy(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise Misconfigured(f"TACHIAI_ALGORITHM_POLICY_PATH cannot be read: {file}: {problem}") from problem
    except Refusal as refusal:
        raise Misconfigured(f"TACHIAI_ALGORITHM_POLICY_PATH: {file}: {refusal.facts.get('detail')}") from refusal
