"""A client of Auth0's Management API: its access token, calls, retries, and typed responses."""
