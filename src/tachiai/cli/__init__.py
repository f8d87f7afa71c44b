"""The terminal: a door too. A command parses, calls a verb and prints."""
