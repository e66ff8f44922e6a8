"""Noise in training, and penalties."""
