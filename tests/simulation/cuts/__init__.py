"""A cabinet without its simulator, whose power is cut at every operation of its flash:
see sweep for how, laws for what must hold.
"""
