"""Reads flows/ and messages/ into one frozen Library and names every fault."""
