"""Torture: houses whose workers are killed, raced and starved, and that must be in order afterwards (``make torture``)."""
