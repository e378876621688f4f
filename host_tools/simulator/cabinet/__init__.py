"""The parts of a simulated cabinet and their physics:
wires, locks, doors, sensors, keypad, panel and supply.
"""
