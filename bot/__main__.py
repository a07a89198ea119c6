"""`python -m bot` is `afterword`."""

import sys


def main() -> None:
    """Run the command line; `run` heeds signals before anything else is read."""
    if sys.argv[1:2] == ["run"]:
        from bot.app.signals import hold

        hold()
    from bot.cli.main import main as command_line

    command_line()


if __name__ == "__main__":
    main()
