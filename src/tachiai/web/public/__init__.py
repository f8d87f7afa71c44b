"""The house about itself: who operates it, on what terms, what it keeps, for whom it is usable."""
