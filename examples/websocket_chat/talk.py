"""Talk in the chat from a terminal: `talk.py TOKEN`."""

import json
import os
import sys
import threading

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

URL = os.environ.get("CHAT_URL", "ws://127.0.0.1:8000/chat")


def listen(socket: ClientConnection) -> None:
    """Print what the room says, until the socket is closed."""
    try:
        for message in socket:
            said = json.loads(message)
            print(f"{said['from']}: {said['text']}", flush=True)
    except ConnectionClosed as closed:
        print(f"The chat is over: {closed.reason or closed.code}", flush=True)


def main() -> None:
    """Send each line of standard input."""
    with connect(URL, additional_headers={"Authorization": f"Bearer {sys.argv[1]}"}) as socket:
        listener = threading.Thread(target=listen, args=(socket,), daemon=True)
        listener.start()
        for line in sys.stdin:
            socket.send(line.rstrip("\n"))
        listener.join(1)  # the answers to the last line


if __name__ == "__main__":
    main()
