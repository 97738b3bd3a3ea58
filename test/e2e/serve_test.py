"""A server for the sessions of many go commands: what they share, and what none of them can do to another."""

import contextlib
import json
import os
import signal
import socket
import stat
import unittest

import cache_folder
import server
from cacheprog import PROGRAM, action_id, close_request, get_request, put_request
from object_server import KEYS, ObjectServer

BODY = b"what a compiler wrote"


class Sessions(server.TestCase):
    def test_are_answered_as_without_a_server(self):
        with self.serve() as serving:
            client = self.connect(serving)
            self.assertEqual(client.answer(0), {"ID": 0, "KnownCommands": ["get", "put", "close"]})
            self.assert_miss(client.get(action_id(1)))
            self.assert_stored(client.put(action_id(1), BODY), BODY)
            self.assert_stored(client.put(action_id(2), b""), b"")
            self.assert_hit(client.get(action_id(1)), BODY)
            self.assert_well_ended(client, client.close())
            other = self.connect(serving)
            self.assert_hit(other.get(action_id(1)), BODY)
            self.assert_well_ended(other, other.end())
            self.assertEqual(serving.stop(), 0)
        self.assertEqual(cache_folder.strangers(self.folder), [])

    def test_end_with_the_input_at_every_byte(self):
        session = b"".join((get_request(1, action_id("a")), put_request(2, action_id("a"), BODY),
                            put_request(3, action_id("empty"), b""), close_request(4)))
        serving = self.serve(plugin=f"unix:{self.home}/sock")
        for size in range(0, len(session), 3):
            with self.subTest(size):
                client = self.connect(serving)
                client.answer(0)
                client.send(session[:size])
                self.assert_well_ended(client, client.end())
        self.assertEqual(serving.stop(), 0)
        self.assertEqual(cache_folder.strangers(self.folder), [])
        self.assertEqual(cache_folder.untruths(self.folder), [])

    def test_side_by_side(self):
        serving = self.serve()

        def work(number):
            client = self.connect(serving)
            for step in range(30):
                self.assert_stored(client.put(action_id((number, step)), BODY * step), BODY * step)
                self.assert_hit(client.get(action_id((number, step))), BODY * step)
            self.assert_well_ended(client, client.close())

        server.at_once(16, work)
        self.assertEqual(serving.stop(), 0)

    def test_need_no_bridge_of_ours(self):
        serving = self.serve()
        with serving.dial() as peer, peer.makefile("rb") as answers:
            self.assertIn("KnownCommands", json.loads(answers.readline()))
            peer.sendall(put_request(1, action_id(1), BODY) + get_request(2, action_id(1)) + close_request(3))
            got = [json.loads(answers.readline()) for _ in range(3)]
            self.assertEqual([answer["ID"] for answer in got], [1, 2, 3])
            self.assert_hit(got[1], BODY)
            self.assertEqual(answers.read(), b"")

    def test_of_strangers_are_hung_up(self):
        serving = self.serve()
        for opening in (b"gopouch 2 " + b"0" * 140, b"gopouch 1 " + b"x" * 130, b"GET / HTTP/1.1\r\n\r\n", b"\0" * 400):
            with self.subTest(opening), serving.dial() as peer, peer.makefile("rb") as answers:
                answers.readline()
                with contextlib.suppress(OSError):
                    peer.sendall(opening)
                    peer.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionError):
                    self.assertEqual(answers.read(), b"")
        client = self.connect(serving)
        self.assert_miss(client.get(action_id(1)))
        self.assert_well_ended(client, client.close())

    def test_that_vanish_in_a_body_harm_nobody(self):
        serving = self.serve()
        other = self.connect(serving)
        data = put_request(1, action_id(1), os.urandom(3_000_000))
        for size in (200, 1000, 70_000, 3_000_000):
            client = self.connect(serving)
            client.answer(0)
            client.send(data[:size])
            client.signal(signal.SIGKILL)
            client.wait()
            self.assert_miss(other.get(action_id(1)))
        self.assert_well_ended(other, other.close())
        self.assertEqual(serving.stop(), 0)
        self.assertEqual(cache_folder.strangers(self.folder), [])


