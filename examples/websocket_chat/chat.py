"""A chat with one room for each organization."""

from collections import defaultdict
from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket

from auth0_sso import AccessToken, protect, require_organization

MAX_LENGTH = 1000
Member = Annotated[AccessToken, Depends(require_organization())]

app = FastAPI(title="Chat")
protect(app)  # settings come from the environment
rooms: defaultdict[str | None, set[WebSocket]] = defaultdict(set)


@app.websocket("/chat")
async def chat(socket: WebSocket, token: Member) -> None:
    """Send what a member says to the whole room of the token's organization."""
    await socket.accept()
    room = rooms[token.organization]
    room.add(socket)
    try:
        async for text in socket.iter_text():
            for member in list(room):
                await member.send_json({"from": token.subject, "text": text[:MAX_LENGTH]})
    finally:
        room.discard(socket)
