"""What Auth0 does not have, and a developer needs: faults and checks of Host and Origin, under /_development."""
