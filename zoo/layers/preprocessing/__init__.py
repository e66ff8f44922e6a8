"""Data made ready for a model."""
