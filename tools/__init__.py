"""What maintainers run and users never do."""
