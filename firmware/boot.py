"""Runs before anything else: every output of the cabinet goes safe."""

try:
    from locker.hal.esp32 import outputs_safe

    outputs_safe()
except ImportError:  # the firmware is not (wholly) here yet: nothing drives an output, and mpremote must still get in
    pass
