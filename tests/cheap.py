"""What is dear on purpose is cheap here: every test brings people into being, with passwords and codes by the dozen.

Programs that tests start by themselves pay the whole price; ``PRICES`` are the product's own, held by a test.
"""

from __future__ import annotations

from django.contrib.auth.hashers import ScryptPasswordHasher

from tachiai.crypto import codes

PRICES = {
    "scrypt": (ScryptPasswordHasher.work_factor, ScryptPasswordHasher.block_size, ScryptPasswordHasher.parallelism),
    "argon2id": (codes.MEMORY_KIB, codes.PASSES),
}


def lower_prices() -> None:
    """For this process. What was hashed carries its own price, so both kinds are understood everywhere."""
    ScryptPasswordHasher.work_factor, ScryptPasswordHasher.parallelism = 2, 1
    codes.MEMORY_KIB, codes.PASSES = 8, 1
