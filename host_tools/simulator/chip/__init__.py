"""The simulated ESP32, and the chips and lines at its pins."""
