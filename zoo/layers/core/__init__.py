"""Inputs, dense layers and embeddings."""
