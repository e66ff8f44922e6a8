"""Layers of earlier Keras releases."""
