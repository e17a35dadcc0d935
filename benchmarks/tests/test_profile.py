"""What the profile's table says of a stack, and what the counts are compared to."""

import sys
import unittest
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BENCHMARKS / "profile"), str(BENCHMARKS / "micro")]

import counts  # noqa: E402
import fold  # noqa: E402
import kinds  # noqa: E402

LOOP = ["libc:start_thread", "StockLoop:LoopThread.run()"]
ANSWER = LOOP + ["StockRedis:RedisConnection.received(_:)", "StockHTTP:LoopFront.receive(_:)"]


class Parts(unittest.TestCase):
    def check(self, frames, part, column, thread="event loop"):
        self.assertEqual(kinds.part(thread, frames), part)
        self.assertEqual(kinds.column(frames), column)

    def test_kernel_by_its_system_call(self):
        send = ["libc:__send", "kernel:entry_SYSCALL_64_after_hwframe", "kernel:__x64_sys_sendto", "kernel:tcp_ack"]
        self.check(ANSWER + send, "kernel: write to clients", "code")
        read = ["libc:read", "kernel:entry_SYSCALL_64_after_hwframe", "kernel:ksys_read", "kernel:tcp_recvmsg"]
        self.check(LOOP + read, "kernel: read from clients", "code")
        redis = ["libc:__GI___libc_write", "kernel:ksys_write", "kernel:unix_stream_sendmsg"]
        self.check(LOOP + redis, "kernel: to and from Redis", "code")
        poll = ["libc:epoll_wait", "kernel:entry_SYSCALL_64_after_hwframe", "kernel:__x64_sys_epoll_wait"]
        self.check(LOOP + poll, "kernel: epoll", "code")

    def test_helpers_work_for_whoever_calls_them(self):
        submit = ANSWER + ["StockCore:ShardStateMachine.submit(_:ticket:now:)"]
        self.check(submit, "shard: decide", "code")
        self.check(submit + ["runtime:swift_retain"], "shard: decide", "references")
        self.check(submit + ["StockCore:outlined init with copy of Command"], "shard: decide", "copies")
        self.check(submit + ["runtime:swift_slowAlloc", "libc:malloc"], "shard: decide", "memory")
        self.check(ANSWER + ["NIOCore:ByteBuffer.writeBytes(_:)", "libc:__memmove_avx_unaligned"],
                   "front: connections and their order", "copies")

    def test_redis_and_the_rest(self):
        self.check(["redis:luaV_execute"], "redis-server: script and data", "code", "redis-server")
        self.check(["libc:write", "kernel:ksys_write"], "redis-server: kernel", "code", "redis-server")
        self.check(["[unknown]:[unknown]", "libc:malloc"], "unknown caller", "memory")


class Stacks(unittest.TestCase):
    TEXT = """stock-loop-0  4711/4712  26550.777885:     500250 cpu-clock:
\tffffffff8202b342 tcp_ack+0x22 ([kernel.kallsyms])
\t          f838f __GI___libc_write+0x4f (/usr/lib/x86_64-linux-gnu/libc.so.6)

redis-server  4800 26550.8: 500250 cpu-clock:
\t          a1b2c luaV_execute (/usr/bin/redis-check-rdb)
"""

    def test_samples_of_perf(self):
        found = list(fold.stacks(self.TEXT.splitlines(keepends=True)))
        self.assertEqual([thread for thread, _ in found], ["stock-loop-0", "redis-server"])
        self.assertEqual(found[0][1][1], ("__GI___libc_write", "/usr/lib/x86_64-linux-gnu/libc.so.6"))

    def test_module_of_a_symbol(self):
        self.assertEqual(fold.swift_module("StockCore.Journal.close() -> ()"), "StockCore")
        self.assertEqual(
            fold.swift_module("(extension in StockRedis):NIOCore.ByteBuffer.writeBulk(Swift.Int) -> ()"), "StockRedis")
        self.assertEqual(
            fold.swift_module("generic specialization <NIOPosix.X> of NIOCore.CircularBuffer.append(A) -> ()"), "NIOCore")


class Counts(unittest.TestCase):
    def test_worse(self):
        before = {"a": (100.0, 0.0, 2.0), "b": (100.0, 1.0, 2.0), "gone": (1.0, 0.0, 0.0)}
        now = {"a": (103.1, 0.0, 2.0), "b": (90.0, 1.5, 2.0), "new": (9.0, 9.0, 9.0)}
        worse = counts.worse(now, before, threshold=3)
        self.assertEqual([line.split(":")[0] for line in worse], ["a", "b", "gone"])
        self.assertEqual(counts.worse({"a": (102.9, 0.0, 9.0)}, {"a": before["a"]}, threshold=3), [])


if __name__ == "__main__":
    unittest.main()
