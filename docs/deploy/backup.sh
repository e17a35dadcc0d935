#!/usr/bin/env bash
# Copies the files of a running engine's own Redis, or of one that has stopped.
#
#   backup.sh DATA TARGET      DATA: the engine's data folder; TARGET: a folder that is not there yet
#   backup.sh --restore BACKUP DATA
#
# The copy is what Redis held at one moment between start and end: its file only grows while its
# rewriting is held back (https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/,
# "Backing up AOF persistence"). The engine goes on meanwhile. Restoring needs a stopped engine.
set -euo pipefail

fail() { echo "backup.sh: $*" >&2; exit 1; }

restore() {
  local backup=$1 data=$2
  [ -f "$backup/appendonlydir/appendonly.aof.manifest" ] || fail "$backup is no backup"
  [ ! -e "$data/appendonlydir" ] || fail "$data has data: move it away first"
  mkdir -p "$data"
  chmod 700 "$data"
  (cd "$backup/appendonlydir" && sha256sum --check --quiet ../SHA256SUMS) || fail "$backup is damaged"
  cp -a "$backup/appendonlydir" "$data/appendonlydir"
  sync "$data"/appendonlydir/*
  echo "restored; start the engine on $data, then: stock verify"
}

if [ "${1:-}" = --restore ]; then
  [ $# = 3 ] || fail "usage: backup.sh --restore BACKUP DATA"
  restore "$2" "$3"
  exit
fi

[ $# = 2 ] || fail "usage: backup.sh DATA TARGET"
data=$1
target=$2
socket=$data/redis.sock
[ -d "$data/appendonlydir" ] || fail "there is no $data/appendonlydir"
[ ! -e "$target" ] || fail "$target is there already"

redis() { redis-cli -s "$socket" "$@"; }

percentage=
give_back() {
  if [ -n "$percentage" ]; then
    redis CONFIG SET auto-aof-rewrite-percentage "$percentage" >/dev/null || true
  fi
  rm -rf "$target.part"
}
trap give_back EXIT

if [ -S "$socket" ] && redis PING >/dev/null 2>&1; then
  percentage=$(redis CONFIG GET auto-aof-rewrite-percentage | sed -n 2p)
  # A backup that was killed must not have left it so: then the usual value goes back in.
  if [ "$percentage" = 0 ]; then percentage=100; fi
  redis CONFIG SET auto-aof-rewrite-percentage 0 >/dev/null
  # Not grep -q: it would end before redis-cli has written all, which counts as a failure.
  while redis INFO persistence | grep -E '^aof_rewrite_(in_progress|scheduled):1' >/dev/null; do
    sleep 0.2
  done
fi

umask 077
mkdir -p "$target.part"
cp -a "$data/appendonlydir" "$target.part/appendonlydir"
(cd "$target.part/appendonlydir" && sha256sum -- * >../SHA256SUMS)
sync "$target.part"/appendonlydir/*
mv "$target.part" "$target"
du -sh "$target" | cut -f1 | xargs printf 'backed up %s\n'
