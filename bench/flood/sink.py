"""Takes log lines from a unix socket and forgets them: what stands beside Seifas's control loop. `... sink PATH`."""

from __future__ import annotations

import socket
import sys
import time

_PAUSE_S = 0.05  # reads in bulk, as anybody would who does not want to be woken for every line


def main() -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        while True:
            stream, _ = listener.accept()
            with stream:
                while stream.recv(1 << 20):
                    time.sleep(_PAUSE_S)


if __name__ == "__main__":
    main()
