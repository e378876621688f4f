"""Makes one module of each package of the firmware, for boards that have little memory for many."""
