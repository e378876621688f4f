/*
 * The two logs between a cabinet and its host, and the roll of the epoch: small enough for spin to try every order of every step.
 *
 * The board's journal goes to the host's ledger, the host's commands go to the board; each is applied once and in order, whatever is lost,
 * doubled, overtaken or crashes. Each line with `d_step` or `atomic` is one step of one end. Before and behind each step a crash may come,
 * any number of times: what is volatile is gone then. What is durable is written a record, or a transaction, at a time.
 *
 *   here                          in the code
 *   board: talk, urgent           firmware/locker/shell/link.py, Link._talk and Link.urgent
 *   at_board                      firmware/locker/shell/link.py, Link._receive
 *   write_effect, write_number    firmware/locker/core/orders.py, apply
 *   people                        firmware/locker/core/courier.py; Door.apply in core/state.py keeps the parcel's epoch
 *   at_host                       host_tools/host/connections/links.py, Links.hear and Links.answer
 *   take                          host_tools/host/fleet/ingest.py, take
 *   enter                         host_tools/host/fleet/batch.py, Batch.hear and Batch._apply
 *
 * Left out: the handshake and the seals (tests/wire), so a session is a conversation, and what is on its way ends with it; the end of the
 * ring (what is acknowledged may be erased, so it is judged when it is acknowledged; a backup is never older than the ring); what messages
 * say: a record never changes, so its number stands for it, and only records that arrive are looked at.
 *
 * tests/model/test_replication.py sets the bounds and chooses FAULTs that spin must find:
 *   DEPOSITS    parcels that people bring, whenever they like
 *   COMMANDS    orders that the operator gives, whenever he likes: 1 begins epoch 2, 2 takes a door out of service, 3 puts it back
 *   UP, DOWN    messages that are on their way to the host and to the board at most
 *   RESTORE     1: the host goes back to a backup, once, at any time
 *   CALM        1: the trouble ends at some time, for `converges`
 */

#ifndef FAULT
#define FAULT NONE
#endif
#define BEGIN_EPOCH 1
#define OUT (doing == 2)
#define RECORDS (2 * DEPOSITS + 4 * COMMANDS)

mtype = { REPORT, RESUME, EVENTS, ACK, COMMAND };                                        /* messages; URGENT is EVENTS of one record */
mtype = { DEPOSIT_STARTED, DEPOSITED, OUT_OF_SERVICE, EPOCH_BEGUN, COMMAND_APPLIED };  /* records */
mtype = { WAITING, DONE };                                                             /* orders in the command log */
mtype = { NONE, ACK_FIRST, EVENT_UNNUMBERED, COMMAND_UNNUMBERED, NUMBER_FIRST, EFFECT_AGAIN, EPOCH_FROM_COMMAND, EPOCH_AT_DEPOSITED,
	NUMBERED_BLINDLY, NUMBERED_WHEN_GIVEN, SAID_ONCE, HELD_IGNORED };

typedef Record { mtype kind; byte a; byte judged } /* judged: for the judge; the host never looks at it */
typedef Ledger { byte applied; byte entered; byte epoch = 1; byte parcel_epoch; mtype state[4]; byte number[4] } /* the latter by order */

/* The board, durable: its journal and what that folds to (State in core/state.py). */
Record journal[RECORDS + 1];
byte last, acknowledged, command, epoch = 1, parcel_epoch, deposits;
bool out, loading;
/* The board, volatile: its session, and the command that it carries out, as order and as number. */
bool reported, held, waiting;
byte doing, number;

/* The host, durable; then volatile: a REPORT was heard in this session; what the board applies next. */
Ledger ledger, backup;
bool backed_up, restored, served;
byte next_command;
byte from, count; /* what FAULT ACK_FIRST has yet to commit */

/* The line. In calm weather nothing is lost, nobody crashes, and nothing is said again before everything has arrived. */
chan up = [UP] of { mtype, byte, byte };
chan down = [DOWN] of { mtype, byte, byte };
bool calm;
#define late (!calm || timeout)

/* The judge: orders given; whose effect was written, which were carried out. */
byte orders;
bool changed[4], carried[4];

hidden byte n, k, x, y, x_, y_; /* scratch within a step */
hidden mtype kind, kind_;

/* What finds no room is lost. What is on its way already need not be there twice: a message may arrive and stay. */
inline say(line_, what, p, q)
{
	if
	:: full(line_)
	:: nfull(line_) -> if :: line_??[what, eval(p), eval(q)] :: !(line_??[what, eval(p), eval(q)]) -> line_!!what, p, q fi
	fi
}

/* Takes the younger of two messages. */
inline overtaken(line_) { line_?kind_, x_, y_; line_?kind, x, y; line_!!kind_, x_, y_ }

inline record(what, value, told) { last++; journal[last].kind = what; journal[last].a = value; journal[last].judged = told }

