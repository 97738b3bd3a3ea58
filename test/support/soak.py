"""Many requests and many sessions over one server, which must not grow."""

import json
import os
import time

import cacheprog
import server
from cacheprog import action_id, close_request, get_request, put_request

MIB = 1 << 20
BATCH = 50


class Soak(server.TestCase):
    def exchange(self, answers, peer, requests: list) -> list:
        peer.sendall(b"".join(requests))
        return [json.loads(answers.readline()) for _ in requests]

    def session(self, serving, first: int, count: int):
        """So many puts and gets, and a close."""
        with serving.dial() as peer, peer.makefile("rb") as answers:
            answers.readline()
            for at in range(first, first + count, BATCH):
                numbers = range(at, min(at + BATCH, first + count))
                # The same outputs come again and again, as in life.
                actions = [action_id(number % 5000) for number in numbers]
                bodies = [b"%d" % (number % 5000) * 100 for number in numbers]
                for answer in self.exchange(answers, peer, [put_request(2 * n + 1, action, body) for n, action, body
                                                            in zip(numbers, actions, bodies, strict=True)]):
                    self.assertNotIn("Err", answer)
                got = self.exchange(answers, peer, [get_request(2 * n + 2, action)
                                                    for n, action in zip(numbers, actions, strict=True)])
                sizes = {answer["ID"]: answer.get("Size") for answer in got}
                self.assertEqual(sizes, {2 * n + 2: len(body) for n, body in zip(numbers, bodies, strict=True)})
            [answer] = self.exchange(answers, peer, [close_request(2 * (first + count) + 3)])
            self.assertNotIn("Err", answer)
            self.assertEqual(answers.read(), b"")

    def measure(self, serving) -> tuple:
        """(bytes of memory, descriptors), once nothing is open."""
        before = None
        for _ in range(50):
            now = len(os.listdir(f"/proc/{serving.pid}/fd"))
            if now == before:
                break
            before = now
            time.sleep(0.2)
        return cacheprog.process_status(serving.pid, "VmRSS"), now

    def check(self, requests: int, sessions: int):
        """`requests` puts and gets in all."""
        serving = self.serve(f"--remote=file://{self.home}/remote", "--min-upload-size=1GB", "--http=0")
        each = requests // 2 // sessions
        warm_up = max(sessions // 5, 4)
        for number in range(warm_up):
            self.session(serving, number * each, each)
        server.at_once(8, lambda number: self.session(serving, number * each, each))
        memory, descriptors = self.measure(serving)
        start = time.monotonic()
        per_thread = sessions // 4

        def work(thread):
            for number in range(per_thread):
                self.session(serving, (thread * per_thread + number) * each, each)

        server.at_once(4, work)
        took = time.monotonic() - start
        memory_after, descriptors_after = self.measure(serving)
        print(f"{requests} puts and gets in {sessions} sessions, {took:.1f} s: {memory / MIB:.1f} MiB and {descriptors} "
              f"descriptors before, {memory_after / MIB:.1f} MiB and {descriptors_after} after")
        self.assertLess(memory_after - memory, 5_000_000)
        self.assertLessEqual(descriptors_after, descriptors)
        self.assertEqual(serving.stop(), 0)
