"""Login, logout and who is logged in (Auth0: Authentication API, Universal Login)."""
