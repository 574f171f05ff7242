"""The FastAPI side: guards, problems, the one middleware, the routes, and the app that holds them."""
