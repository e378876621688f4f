"""How others would say what our boards say:
each module's `packets(messages)` gives every packet of both ways, acknowledgements too.
"""
