"""Who exists: the operator, organizations and their members. Rows only; the verbs are in ``administration``."""
