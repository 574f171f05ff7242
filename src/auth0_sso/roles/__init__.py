"""Which roles a user has: asked of the Management API and cached, or read from a claim."""
