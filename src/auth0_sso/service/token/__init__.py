"""`auth0-sso token`: get an access token of a real tenant, and explain why one is accepted or refused."""
