"""Small faults made on purpose in the content, one at a time, to see whether anything would notice."""
