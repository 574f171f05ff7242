"""The home page of the tenant: what it has, what to copy, and switches for its development endpoints."""
