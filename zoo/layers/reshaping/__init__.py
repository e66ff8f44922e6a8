"""The same values in another shape."""
