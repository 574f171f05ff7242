"""Everything said to the Auth0 tenant over HTTP: its keys, our Management token, users and roles."""
