// Workpeer is what our store on Redis meets in the field: the engine of Harbor's jobservice
// (gocraft/work as Harbor patches it), with the commands and hooks that jobservice issues for each
// job. It serves the same queues beside us in the tests, and is measured beside us in the benches.
//
// It is no jobservice: it has no HTTP API, no logs of jobs, no schedules. The scripts are our own, of
// equal effect.
//
//	workpeer serve   runs jobs until SIGTERM; prints "ran <id>" for each
//	workpeer enqueue puts jobs into a queue as jobservice does: first the queue, then the stats
//	workpeer drain   runs jobs until so many have ended and prints how long it took
//	workpeer receive takes hooks; prints "hook <id> <status>" for each, or counts them
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/gomodule/redigo/redis"
)

func main() {
	commands := map[string]func([]string) error{
		"serve":   serve,
		"enqueue": enqueue,
		"drain":   drain,
		"receive": receive,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "workpeer serve|enqueue|drain|receive")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "workpeer:", err)
		os.Exit(1)
	}
}

// newPool makes a pool of connections with the settings of Harbor's jobservice.
func newPool(url string) *redis.Pool {
	return &redis.Pool{
		MaxIdle:     6,
		Wait:        true,
		IdleTimeout: 30 * time.Second,
		Dial: func() (redis.Conn, error) {
			return redis.DialURL(url, redis.DialConnectTimeout(60*time.Second),
				redis.DialReadTimeout(60*time.Second), redis.DialWriteTimeout(60*time.Second))
		},
		TestOnBorrow: func(connection redis.Conn, since time.Time) error {
			if time.Since(since) < time.Minute {
				return nil
			}
			_, err := connection.Do("PING")
			return err
		},
	}
}
