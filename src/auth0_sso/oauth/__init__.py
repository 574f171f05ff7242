"""The token endpoint of the tenant, as a confidential client asks it: our own tokens, for any of its APIs."""
