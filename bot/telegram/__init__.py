"""Telegram, seen from outside: updates in, calls out."""
