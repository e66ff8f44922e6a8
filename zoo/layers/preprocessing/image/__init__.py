"""Layers that change images: some always, most of them at random and only in training."""
