"""What things cost: run by `make bench` and `make million`, or each by itself."""
