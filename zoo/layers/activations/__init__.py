"""Activations that are layers."""
