"""What staff do to a board at a bench: flash, provision, erase, commission."""
