"""Guard an API with Auth0: access tokens verified, roles asked of the tenant, errors as problems."""
