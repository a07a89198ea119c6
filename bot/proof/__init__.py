"""What is proved about the content."""
