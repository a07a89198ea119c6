"""What is to be said later, and when it falls due. Pure."""
