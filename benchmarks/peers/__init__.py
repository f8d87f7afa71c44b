"""One file per engine. Each makes what it can of the same contract with the same key, as its own documentation shows."""
