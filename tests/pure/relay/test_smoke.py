from tests.pure.relay.world import RelayWorld
def test_it():
    w=RelayWorld()
    a,b=w.online("Alice","Bob")
    print(a.frames,w.events)
    a.send(b,b"x",b"y")
    w.advance(1)
    assert b.bodies==[b"x",b"y"]
    assert len(a.accepted)==2
