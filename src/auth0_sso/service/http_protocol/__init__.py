"""uvicorn's HTTP/1.1 protocol with limits: sizes, timeouts, pipelining and the number of connections.

`auth0-sso serve` and `dev` use it. With uvicorn's own command:
`--http auth0_sso.service.http_protocol:BoundedHttpProtocol`.
"""

from auth0_sso.service.http_protocol.limits import ConnectionLimits, backlog_for, max_connections_for, open_file_limit
from auth0_sso.service.http_protocol.protocol import BoundedHttpProtocol

__all__ = ["BoundedHttpProtocol", "ConnectionLimits", "backlog_for", "max_connections_for", "open_file_limit"]
