"""Composition root, settings, logging, and the content that is talked with."""
