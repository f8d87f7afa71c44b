"""The life of an envelope against a reference model: a small class that knows nothing of the product says what must be."""
