"""An MCP server whose tools are for users who may read data: examples/mcp_server/README.md says how to start it."""

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from step_up import StepUp

from auth0_sso import AccessToken
from auth0_sso.asgi import Auth0Guard, ResourceMetadata, Rule, token_of

SCOPES = {"change_data": "write:data"}
"""What a tool's token must have been asked for: at the first login no client asks for it."""


def token_in(context: Context) -> AccessToken:
    """Return the access token of a tool's call."""
    request = context.request_context.request
    if request is None:
        raise RuntimeError("this server is for Streamable HTTP only")
    return token_of(request.scope)


def who_am_i(context: Context) -> str:
    """Say which user this is."""
    return token_in(context).subject


def list_permissions(context: Context) -> list[str]:
    """List what this user may do."""
    return sorted(token_in(context).permissions)


def change_data(context: Context, value: str) -> str:
    """Change the data."""
    token = token_in(context)
    if SCOPES["change_data"] not in token.scopes:
        raise ToolError("The access token does not allow this.")
    return f"{token.subject} has written {value}"


server = MCPServer("Data")
server.add_tool(who_am_i)
server.add_tool(list_permissions)
server.add_tool(change_data)

# Stateless: a session of the SDK has an owner only where the SDK itself verifies tokens (docs/mcp.md).
app = Auth0Guard(
    StepUp(server.streamable_http_app(stateless_http=True), SCOPES),
    Rule("/mcp", permissions={"read:data"}),
    resource_metadata=ResourceMetadata(name="Data for agents"),
)
