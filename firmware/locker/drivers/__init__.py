"""What touches the hardware: each holds the objects handed to it and has no policy."""
