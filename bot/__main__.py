"""`python -m bot` is `afterword`."""

from bot.cli.main import main

if __name__ == "__main__":
    main()