/* Orders are absolute: what is so already is not written again. */
inline write_effect()
{
	if
	:: doing == BEGIN_EPOCH && (epoch < 2 || FAULT == EFFECT_AGAIN) ->
		assert(!changed[doing]); /* no effect is doubled */
		changed[doing] = true; epoch = 2; record(EPOCH_BEGUN, epoch, 0)
	:: doing != BEGIN_EPOCH && out != OUT ->
		assert(!changed[doing]); /* no effect is doubled */
		changed[doing] = true; out = OUT; record(OUT_OF_SERVICE, out, 0)
	:: else
	fi;
	carried[doing] = true
}

inline write_number() { command = number; record(COMMAND_APPLIED, number, doing) }

inline at_board()
{
	assert(kind == COMMAND || x <= ledger.applied); /* no event is lost: what may be erased here is in the ledger */
	waiting = false;
	if
	:: kind == RESUME && !held ->
		held = true;
		if :: x > acknowledged || FAULT != HELD_IGNORED -> acknowledged = x :: else fi /* less than before when the ledger is an old one */
	:: kind == ACK && held && x > acknowledged -> acknowledged = x
	:: kind == COMMAND && (x == command + 1 || FAULT == COMMAND_UNNUMBERED) && last + 2 + 2 * (DEPOSITS - deposits) + loading <= RECORDS ->
		doing = y; number = x;
		if :: FAULT != NUMBER_FIRST -> write_effect() :: else -> write_number() fi
	:: else
	fi;
	reported = held
}

active proctype board()
{
end:	do
	/* talk: the REPORT opens a session, and is said again until it is answered; then the journal's tail, one or two records at a time */
	:: d_step { !doing && !reported -> reported = true; waiting = true; say(up, REPORT, command + 1, acknowledged * RESTORE) }
	:: atomic { FAULT != SAID_ONCE && !doing && reported && waiting && late -> waiting = false; reported = held }
	:: d_step { !doing && held && !waiting && acknowledged + 1 == last -> waiting = true; say(up, EVENTS, last, 1) }
	:: d_step { !doing && held && !waiting && acknowledged + 1 < last -> waiting = true; say(up, EVENTS, acknowledged + 1, 2) }
	/* urgent: a copy of the newest record, ahead of any backlog */
	:: d_step { !calm && !doing && reported && last -> say(up, EVENTS, last, 1) }
	/* hear: a message, perhaps not for the last time, perhaps not the oldest */
	:: d_step { !doing && nempty(down) -> down?kind, x, y; at_board() }
	:: d_step { !calm && !doing && nempty(down) -> down?kind, x, y; down!!kind, x, y; at_board() }
	:: d_step { !calm && !doing && len(down) == 2 -> overtaken(down); at_board() }
	:: d_step { !calm && !doing && len(down) == 2 -> overtaken(down); down!!kind, x, y; at_board() }
	/* apply: the second of its two records; the power may go between them */
	:: d_step { doing -> if :: FAULT != NUMBER_FIRST -> write_number() :: else -> write_effect() fi; doing = 0; number = 0 }
	od
}

active proctype people()
{
end:	do /* the epoch of a parcel's code is that in which its counter was reserved */
	:: d_step { !doing && !loading && deposits < DEPOSITS ->
		deposits++; loading = true; parcel_epoch = epoch; record(DEPOSIT_STARTED, 0, 0) }
	:: d_step { !doing && loading -> loading = false; record(DEPOSITED, 0, parcel_epoch); parcel_epoch = 0 }
	od
}

/* One record and all that follows from it. */
inline enter(event)
{
	ledger.applied = event; ledger.entered++;
	assert(ledger.entered == ledger.applied); /* each event once, none left out, in order */
	if
	:: journal[event].kind == DEPOSIT_STARTED -> ledger.parcel_epoch = ledger.epoch
	:: journal[event].kind == DEPOSITED ->
		if :: FAULT == EPOCH_AT_DEPOSITED -> ledger.parcel_epoch = ledger.epoch :: else fi;
		assert(ledger.parcel_epoch == journal[event].judged); /* the letter's code is the board's */
		ledger.parcel_epoch = 0
	:: journal[event].kind == EPOCH_BEGUN -> ledger.epoch = journal[event].a
	:: journal[event].kind == COMMAND_APPLIED ->
		if :: next_command && next_command <= journal[event].a -> next_command = journal[event].a + 1 :: else fi;
		for (k : 1 .. 3) {
			if
			:: ledger.state[k] == WAITING && ledger.number[k] == journal[event].a ->
				assert(k == journal[event].judged && carried[k]); /* what is called done was done, and was this order */
				ledger.state[k] = DONE
			:: else
			fi
		}
	:: else
	fi
}

/* One transaction: known numbers are dropped, behind a gap nothing is taken. */
inline take(first, many)
{
	n = first;
	do
	:: n < first + many && n <= ledger.applied && FAULT != EVENT_UNNUMBERED -> n++
	:: n < first + many && (n == ledger.applied + 1 || FAULT == EVENT_UNNUMBERED) -> enter(n); n++
	:: else -> break
	od
}

/* What FAULT NUMBERED_WHEN_GIVEN does when a report shows that the ledger is an old one. */
inline renumber() { for (k : 1 .. 3) { if :: ledger.state[k] == WAITING -> ledger.number[k] = 0 :: else fi } }

