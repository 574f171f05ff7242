"""The issuer's signing keys (JWK Set, RFC 7517): fetched, kept fresh, and stored for the next start."""
