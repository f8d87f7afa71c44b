"""SQLite as the house uses it; ``base`` is where Django looks for a database engine."""
