"""The conversation on standard input and output."""
