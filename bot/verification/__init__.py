"""Proofs about the content: that every conversation ends, every rule decides, every note fits."""
