"""The playground: static pages on an origin of their own, which log in and call an API as an application does."""
