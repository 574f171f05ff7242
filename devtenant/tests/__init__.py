"""The tests of auth0_devtenant; they need nothing of auth0_sso."""
