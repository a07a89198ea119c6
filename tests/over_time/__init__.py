"""What holds along a person's weeks."""
