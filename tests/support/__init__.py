"""What several tests share: ways to run the program, its content loaded once, and people who use it."""
