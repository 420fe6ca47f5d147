#!/usr/bin/env bash
# Records redis.trace.xz anew: redis-server with I/O threads and lazy freeing, under a mixed load.
#
#   bazel build -c opt //stress/recorder:libashlar_recorder.so
#   stress/traces/record_redis.sh bazel-bin/stress/recorder/libashlar_recorder.so OUT.trace.xz
#
# Needs the Debian packages redis-server, redis-tools and xz-utils. Takes half a minute. No two
# recordings are alike.
set -euo pipefail

recorder=$(realpath "$1")
out=$(realpath "$2")
port=7399
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

ASHLAR_TRACE=$work/redis.trace LD_PRELOAD=$recorder redis-server --port "$port" \
  --save "" --appendonly no --io-threads 4 --io-threads-do-reads yes \
  --lazyfree-lazy-user-del yes --lazyfree-lazy-user-flush yes \
  --lazyfree-lazy-server-del yes --lazyfree-lazy-expire yes >server.log &
server=$!
until redis-cli -p "$port" ping >ping.log 2>&1; do sleep 0.1; done

load() { redis-benchmark -p "$port" -q -c 40 -P 8 "$@" >>load.log; }
load -n 4000 -r 2000 -d 200 -t set,get,incr
load -n 2500 -r 300 -d 60 -t lpush,rpush,lpop,sadd,hset,zadd
load -n 3000 -r 200 hset h:__rand_int__ f:__rand_int__ v:__rand_int__
load -n 2000 -r 30 rpush l:__rand_int__ "$(printf 'x%.0s' {1..100})"
load -n 2500 -r 30 zadd z:__rand_int__ __rand_int__ m:__rand_int__
load -n 1500 -r 2000 -d 6000 -t set
load -n 200 -r 200 unlink h:__rand_int__
load -n 40 -r 30 unlink l:__rand_int__
load -n 40 -r 30 del z:__rand_int__
redis-cli -p "$port" flushall async >>load.log
sleep 1
redis-cli -p "$port" shutdown nosave >>load.log
wait "$server"

xz -9e --stdout redis.trace >"$out"