class Remote(server.TestCase):
    def test_gives_two_sessions_what_they_want_once(self):
        store = self.enterContext(ObjectServer())
        options = (f"--remote={store.remote}", "--prefetch=off", "--flush=wait")
        bodies = {number: os.urandom(50_000) for number in range(20)}
        writer = self.start(*options, variables=KEYS)
        for number, body in bodies.items():
            self.assert_stored(writer.put(action_id(number), body), body)
        self.assert_well_ended(writer, writer.close())

        self.folder = self.home / "fresh"
        store.requests.clear()
        store.delay = 0.05
        serving = self.serve(*options, variables=KEYS)

        def work(_):
            client = self.connect(serving)
            for number, body in bodies.items():
                self.assert_hit(client.get(action_id(number)), body)
            self.assert_well_ended(client, client.close())

        server.at_once(8, work)
        gets = [request for request in store.requests if request.startswith("GET ")]
        self.assertEqual(len(gets), len(bodies), gets)

    def test_may_be_several(self):
        first, second = self.home / "first", self.home / "second"
        writer = self.start(f"--remote=file://{second}", "--flush=wait")
        self.assert_stored(writer.put(action_id(1), BODY), BODY)
        self.assert_well_ended(writer, writer.close())
        self.folder = self.home / "fresh"
        serving = self.serve(f"--remote=file://{first}", f"--remote=file://{second}?mode=ro", "--flush=wait")
        client = self.connect(serving)
        self.assert_hit(client.get(action_id(1)), BODY)
        self.assert_stored(client.put(action_id(2), BODY), BODY)
        self.assert_well_ended(client, client.close())
        self.assertEqual(serving.stop(), 0)
        # Filled upward, and written to what may be written.
        self.assertEqual(len(list((second / "v1/e").iterdir())), 1)
        self.folder = self.home / "third"
        alone = self.connect(self.serve(f"--remote=file://{first}"))
        for number in (1, 2):
            self.assert_hit(alone.get(action_id(number)), BODY)
        self.assert_well_ended(alone, alone.close())

    def test_has_everything_when_a_close_is_answered(self):
        serving = self.serve(f"--remote=file://{self.home}/remote", "--flush=wait")
        client = self.connect(serving)
        for number in range(20):
            self.assert_stored(client.put(action_id(number), BODY), BODY)
        self.assert_well_ended(client, client.close())
        self.assertEqual(len(list((self.home / "remote/v1/e").iterdir())), 20)

    def test_has_everything_when_the_server_ends(self):
        serving = self.serve(f"--remote=file://{self.home}/remote", "--flush=background")
        client = self.connect(serving)
        for number in range(20):
            self.assert_stored(client.put(action_id(number), BODY), BODY)
        client.signal(signal.SIGKILL)
        self.assertEqual(serving.stop(), 0)
        self.assertEqual(len(list((self.home / "remote/v1/e").iterdir())), 20)


class Places(server.TestCase):
    def test_a_socket_is_its_owners_alone(self):
        path = self.home / "sock"
        serving = self.serve(plugin=f"unix:{path}")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(serving.stop(), 0)
        self.assertFalse(path.exists())

    def test_a_socket_that_was_left_over_is_replaced(self):
        path = self.home / "sock"
        self.serve(plugin=f"unix:{path}").kill()
        self.assertTrue(path.exists())
        serving = self.serve(plugin=f"unix:{path}")
        with self.assertRaisesRegex(AssertionError, "Address already in use"):
            self.serve(plugin=f"unix:{path}")
        client = self.connect(serving)
        self.assert_miss(client.get(action_id(1)))
        self.assert_well_ended(client, client.close())

    def test_a_file_is_not_replaced(self):
        path = self.home / "sock"
        path.write_text("precious")
        with self.assertRaisesRegex(AssertionError, "Address already in use"):
            self.serve(plugin=f"unix:{path}")
        self.assertEqual(path.read_text(), "precious")

    def test_other_machines_are_not_let_in_by_accident(self):
        for place in ("0.0.0.0:0", ":0", "[::]:0"):
            with self.subTest(place), self.assertRaisesRegex(AssertionError, "--allow-remote-plugin"):
                self.serve(plugin=place)
        self.assertEqual(self.serve("--allow-remote-plugin", plugin="0.0.0.0:0").stop(), 0)

    def test_go_by_the_names_of_go_cache_plugin(self):
        serving = self.enterContext(server.Server(self.folder, self.home, plugin=None,
                                                  variables={"GOCACHE_PLUGIN": "0"}))
        serving.plugin = serving.place("sessions at ")
        port = serving.plugin.rsplit(":", 1)[1]
        client = self.start(command=(PROGRAM, "connect", port))
        self.assert_miss(client.get(action_id(1)))
        self.assert_well_ended(client, client.close())


