"""`python -m bot` is `afterword`."""

import sys


def main() -> None:
    """Run the command line; `run` heeds signals first, and is spared what only the command line needs."""
    if sys.argv[1:2] == ["run"]:
        from bot.app.signals import defer_signals

        defer_signals()
    if sys.argv[1:] == ["run"]:
        from bot.app.run import serve

        if serve():
            return
    from bot.cli.main import main as command_line

    command_line()


if __name__ == "__main__":
    main()
