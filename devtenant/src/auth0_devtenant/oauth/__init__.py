"""The token endpoint with a file for each grant, how clients authenticate, revocation, and what starts a grant."""
