"""What runs: one loop that carries inputs to the core and its effects to the drivers."""
