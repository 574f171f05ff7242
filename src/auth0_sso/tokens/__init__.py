"""Access tokens, purely: text, keys and a time in; an `AccessToken` or an error out. No network, clock or logger."""
