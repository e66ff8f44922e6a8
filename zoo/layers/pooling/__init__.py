"""Pooling: windows, or all positions, reduced to one value for each channel."""
