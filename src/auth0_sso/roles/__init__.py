"""The roles of users: from the Management API, cached, or from a claim of the token."""
