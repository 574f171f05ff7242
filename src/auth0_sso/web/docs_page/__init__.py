"""The docs page: Swagger UI with a login at Auth0."""
