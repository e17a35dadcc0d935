#!/usr/bin/env python3
"""Rebuilds the stock's counters from the ledger alone: an example of another program that reads the
streams `stock:{N}:log`. Python's standard library only.

    ledger.py unix:///path/to/redis.sock            prints product, location, quantity, reserved
    ledger.py redis://127.0.0.1:6379/0 --check      compares them with what the engine wrote beside it

--check is exact while the engine works: the last movements and the counters of a shard are read in one
transaction. It needs a ledger from which nothing has been cut off yet.

Exit codes: 0 done, 1 the ledger and the counters differ, 2 it could not be read.
"""

import argparse
import socket
import sys
from urllib.parse import unquote, urlsplit

FORMAT_VERSION = b"1"
STREAM_ENTRIES_A_PAGE = 1000


class RedisError(Exception):
    """An error reply, or no reply."""


class Redis:
    """A connection that speaks RESP2, as far as this program needs it."""

    def __init__(self, url):
        parts = urlsplit(url)
        try:
            if parts.scheme == "unix":
                self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self.socket.connect(unquote(parts.path))
                database = ""
            elif parts.scheme == "redis":
                address = (parts.hostname or "127.0.0.1", parts.port or 6379)
                self.socket = socket.create_connection(address)
                database = parts.path.strip("/")
            else:
                raise RedisError("the address must begin with redis:// or unix://")
        except OSError as error:
            raise RedisError(f"no connection to {url}: {error}") from error
        self.replies = self.socket.makefile("rb")
        if parts.password:
            user = [unquote(parts.username)] if parts.username else []
            self.call("AUTH", *user, unquote(parts.password))
        if database:
            self.call("SELECT", database)

    def call(self, *words):
        """Sends one command and returns its reply; an error reply is raised."""
        command = b"*%d\r\n" % len(words)
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            command += b"$%d\r\n%s\r\n" % (len(word), word)
        self.socket.sendall(command)
        reply = self.read()
        if isinstance(reply, RedisError):
            raise reply
        return reply

    def read(self):
        line = self.replies.readline()
        if not line.endswith(b"\r\n"):
            raise RedisError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return RedisError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.replies.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        raise RedisError(f"this is no reply of Redis: {line!r}")


class LedgerError(Exception):
    """The ledger is not what its format says."""


class Counters:
    """What the movements of one shard add up to."""

    def __init__(self, shard):
        self.shard = shard
        # (product, location) -> [quantity, reserved]
        self.held = {}
        # The number of the last movement, and the id of its stream entry.
        self.last = None
        self.last_id = None
        # Movements before this one have been cut off.
        self.first = None

    def add(self, entry):
        """Takes one entry of the stream: [id, [field, value, ...]]."""
        name, fields = entry
        values = dict(zip(fields[0::2], fields[1::2]))
        if values.get(b"v") != FORMAT_VERSION:
            raise LedgerError(f"shard {self.shard}: entry {name.decode()} has another format")
        lines = values[b"m"].decode().split("\n")
        # The id is "<number of the last movement>-<number of the commit>".
        last = int(name.split(b"-")[0])
        first = last - len(lines) + 1
        if self.last is None:
            self.first = first
        elif first != self.last + 1:
            raise LedgerError(
                f"shard {self.shard}: movement {first} comes after {self.last}: some are missing")
        self.last, self.last_id = last, name.decode()
        before = None
        for number, line in enumerate(lines, first):
            movement = line.split("\t")
            if before:
                # But for reason and reference, what is empty is as in the line before.
                movement[:11] = [new or old for new, old in zip(movement[:11], before)]
            self.move(number, movement)
            before = movement

    def move(self, number, movement):
        (_kind, _edges, product, _store, location, quantity_change, reserved_change,
         quantity_after, reserved_after, _actor, _time, _reason, _reference) = movement
        key = (int(product), location)
        if key not in self.held:
            # Where older movements were cut off, this one still says what there was before it.
            begins_here = self.first == 1
            self.held[key] = [0, 0] if begins_here else [
                int(quantity_after) - int(quantity_change),
                int(reserved_after) - int(reserved_change)]
        counters = self.held[key]
        counters[0] += int(quantity_change)
        counters[1] += int(reserved_change)
        if counters != [int(quantity_after), int(reserved_after)]:
            raise LedgerError(
                f"shard {self.shard}: movement {number} leads to {counters}, and says {movement}")


def read_ledger(redis, key, shard):
    counters = Counters(shard)
    while True:
        entries = redis.call("XRANGE", key, after(counters), "+", "COUNT", STREAM_ENTRIES_A_PAGE)
        for entry in entries:
            counters.add(entry)
        if len(entries) < STREAM_ENTRIES_A_PAGE:
            return counters


def after(counters):
    return "(" + counters.last_id if counters.last_id else "-"


def check(redis, namespace, counters):
    """The lines that say what differs from the shard's entries."""
    prefix = f"{namespace}:{{{counters.shard}}}:"
    # What was committed meanwhile, and the counters, at one moment.
    redis.call("MULTI")
    redis.call("XRANGE", prefix + "log", after(counters), "+")
    redis.call("HGETALL", prefix + "entries")
    redis.call("HGET", prefix + "meta", "movements")
    newer, fields, total = redis.call("EXEC")
    for entry in newer:
        counters.add(entry)
    differences = []
    if counters.last is not None and counters.first != 1:
        differences.append(f"the ledger begins with movement {counters.first}: it was cut off")
    if int(total or 0) != (counters.last or 0):
        differences.append(f"the ledger ends with movement {counters.last}, not {int(total or 0)}")
    entries = {}
    for record in fields[1::2]:
        # AVAILABLE RESERVED VERSION PRODUCT CREATED UPDATED GTIN LOCATION
        available, reserved, _version, product, _created, _updated, _gtin, location = (
            record.decode().split(" ", 7))
        entries[int(product), location] = [int(available) + int(reserved), int(reserved)]
    for key in sorted(entries.keys() | counters.held.keys()):
        # An entry that is not there, or that nothing ever moved, has nothing.
        told, is_held = counters.held.get(key, [0, 0]), entries.get(key, [0, 0])
        if told != is_held:
            differences.append(
                f"product {key[0]} at {key[1]}: the ledger says {told[0]} with {told[1]} reserved, "
                f"the entry {is_held[0]} with {is_held[1]}")
    return [f"shard {counters.shard}: {line}" for line in differences], len(entries)


def main():
    parser = argparse.ArgumentParser(description="Rebuilds the stock's counters from the ledger.")
    parser.add_argument("url", help="redis://[user:password@]host:port/db or unix:///path")
    parser.add_argument("--namespace", default="stock")
    parser.add_argument("--check", action="store_true", help="compare with the entries")
    options = parser.parse_args()

    redis = Redis(options.url)
    shards = redis.call("HGET", f"{options.namespace}:manifest", "shards")
    if shards is None:
        raise RedisError(f"there is no namespace {options.namespace}")
    movements, entries, differences = 0, 0, []
    for shard in range(int(shards)):
        counters = read_ledger(redis, f"{options.namespace}:{{{shard}}}:log", shard)
        if options.check:
            found, count = check(redis, options.namespace, counters)
            differences += found
            entries += count
        else:
            for (product, location), (quantity, reserved) in sorted(counters.held.items()):
                print(f"{product}\t{location}\t{quantity}\t{reserved}")
        movements += counters.last or 0
    for line in differences:
        print(line)
    if options.check and not differences:
        print(f"{entries} entries are what {movements} movements add up to")
    return 1 if differences else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RedisError, LedgerError) as error:
        print(f"ledger.py: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
