"""What tests of keys share with those of the cryptography below."""

from crypto.conftest import _quiet, program

__all__ = ["_quiet", "program"]
