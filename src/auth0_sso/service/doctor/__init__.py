"""`auth0-sso doctor`: checks the settings and what they name, and says how to correct what is wrong."""
