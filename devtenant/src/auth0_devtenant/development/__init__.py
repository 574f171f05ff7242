"""What Auth0 does not have: control, faults, and checks of Host and Origin, under /_development."""
