"""The doors. A view parses a request, calls one verb and renders; it never touches custody or SQL."""
