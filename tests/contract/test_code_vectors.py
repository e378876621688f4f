"""The digits of tickets, codes and receipts are those that any third implementation derives;
the vectors were made with other libraries.
"""

from golden import cases, raw

from locker.contract import codes, tickets


def test_tickets_and_tails_are_those_of_the_golden_vectors():
    for case in cases("tickets.json"):
        key = tickets.ticket_key(raw(case["ticket_secret"]), case["generation"])
        site_id, serial = raw(case["site_id"]), case["serial"]
        assert key == raw(case["k_ticket"])
        assert tickets.keyed(raw(case["ticket_secret"]), case["generation"], False) == (key, codes.RULE)
        assert tickets.ticket(key, site_id, serial) == case["ticket"]
        assert tickets.tail(key, site_id, serial) == case["v"]
        assert tickets.is_low(key, site_id, serial) == case["low"]
        assert tickets.recorded(serial, case["generation"]) == case["recorded"]
        assert (case["tail"] is None) == (case["v"] >= codes.NO_TAIL)


def test_tickets_and_tails_of_a_site_that_is_older_than_generations_are_those_of_the_golden_vectors():
    for case in cases("old_tickets.json"):
        key, rule = tickets.keyed(raw(case["ticket_key"]), 0, True)
        site_id, serial = raw(case["site_id"]), case["serial"]
        assert tickets.ticket(key, site_id, serial) == case["ticket"]
        assert tickets.tail(key, site_id, serial, rule) == case["tail"]
        assert tickets.is_low(key, site_id, serial) == case["low"]
        assert tickets.check_ticket(key, site_id, case["ticket"], tickets.OLD_SERIALS) == serial
        assert tickets.recorded(serial, 0) == case["recorded"]


def test_pickup_and_duress_codes_are_those_of_the_golden_vectors():
    for case in cases("codes.json"):
        tail = codes.NO_TAIL + 37 if case["tail"] is None else case["tail"]
        terms = [case[name] for name in ("epoch", "door", "counter", "retry")] + [tail, case["rule"]]
        key, board_id = raw(case["k_code"]), raw(case["board_id"])
        assert codes.pickup_code(key, board_id, *terms) == case["pickup"]
        assert codes.duress_code(key, board_id, *terms) == (case["duress"] or case["pickup"])


def test_codes_of_staff_are_those_of_the_golden_vectors():
    for case in cases("staff_codes.json"):
        terms = [case[name] for name in ("epoch", "door", "counter", "arming")]
        assert (
            codes.staff_code(raw(case["k_code"]), case["label"].encode(), raw(case["board_id"]), *terms)
            == case["code"]
        )


def test_receipts_are_those_of_the_golden_vectors():
    for case in cases("receipts.json"):
        terms = [case[name] for name in ("epoch", "door", "counter", "serial", "retry")]
        assert codes.receipt_code(raw(case["k_receipt"]), raw(case["board_id"]), *terms) == case["receipt"]
