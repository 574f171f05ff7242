"""uvicorn's HTTP/1.1 protocol with bounds on what one connection, and all of them together, may cost.

`auth0-sso serve` and `dev` use it. With uvicorn's own command:
`--http auth0_sso.service.http_protocol:BoundedHttpProtocol`.
"""

from auth0_sso.service.http_protocol.bounds import Bounds, backlog_for, connection_limit, open_file_limit
from auth0_sso.service.http_protocol.protocol import BoundedHttpProtocol

__all__ = ["BoundedHttpProtocol", "Bounds", "backlog_for", "connection_limit", "open_file_limit"]
