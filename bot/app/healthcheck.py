"""`python -m bot.app.healthcheck` ends with status 0 when the bot of this machine is ready: for a container engine."""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection, HTTPException  # unlike urllib it goes through no proxy of the environment

SECONDS = 5.0


def main() -> int:
    """Ask /readyz at PORT, print what it says, and return the exit status."""
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8080")), timeout=SECONDS)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        sys.stdout.write(answer.read().decode(errors="replace"))
    except (OSError, HTTPException) as error:
        sys.stdout.write(f"no answer at port {connection.port}: {error}\n")
        return 1
    finally:
        connection.close()
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
