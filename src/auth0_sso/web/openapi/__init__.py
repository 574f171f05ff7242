"""What the OpenAPI document says of guards and problems."""
