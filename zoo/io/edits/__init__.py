"""Rewrites of documents: pure functions from one `ModelDocument` to another."""
