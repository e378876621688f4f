"""Theorem: G guesses during a parcel's stay open its door with a probability of 2*10/10^8 + 2*(G-10)/10^12.

The first 10 guesses are of 8 digits, the others of 12, and each time two entries would open: the code and the
duress code. At these lengths nobody lives to see a hit, so the cabinet's own code runs on a model with 3 + 2
digits: codes from the same MAC, the same tables.

Guesses are made at the keypad's table, without the time and the keys between them;
a smaller run shows that with both it is the same.
"""

import random
from functools import lru_cache
from itertools import count

import pytest
from cabinet_script import Story, numbered, parcel_code, parcel_duress, present, tail_of

from locker.contract import codes, mac, records, tickets
from locker.core import effects, keypad, keypad_events, state, texts
from locker.core.cabinet import Cabinet

DOOR = 1
SHORT_GUESSES = 10  # of a parcel, before its door asks for all digits
SHORT_ENTRIES = 10**3
LONG_ENTRIES = 10**5
CHI_SQUARE_MAX = 18.42  # two degrees of freedom: a true formula is refused once in 10,000 seeds
DAY_MS = 86_400_000


def chance(guesses, short_entries=10**8, long_entries=10**12):
    """The formula."""
    return 2 * SHORT_GUESSES / short_entries + 2 * (guesses - SHORT_GUESSES) / long_entries


def pickup_digits_of_five(key, board_id, epoch, door, counter, retry, tail, _rule):
    """As codes.pickup_digits, with the tail in the place of the last two of three digits."""
    code = codes.code_digits(key, b"pin", board_id, epoch, door, counter, retry)
    duress, beside = (code[:1] + b"%02d" % (number % 100) + code[3:] for number in (tail, tail + 1))
    return beside if code == duress else code, duress


@pytest.fixture
def model(monkeypatch):
    """Codes of 3 + 2 digits: the long ones modulo 10^5,
    with the safe tail in the place of the last two of the 3.
    """
    code_digits = codes.code_digits
    # What is derived for one parcel is the same for each guess.
    remember = lru_cache(8)
    monkeypatch.setattr(codes, "code_digits", remember(lambda *parcel: code_digits(*parcel)[-5:]))
    monkeypatch.setattr(codes, "pickup_digits", remember(pickup_digits_of_five))
    monkeypatch.setattr(tickets, "tail", remember(tickets.tail))
    monkeypatch.setattr(mac, "hmac_sha256", remember(mac.hmac_sha256))
    monkeypatch.setattr(keypad, "_SHORT_DIGITS", 5)
    monkeypatch.setattr(keypad, "_LONG_DIGITS", 7)
    monkeypatch.setattr(keypad, "_LENGTHS", (9, 5, 7))


class Parcel:
    """What opens the door: door and PIN, by their lengths."""

    def __init__(self, counter, serial):
        self.counter = counter
        self.serial = serial
        code, duress = parcel_code(DOOR, counter, serial), parcel_duress(DOOR, counter, serial)
        self.right = {f"{DOOR:02}{pin[:digits]}" for pin in (code, duress) for digits in (3, 5)}

    def has_a_duress_code(self):
        """False where the ticket has no safe tail."""
        return tail_of(self.serial) < codes.NO_TAIL


def parcels():
    """One parcel after the other, each with codes of its own."""
    return (
        parcel
        for parcel in (Parcel(counter, counter % 1000) for counter in count(1))
        if parcel.has_a_duress_code()
    )


def holding(parcel):
    """A cabinet of one door with that parcel in it, as its journal says."""
    folded = state.State((DOOR,))
    for kind in (records.DEPOSIT_STARTED, records.DEPOSITED):
        folded.apply(records.Record(kind, DOOR, 1, 1, 0, parcel.serial, parcel.counter))
    cabinet = Cabinet(numbered("S"), present, folded, lambda serial: True, lambda n: 0)
    cabinet.rekey()
    return cabinet


def answered(cabinet, typed):
    """The records that an entry makes, from `#` to the answer."""
    cabinet.effects = []
    cabinet.mode, cabinet.typed = keypad.TYPING, typed
    cabinet.transition(keypad_events.HASH)
    cabinet.transition(keypad_events.TIMEOUT)
    return [effect for effect in cabinet.effects if type(effect) is effects.Record]


def opens(made):
    return any(record.kind == records.PICKUP_OPENED for record in made)


def guesses_of(rng, long_guesses):
    """What a vandal types who knows the lengths and tries nothing twice."""
    short = rng.sample(range(SHORT_ENTRIES), SHORT_GUESSES)
    long = rng.sample(range(LONG_ENTRIES), long_guesses)
    return [f"{DOOR:02}{pin:03}" for pin in short] + [f"{DOOR:02}{pin:05}" for pin in long]


def first_hit(cabinet, guesses):
    """How many guesses it takes to open the door, 0 when they do not."""
    for number, typed in enumerate(guesses, 1):
        if opens(answered(cabinet, typed)):
            return number
    return 0


