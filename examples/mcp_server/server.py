"""An MCP server whose tools are for users who may read data: examples/mcp_server/README.md says how to start it."""

from mcp.server.mcpserver import Context, MCPServer

from auth0_sso import AccessToken
from auth0_sso.asgi import Auth0Guard, ResourceMetadata, Rule, token_of


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


server = MCPServer("Data")
server.add_tool(who_am_i)
server.add_tool(list_permissions)

# Stateless: a session of the SDK has an owner only where the SDK itself verifies tokens (docs/mcp.md).
app = Auth0Guard(
    server.streamable_http_app(stateless_http=True),
    Rule("/mcp", permissions={"read:data"}),
    resource_metadata=ResourceMetadata(name="Data for agents"),
)
