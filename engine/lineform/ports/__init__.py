"""What the engine needs from the world, as Protocols and their values."""