def check_chances(stays, long_guesses, seed):
    """Plays so many stays, and compares the hits of the short and of the long guesses with the formula."""
    rng = random.Random(seed)
    hits = [
        first_hit(holding(parcel), guesses_of(rng, long_guesses))
        for _, parcel in zip(range(stays), parcels(), strict=False)
    ]
    short_hits = sum(0 < hit <= SHORT_GUESSES for hit in hits)
    long_hits = sum(hit > SHORT_GUESSES for hit in hits)
    short_chance = chance(SHORT_GUESSES, SHORT_ENTRIES, LONG_ENTRIES)
    long_chance = chance(SHORT_GUESSES + long_guesses, SHORT_ENTRIES, LONG_ENTRIES) - short_chance
    chi_square = 0
    for found, tries, probability in (
        (short_hits, stays, short_chance),
        (long_hits, stays - short_hits, long_chance),
    ):
        chi_square += (found - tries * probability) ** 2 / (tries * probability * (1 - probability))
    assert chi_square < CHI_SQUARE_MAX, (
        short_hits,
        stays * short_chance,
        long_hits,
        (stays - short_hits) * long_chance,
    )
    return stays * chance(SHORT_GUESSES + long_guesses, SHORT_ENTRIES, LONG_ENTRIES), sum(
        hit or SHORT_GUESSES + long_guesses for hit in hits
    )


def test_a_vandal_opens_doors_as_often_as_the_formula_says(model):
    expected_hits, guesses = check_chances(50_000, 11, seed=20)
    assert expected_hits >= 1000
    assert guesses >= 1_000_000


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2))
def test_a_vandal_with_more_patience_opens_doors_as_often_as_the_formula_says(model, seed):
    expected_hits, guesses = check_chances(25_000, 1000, seed)
    assert expected_hits >= 1000
    assert guesses >= 20_000_000


def test_of_all_entries_only_the_code_and_the_duress_code_open(model):
    for _, parcel in zip(range(2), parcels(), strict=False):
        for number in range(SHORT_ENTRIES):
            typed = f"{DOOR:02}{number:03}"
            assert opens(answered(holding(parcel), typed)) == (typed in parcel.right)
        cabinet = holding(parcel)
        cabinet.doors[DOOR].failures = SHORT_GUESSES
        for number in range(SHORT_ENTRIES):
            assert not opens(answered(cabinet, f"{DOOR:02}{number:03}")), "all digits were asked for"
        for number in range(LONG_ENTRIES):
            typed = f"{DOOR:02}{number:05}"
            assert opens(answered(cabinet, typed)) == (typed in parcel.right)


def typed_at(story, typed):
    """The records and the text that an entry makes at a keypad."""
    wanted = story.asks(typed + "#")
    story.effects.clear()
    return [effect for effect in wanted if type(effect) is effects.Record], story.text


def typed_at_the_table(cabinet, typed):
    made = answered(cabinet, typed)
    return made, [effect.text for effect in cabinet.effects if type(effect) is effects.Show][-1]


def test_guessing_at_the_table_is_guessing_at_the_keypad(model):
    rng = random.Random(7)
    story = Story("S")
    hits = 0
    for _, parcel in zip(range(150), parcels(), strict=False):
        story.occupied[DOOR] = True
        for kind in (records.DEPOSIT_STARTED, records.DEPOSITED):
            story.log.append(records.Record(kind, DOOR, 1, 1, 0, parcel.serial, parcel.counter))
        story.power_on()
        cabinet = holding(parcel)
        guesses = guesses_of(rng, 5)
        guesses.insert(rng.randrange(16), rng.choice(sorted(parcel.right)))
        for typed in guesses:
            at_the_keypad, text = typed_at(story, typed)
            at_the_table, same_text = typed_at_the_table(cabinet, typed)
            assert (at_the_keypad[: len(at_the_table)], text) == (at_the_table, same_text), typed
            if opens(at_the_table):
                hits += 1
                break
    assert 75 < hits < 150


def attack_for(days):
    """Days of a vandal who types in no time and never rests;
    how much of it was compared, by the day, and the last interval.
    """
    story = Story("S")
    story.deposits()
    arrived = answered_at = story.now
    wrong = {digits: story.wrong(DOOR, digits) + "#" for digits in (8, 12)}
    compared, by_day, interval_ms = 0, [], 0
    while len(by_day) < days:
        for key in wrong[8 if compared < SHORT_GUESSES else 12]:
            story.tell_key(key)
        while story.cabinet.mode == keypad.CHECKING:
            story.wait(story.wake - story.now)
        assert story.text == texts.UNKNOWN
        compared += 1
        story.effects.clear()
        interval_ms, answered_at = story.now - answered_at, story.now
        if story.now - arrived >= (len(by_day) + 1) * DAY_MS:
            by_day.append(compared)
    return by_day, interval_ms


def test_what_is_promised_follows_from_the_floors_of_the_throttle():
    """Two days are lived through; five more go on as the second did."""
    (first, second), interval_ms = attack_for(2)
    assert interval_ms == 5000
    assert second - first == DAY_MS // interval_ms
    assert f"{chance(second):.1e}" == "2.7e-07"
    assert f"{chance(second + 5 * (second - first)):.1e}" == "4.4e-07"


@pytest.mark.soak
def test_what_is_promised_for_seven_days_holds_on_the_seventh():
    by_day, _ = attack_for(7)
    assert f"{chance(by_day[6]):.1e}" == "4.4e-07"
