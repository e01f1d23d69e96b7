from securechat.transport.admission import Admission, Limits, Ticket


def admit(admission: Admission, host: str = "a", now: float = 0.0) -> Ticket:
    ticket = admission.admit(host, now)
    assert ticket is not None
    return ticket


def track(ticket: Ticket, evicted: list[Ticket]) -> Ticket:
    def evict() -> None:
        evicted.append(ticket)
        ticket.leave()

    ticket.evict = evict
    return ticket


def test_beyond_max_connections_nobody_gets_in() -> None:
    admission = Admission(Limits(max_connections=2))
    first = admit(admission)
    first.authenticated()
    admit(admission).authenticated()
    assert admission.admit("b", 100.0) is None
    first.leave()
    admit(admission, "b")


def test_at_the_cap_of_strangers_the_oldest_makes_room() -> None:
    admission = Admission(Limits(max_unauthenticated=2, fair_chance_s=1.0))
    evicted: list[Ticket] = []
    first = track(admit(admission, "a", 0.0), evicted)
    track(admit(admission, "b", 0.5), evicted)
    assert not admission.has_room(0.9)
    assert admission.has_room(1.0)
    track(admit(admission, "c", 1.0), evicted)
    assert evicted == [first]
    assert admission.connections == 2


def test_authenticated_ones_are_not_evicted_and_do_not_count() -> None:
    admission = Admission(Limits(max_unauthenticated=1, max_per_address=1, fair_chance_s=0.0))
    evicted: list[Ticket] = []
    for now in range(5):
        track(admit(admission, "a", float(now)), evicted).authenticated()
        assert admission.has_room(float(now))
    assert evicted == []
    assert admission.connections == 5


def test_an_address_at_its_cap_evicts_its_own_oldest_only() -> None:
    admission = Admission(Limits(max_per_address=2, fair_chance_s=1.0))
    evicted: list[Ticket] = []
    track(admit(admission, "other", 0.0), evicted)
    first = track(admit(admission, "a", 0.0), evicted)
    second = track(admit(admission, "a", 0.1), evicted)
    assert admission.admit("a", 0.9) is None
    track(admit(admission, "a", 1.0), evicted)
    assert evicted == [first]
    track(admit(admission, "a", 1.1), evicted)
    assert evicted == [first, second]


def test_leaving_gives_every_place_back() -> None:
    admission = Admission(Limits(max_connections=3, max_unauthenticated=3, max_per_address=1))
    for now in range(10):
        ticket = admit(admission, "a", float(now))
        if now % 2:
            ticket.authenticated()
        ticket.leave()
    assert admission.connections == 0
    assert admission.has_room(0.0)


def test_logging_in_twice_changes_nothing() -> None:
    admission = Admission(Limits(max_per_address=1))
    ticket = admit(admission)
    ticket.authenticated()
    other = admit(admission)
    ticket.authenticated()
    assert admission.admit("a", 0.0) is None
    other.leave()
    admit(admission)


def test_room_is_made_by_the_oldest_stranger_who_has_had_a_chance() -> None:
    admission = Admission(Limits(fair_chance_s=1.0))
    evicted: list[Ticket] = []
    track(admit(admission, "member", 0.0), evicted).authenticated()
    assert not admission.make_room(100.0)
    first = track(admit(admission, "a", 100.0), evicted)
    track(admit(admission, "b", 100.0), evicted)
    assert not admission.make_room(100.9)
    assert admission.make_room(101.0)
    assert evicted == [first]
    assert admission.connections == 2


def test_while_others_get_on_the_chance_is_longer() -> None:
    admission = Admission(Limits(max_unauthenticated=2, fair_chance_s=0.5, crowd_chance_s=2.0))
    evicted: list[Ticket] = []
    slow = track(admit(admission, "slow", 0.0), evicted)
    for number in range(15):
        now = number / 10
        quick = track(admit(admission, "quick", now), evicted)
        assert admission.has_room(now) is False
        quick.got_on()
        quick.leave()
    track(admit(admission, "silent", 1.5), evicted)
    assert not admission.has_room(1.5)
    assert admission.has_room(1.7)
    assert evicted == []
    track(admit(admission, "next", 1.7), evicted)
    assert evicted == [slow]


def test_the_longer_chance_has_an_end() -> None:
    admission = Admission(Limits(max_unauthenticated=1, fair_chance_s=0.5, crowd_chance_s=2.0))
    silent = admit(admission, "silent", 0.0)
    silent.got_on()
    assert not admission.has_room(1.9)
    silent.got_on()
    assert admission.has_room(2.0)
