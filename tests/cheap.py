"""What is dear on purpose is cheap here: every test brings people into being, with passwords and codes by the dozen.

Programs that tests start by themselves pay the whole price; ``PRICES`` are the product's own, held by a test.
"""

from __future__ import annotations

from functools import lru_cache

from django.contrib.auth.hashers import ScryptPasswordHasher

from tachiai.crypto import codes, keys

PRICES = {
    "scrypt": (ScryptPasswordHasher.work_factor, ScryptPasswordHasher.block_size, ScryptPasswordHasher.parallelism),
    "argon2id": (codes.MEMORY_KIB, codes.PASSES),
}


def lower_prices() -> None:
    """For this process. What was hashed carries its own price, so both kinds are understood everywhere."""
    ScryptPasswordHasher.work_factor, ScryptPasswordHasher.parallelism = 2, 1
    codes.MEMORY_KIB, codes.PASSES = 8, 1
    # A private key is judged as it is read, which takes a sixth of a second for each; every house here has the same four.
    keys.load_pem_private_key = lru_cache(maxsize=64)(keys.load_pem_private_key)  # type: ignore[assignment]
