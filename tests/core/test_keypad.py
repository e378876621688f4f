"""The keypad: length decides, one answer follows each `#`, and nobody keeps anybody from typing."""

from cabinet_script import Story, kinds, pulses, sounds

from locker.contract import records
from locker.core import events, keypad, texts
from locker.core.effects import ALARM, ATTENTION, BAD, GOOD, KEY, Light, Send, Show, WakeAt


def answer_time(story, keys):
    """Milliseconds from `#` to the answer."""
    story.types(keys)
    story.tell_key("#")
    asked = story.now
    while story.cabinet.mode == keypad.CHECKING:
        story.wait(1)
    return story.now - asked


def test_digits_show_as_dots_but_for_the_last():
    story = Story()
    shown = [effect.arguments[0] for effect in story.types("0773910") if isinstance(effect, Show)]
    assert shown == ["0", ".7", "..7", "...3", "....9", ".....1", "......0"]


def test_the_last_digit_is_a_dot_within_a_second_and_at_once_when_the_number_ends():
    story = Story()
    story.types("077")
    story.wait(400)
    assert story.screen[0] == "..7"
    story.wait(400)
    assert story.screen[0] == "..." and story.cabinet.mode == keypad.TYPING
    story.types("39104620")
    story.tell_key("9")
    story.tell_key("*")
    story.wait(1000)
    assert story.text == texts.WELCOME  # nothing comes back that was cleared
    story.deposits(42)
    for keys in ("0177310462", "123456789", "01777310462123"):
        story.wait(10000)
        story.types(keys)
        story.tell_key("#")
        assert story.screen[0] == "." * len(keys), keys
    story.wait(20000)
    story.tell_key("7")
    story.tell(events.BellPressed())
    story.wait(1000)
    assert story.text == texts.BELL  # whatever else is shown meanwhile stays


def test_only_the_lengths_of_a_ticket_or_a_code_are_checked():
    story = Story()
    door = story.deposits(42)
    code = story.code(door, 12)
    for length in (1, 2, 8, 11, 12, 13):
        effects = story.types(code[:length] + "#")
        assert kinds(effects) == []
        assert story.text == texts.LENGTH
    for keys in (code + "0", code + "00000", "0" + code, story.code(door) + "0"):
        effects = story.types(keys + "#")
        assert pulses(effects) == []
        assert story.text == texts.LENGTH


def test_an_empty_entry_asks_nothing():
    story = Story()
    story.types("#")
    assert story.text == texts.WELCOME
    story.types("1#")
    assert story.text == texts.LENGTH
    story.types("#")
    assert story.text == texts.WELCOME


def test_a_star_clears():
    story = Story()
    door = story.deposits(42)
    code = story.code(door)
    story.types(code[:5] + "*")
    assert story.text == texts.WELCOME
    assert pulses(story.asks(code[5:] + "#")) == []
    assert pulses(story.asks(code + "#")) == [door]


def test_twenty_idle_seconds_clear():
    story = Story()
    door = story.deposits(42)
    story.host_acknowledges()
    code = story.code(door)
    story.types(code[:5])
    story.wait(19800)
    assert story.text == texts.ENTRY
    story.wait(200)
    assert story.text == texts.WELCOME
    assert pulses(story.asks(code[5:] + "#")) == []


def test_keys_typed_while_a_number_is_checked_are_ignored():
    story = Story()
    door = story.deposits(42)
    story.types(story.code(door))
    story.tell_key("#")
    assert story.types("123*") == []
    assert pulses(story.wait(200)) == [door]


def test_letters_of_a_larger_keypad_mean_nothing():
    story = Story()
    door = story.deposits(42)
    code = story.code(door)
    assert pulses(story.asks("A" + code[:4] + "BCD" + code[4:] + "#")) == [door]


def test_numbers_are_checked_two_seconds_apart():
    story = Story()
    story.wait(10000)
    assert answer_time(story, "0112345678") == 500
    story.types("0112345678")  # a second passes while typing
    start = story.now
    story.tell_key("#")
    while story.cabinet.mode == keypad.CHECKING:
        story.wait(1)
    assert story.now - start == 500 + 2000 - (500 + 1000)


def test_in_step_up_numbers_are_checked_five_seconds_apart():
    story = Story()
    for _ in range(10):
        story.asks("0112345678#")
    story.wait(10000)
    assert answer_time(story, "01123456789012") == 500
    assert answer_time(story, "01123456789012") == 5000 - 1400
    assert answer_time(story, "0112345678") == 5000 - 1000
    assert answer_time(story, "0212345678") == 2000 - 1000  # another door


def test_the_first_number_is_checked_five_seconds_after_boot():
    story = Story()
    door = story.deposits(42)
    code = story.code(door)
    story.power_on()
    booted = story.now
    story.types(code)
    story.tell_key("#")
    while story.cabinet.mode == keypad.CHECKING:
        story.wait(1)
    assert story.now - booted == 5500
    assert story.coil == door


def test_sounds_have_the_numbers_that_the_beeper_knows():
    assert [KEY, GOOD, BAD, ATTENTION, ALARM] == [1, 2, 3, 4, 5]


def test_every_key_is_heard_and_lights_the_cabinet():
    story = Story()
    effects = story.types("1")
    assert sounds(effects) == [KEY]
    assert [effect.on for effect in effects if isinstance(effect, Light)] == [True]


def test_a_moving_door_lights_the_cabinet():
    story = Story()
    assert [effect.on for effect in story.opens(1) if isinstance(effect, Light)] == [True]
    story.wait(600000)
    assert [effect.on for effect in story.closes(1) if isinstance(effect, Light)] == [True]


