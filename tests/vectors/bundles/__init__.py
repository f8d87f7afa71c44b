"""A bundle of an invented contract with every key behind it, so that a test can also forge what only the house itself could."""
