"""The chapters that these tests begin at."""

from stages import cast, parallel, scene

__all__ = ["cast", "parallel", "scene"]
