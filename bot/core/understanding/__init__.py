"""What people type: words, the phrases that mean an answer, and what was meant. Pure."""
