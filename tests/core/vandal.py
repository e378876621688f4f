"""Who makes life at a keypad hard, and the resident who comes after him. CPython's, for the properties."""

import english
from cabinet_script import Story

from locker.contract import records
from locker.core import effects, keypad, texts

KEY_MS = 200  # a person's pace
NOTICE_MS = 400
SPRING_MS = 90  # from the pulse to the contact
ANSWER_MS_MAX = 7000  # a person who has heard nothing for so long types again


class LivelyStory(Story):
    """Doors spring open by themselves when they are pulsed, unless someone leans on them."""

    def __init__(self, sizes="SSML", draw=lambda n: 0):
        self.leaning = False
        self._springs = []  # when, door
        self.granted = []  # doors, each time a code was right
        super().__init__(sizes, draw)

    def _perform(self, wanted):
        for effect in wanted:
            if type(effect) is effects.Unlock and not self.leaning:
                self._springs.append((self.now + SPRING_MS, effect.door))
            elif type(effect) is effects.Record and effect.kind == records.PICKUP_OPENED:
                self.granted.append(effect.door)
        super()._perform(wanted)
        self.effects.clear()
        return wanted

    def wait(self, ms):
        end = self.now + ms
        while self._springs and self._springs[0][0] <= end:
            at, door = self._springs.pop(0)
            super().wait(max(0, at - self.now))
            if self.closed[door]:
                self.opens(door)
        super().wait(end - self.now)
        return []


def full_house():
    """A cabinet with parcels behind the two small doors; nobody has used the keypad for a while."""
    story = LivelyStory()
    for serial in (1, 2):
        keys_with_answer(story, story.ticket(serial) + "#")
        story.tell_key("1")
        door = story.coil
        story.wait(SPRING_MS)
        story.puts(door)
        story.closes(door)
    story.wait(10_000)
    return story


def keys(story, text, gap_ms=20):
    """Types; the keypad is looked at every 20 ms."""
    for key in text:
        story.tell_key(key)
        story.wait(gap_ms)


def keys_with_answer(story, text):
    """Types and waits for the answer."""
    keys(story, text)
    while story.cabinet.mode == keypad.CHECKING:
        story.wait(story.wake - story.now)


def collects_within(story, door, patience_ms):
    """The resident types her code at her pace, and again when it was not heard;
    with the extra digits if the screen asks for them.

    Whether her door is open in so many ms.
    """
    came, digits = story.now, 8
    while story.now - came < patience_ms:
        story.text = None
        keys(story, story.code(door, digits) + "#", KEY_MS)
        asked = story.now
        while (
            story.closed[door]
            and story.now - asked < ANSWER_MS_MAX
            and story.text not in (texts.UNKNOWN, texts.LENGTH, texts.ALL_DIGITS)
        ):
            story.wait(20)
        if not story.closed[door]:
            return story.now - came <= patience_ms
        if story.text == texts.ALL_DIGITS:
            digits = 12
        story.wait(NOTICE_MS)
    return False


def read_catalogue_once(patch):
    """Saves opening the file of texts for each of a million screens."""
    words = english.catalogue()
    patch.setattr(english, "catalogue", lambda: words)
