"""The client of Auth0's Management API: its token, calls, retries, and what it answers, typed."""
