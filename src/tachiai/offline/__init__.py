"""What travels out of the house: verifiers that need none of it. Data, not a room: nothing here imports the house, nor the house it."""
