"""The chapters that these tests begin at."""

from stages import cast, scene

__all__ = ["cast", "scene"]
