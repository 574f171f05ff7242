"""What an app's routes ask for, read from the app before it serves: no settings, network or started lifespan."""