/* Hears, commits, answers: to be cut off between these is to lose the message or its answer, so it is one step. */
inline at_host()
{
	if
	:: kind == REPORT ->
		served = true; next_command = x;
		if :: FAULT == NUMBERED_WHEN_GIVEN && y > ledger.applied -> renumber() :: else fi;
		say(down, RESUME, ledger.applied, 0)
	:: kind == EVENTS && served && FAULT != ACK_FIRST -> take(x, y); say(down, ACK, ledger.applied, 0)
	:: kind == EVENTS && served && FAULT == ACK_FIRST -> from = x; count = y; say(down, ACK, x + y - 1, 0)
	:: else
	fi
}

#define asks(order) (served && ledger.state[order] == WAITING && (!ledger.number[order] || ledger.number[order] >= next_command))

/*
 * A command is said, and said again. Before it is said for the first time it gets its number, and that is durable: behind all numbers of
 * the log and behind all that the board has applied, which is more than the log knows when the ledger is an old one.
 */
inline say_command(order)
{
	if :: !ledger.number[order] -> number_it(order) :: else fi;
	say(down, COMMAND, ledger.number[order], order)
}

inline number_it(order)
{
	n = 0;
	for (k : 1 .. 3) { if :: ledger.number[k] > n -> n = ledger.number[k] :: else fi }
	if :: next_command > n + 1 && FAULT != NUMBERED_BLINDLY -> n = next_command - 1 :: else fi;
	ledger.number[order] = n + 1
}

active proctype host()
{
end:	do
	/* hear, as above */
	:: d_step { nempty(up) -> up?kind, x, y; at_host() }
	:: d_step { !calm && nempty(up) -> up?kind, x, y; up!!kind, x, y; at_host() }
	:: d_step { !calm && len(up) == 2 -> overtaken(up); at_host() }
	:: d_step { !calm && len(up) == 2 -> overtaken(up); up!!kind, x, y; at_host() }
	:: d_step { FAULT == ACK_FIRST && count -> take(from, count); from = 0; count = 0 }
	/* the operator gives an order; the oldest that is not done is said */
	:: d_step { orders < COMMANDS ->
		orders++; ledger.state[orders] = WAITING;
		if :: FAULT == EPOCH_FROM_COMMAND && orders == BEGIN_EPOCH -> ledger.epoch = 2 :: else fi;
		if :: FAULT == NUMBERED_WHEN_GIVEN -> number_it(orders) :: else fi; skip }
	:: atomic { asks(1) && late -> say_command(1) }
	:: atomic { asks(2) && !asks(1) && late -> say_command(2) }
	:: atomic { asks(3) && !asks(2) && !asks(1) && late -> say_command(3) }
	od
}

/* A session ends, and with it what is on its way and what each end knew of it. */
inline cut()
{
	do :: nempty(up) -> up?_, _, _ :: empty(up) -> break od;
	do :: nempty(down) -> down?_, _, _ :: empty(down) -> break od;
	reported = false; held = false; waiting = false; served = false; next_command = 0
}

inline copy_ledger(old, new)
{
	new.applied = old.applied; new.entered = old.entered; new.epoch = old.epoch; new.parcel_epoch = old.parcel_epoch;
	for (k : 1 .. 3) { new.number[k] = old.number[k]; new.state[k] = old.state[k] }
}

/* An old ledger cannot know that an order of its own was said since: it is said once more, and once more is no fault. */
inline pardon()
{
	for (k : 1 .. 3) { if :: ledger.state[k] == WAITING && !ledger.number[k] -> changed[k] = false :: else fi }
}

active proctype trouble()
{
end:	do
	/* a message is lost; the line is cut, or the host crashes; the board crashes */
	:: d_step { !calm && nempty(up) -> up?_, _, _ }
	:: d_step { !calm && len(up) == 2 -> overtaken(up) }
	:: d_step { !calm && nempty(down) -> down?_, _, _ }
	:: d_step { !calm && len(down) == 2 -> overtaken(down) }
	:: d_step { !calm -> cut(); from = 0; count = 0 }
	:: d_step { !calm -> cut(); doing = 0; number = 0 }
	/* a copy of the ledger is made at some time, and later the host has nothing else */
	:: d_step { RESTORE && !calm && !backed_up -> backed_up = true; copy_ledger(ledger, backup); skip }
	:: d_step { RESTORE && !calm && backed_up && !restored -> restored = true; copy_ledger(backup, ledger); cut(); pardon(); skip }
	/* the trouble ends */
	:: d_step { CALM && !calm -> calm = true }
	od
}

#define agreed (deposits == DEPOSITS && !loading && orders == COMMANDS && ledger.applied == last && acknowledged == last \
	&& ledger.epoch == epoch && ledger.state[1] != WAITING && ledger.state[2] != WAITING && ledger.state[3] != WAITING)

/* Whatever has happened: once the trouble has ended, everything arrives and both ends agree. */
ltl converges { [] (calm -> <> agreed) }
