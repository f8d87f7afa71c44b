"""Tachiai (立会): a self-hosted electronic-contract platform of the Japanese witness type."""

__version__ = "0.1.0"