class WithoutServer(server.TestCase):
    def test_a_client_goes_on_alone_and_says_so(self):
        client = self.start(command=(PROGRAM, "connect", f"unix:{self.home}/none"))
        self.assert_stored(client.put(action_id(1), BODY), BODY)
        self.assert_hit(client.get(action_id(1)), BODY)
        self.assertEqual(client.close(), 0)
        self.assertRegex(client.stderr(), r"^gopouch: unix:.*none: No such file or directory; "
                                          r"going on without the server\n$")

    def test_a_client_that_may_not_fails(self):
        client = self.start(command=(PROGRAM, "connect", f"unix:{self.home}/none", "--no-fallback"))
        self.assertEqual(client.wait(), 1)
        self.assertTrue(client.wait_ended())
        self.assertIsNone(client.hello)
        self.assertEqual(len(client.stderr().splitlines()), 1)

    def test_whoever_does_not_speak_the_protocol_is_none(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            client = self.start(command=(PROGRAM, "connect", str(silent.getsockname()[1])))
            self.assert_stored(client.put(action_id(1), BODY), BODY)
            self.assertEqual(client.close(), 0)


class ServerGone(server.TestCase):
    """go would take the end of the answers for a failed build."""

    def check_taken_over(self, cut_at, *, kill=True):
        serving = self.serve()
        client = self.connect(serving)
        self.assert_stored(client.put(action_id("before"), BODY), BODY)
        body = os.urandom(300_000)
        data = (get_request(1, action_id("before")) + get_request(2, action_id("none")) +
                put_request(3, action_id("middle"), body) + get_request(4, action_id("before")))
        serving.signal(signal.SIGSTOP)
        client.send(data[:cut_at])
        if kill:
            serving.kill()
        else:
            serving.signal(signal.SIGTERM)
            serving.signal(signal.SIGCONT)
        client.send(data[cut_at:])
        self.assert_hit(client.answer(1), BODY)
        self.assert_miss(client.answer(2))
        self.assert_stored(client.answer(3), body)
        self.assert_hit(client.answer(4), BODY)
        self.assert_hit(client.get(action_id("middle")), body)
        self.assertEqual((client.close(), client.faults), (0, []))
        self.assertRegex(client.stderr(), r"^gopouch: the server has gone; going on without the server\n$")

    def test_in_the_middle_of_anything(self):
        for cut_at in (0, 10, 100, 150, 350, 100_000):
            with self.subTest(cut_at):
                self.folder = self.home / str(cut_at)
                self.check_taken_over(cut_at)

    def test_a_put_too_large_to_keep_is_refused(self):
        serving = self.serve()
        client = self.connect(serving)
        client.answer(0)
        body = os.urandom(12_000_000)
        data = put_request(1, action_id(1), body)
        client.send(data[:11_000_000])
        serving.kill()
        client.send(data[11_000_000:])
        self.assert_refused(client.answer(1))
        self.assert_stored(client.put(action_id(2), BODY), BODY)
        self.assertEqual((client.close(), client.faults), (0, []))

    def test_that_ends_by_itself_lets_sessions_go_on_alone(self):
        serving = self.serve()
        client = self.connect(serving)
        self.assert_stored(client.put(action_id(1), BODY), BODY)
        self.assertEqual(serving.stop(), 0)
        self.assert_hit(client.get(action_id(1)), BODY)
        self.assertEqual((client.close(), client.faults), (0, []))


if __name__ == "__main__":
    unittest.main()
