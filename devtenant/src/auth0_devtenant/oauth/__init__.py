"""The token endpoint and how clients authenticate there (RFC 6749)."""