def test_the_light_goes_out_when_nobody_acts():
    story = Story()
    story.types("1")
    lights = [effect.on for effect in story.wait(29800) if isinstance(effect, Light)]
    assert lights == []
    lights = [effect.on for effect in story.wait(200) if isinstance(effect, Light)]
    assert lights == [False]


def test_the_light_stays_on_while_a_door_is_in_use():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    lights = [effect.on for effect in story.wait(90000) if isinstance(effect, Light)]
    assert lights == []
    lights = [effect.on for effect in story.wait(90000) if isinstance(effect, Light)]
    assert lights == [False]


def test_the_light_stays_on_while_a_door_waits_for_its_turn():
    story = Story()
    door = story.begins_deposit(42)
    story.pulse_end += 100000  # the coil takes very long
    story.opens(door)
    story.puts(door)
    story.closes(door)
    story.asks(story.code(door) + "#")
    lights = [effect.on for effect in story.wait(80000) if isinstance(effect, Light)]
    assert lights == []
    assert door in pulses(story.wait(20000))  # at last


def test_an_open_door_keeps_nobody_from_the_keypad():
    story = Story()
    parcel = story.deposits(1)
    left = story.begins_deposit(2)
    story.opens(left)
    story.wait(5000)
    assert pulses(story.asks(story.code(parcel) + "#")) == [parcel]
    story.opens(parcel)
    story.takes(parcel)
    assert records.COLLECTED in kinds(story.closes(parcel))
    assert records.CANCELLED in kinds(story.closes(left))


def test_a_deposit_finished_while_someone_else_types_does_not_disturb_the_typing():
    story = Story()
    parcel = story.deposits(1)
    left = story.begins_deposit(2)
    story.opens(left)
    story.puts(left)
    code = story.code(parcel)
    story.types(code[:5])
    assert records.DEPOSITED in kinds(story.closes(left))
    assert story.text == texts.ENTRY
    assert pulses(story.asks(code[5:] + "#")) == [parcel]


def test_however_many_digits_are_typed_they_fit_the_screen():
    story = Story()
    story.types("1" * 40)
    assert len(story.cabinet.typed) == 15  # one more than the longest number, which is none then
    assert max(len(line) for line in story.screen) <= 20
    story.types("#")
    assert story.text == texts.LENGTH


def test_a_wake_up_that_comes_early_is_asked_for_again():
    story = Story()
    story.types("1")
    due = story.wake
    effects = story.tell(events.Woke())
    assert [effect.ms for effect in effects if isinstance(effect, WakeAt)] == [due]


def test_an_event_that_comes_after_a_time_out_finds_it_done():
    story = Story()
    door = story.deposits(42)
    code = story.code(door)
    story.types(code[:5])
    story.now += 25000  # the shell was busy, and asks the keypad first
    story.types(code[5:] + "#")
    assert story.text == texts.LENGTH


def test_at_the_start_the_screen_welcomes_the_light_is_off_and_the_host_is_told():
    story = Story()
    effects = story.power_on()
    assert [(type(effect), tuple(effect)) for effect in effects] == [
        (Light, (False,)),
        (Show, (texts.WELCOME, ())),
        (Send, (False,)),
    ]


def test_with_a_key_that_types_nothing_a_number_of_full_length_is_taken_after_a_pause():
    for keys in ("#", "5", "#5"):
        story = Story()
        door = story.deposits(42)
        story.tell(events.KeysLeftOut(keys))
        for size in (8, 12):
            story.types(story.code(door, size))
            story.wait(4000)
            assert story.cabinet.mode == keypad.TYPING
            story.wait(1100)
            assert story.cabinet.mode == keypad.CHECKING
            effects = story.wait(3000)
            assert pulses(effects) == [door]
            story.opens(door)
            story.closes(door)
            story.wait(10_000)


def test_without_one_no_pause_takes_a_number_and_a_short_one_is_never_taken():
    story = Story()
    door = story.deposits(42)
    story.types(story.code(door))
    story.wait(19_000)
    assert story.cabinet.mode == keypad.TYPING
    story.wait(2000)
    assert story.cabinet.mode == keypad.IDLE
    story.tell(events.KeysLeftOut("#"))
    story.types(story.code(door)[:7])
    effects = story.wait(21_000)
    assert story.cabinet.mode == keypad.IDLE
    assert kinds(effects) == []


def test_the_screen_says_which_keys_are_broken_as_soon_as_it_has_nothing_else_to_say_and_until_they_work():
    story = Story()
    story.tell(events.KeysLeftOut("25"))
    assert story.text == texts.KEYS_LEFT_OUT
    story.rings()
    assert story.text == texts.BELL
    story.tell(events.KeysLeftOut("258"))
    assert story.text in (texts.BELL, texts.OFFLINE)
    story.host_acknowledges()
    story.wait(70_000)
    assert story.text == texts.KEYS_LEFT_OUT
    story.types("1")
    story.tell(events.KeysLeftOut(""))
    assert story.text == texts.ENTRY
    story.types("*")
    assert story.text == texts.WELCOME


def test_keys_that_find_no_room_on_the_screen_are_not_passed_over_in_silence():
    for keys, named in (("124578*0", "124578*0"), ("124578*03", "124578*03"), ("124578*036", "124578*0+")):
        effects = Story().tell(events.KeysLeftOut(keys))
        assert [effect.arguments for effect in effects if isinstance(effect, Show)] == [(named,)]
