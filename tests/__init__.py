"""Sentences about the world."""
