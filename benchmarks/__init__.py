"""Measurements of the product as it is run, side by side with what its peers do. Figures: ``docs/performance.md``."""
