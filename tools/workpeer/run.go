package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gocraft/work"
)

// options are what all commands that touch Redis take.
type options struct {
	*flag.FlagSet
	url, namespace, types *string
}

func newOptions(name string) options {
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	return options{
		flags,
		flags.String("redis", "redis://127.0.0.1:6379", "the server"),
		flags.String("namespace", "{harbor}", "what all keys begin with, with its braces"),
		flags.String("types", "DEMO", "names of types, with commas between; NAME=N limits how many run"),
	}
}

type context struct{}

// start starts a pool of workers that calls ended after each job.
func start(o options, workers uint, ended func(id string, err error)) *work.WorkerPool {
	redisPool := newPool(*o.url)
	tracker := newTracker(redisPool, *o.namespace)
	pool := work.NewWorkerPool(context{}, workers, *o.namespace, redisPool)
	for _, name := range strings.Split(*o.types, ",") {
		name, limit, _ := strings.Cut(name, "=")
		most, _ := strconv.ParseUint(limit, 10, 32)
		settings := work.JobOptions{Priority: 1000, MaxFails: 3, SkipDead: true, MaxConcurrency: uint(most),
			Backoff: func(*work.Job) int64 { return 1 }}
		pool.JobWithOptions(name, settings, func(job *work.Job) error {
			id, err := run(tracker, job)
			ended(id, err)
			return err
		})
	}
	pool.Start()
	return pool
}

// run does for a job what jobservice's runner does.
func run(t *tracker, job *work.Job) (id string, err error) {
	id = job.ID
	if slot, ok := job.Args["_job_kind_periodic_"].(string); ok {
		id += "@" + slot
	}
	var s *stats
	for tries := 0; ; tries++ {
		if s, err = t.load(id); err == nil {
			break
		}
		if tries == 6 {
			if errors.Is(err, errNoStats) {
				job.Fails = 10000000000
			}
			return id, err
		}
		time.Sleep(time.Second)
	}
	switch s.Status {
	case "Stopped", "Success":
		return id, nil
	case "Running", "Error":
		if err = t.reset(s); err != nil {
			return id, err
		}
	}
	if begun, err := t.set(s, "Running"); err != nil || !begun {
		return id, err
	}
	err = perform(t, s, job)
	if err != nil {
		t.set(s, "Error")
		return id, err
	}
	if latest, err := t.status(id); err == nil && latest == "Stopped" {
		return id, nil
	}
	_, err = t.set(s, "Success")
	return id, err
}

// perform is the job itself: it may sleep, it may fail its first times, and it asks once whether it was stopped.
func perform(t *tracker, s *stats, job *work.Job) error {
	status, err := t.status(s.ID)
	if err != nil || status == "Stopped" {
		return err
	}
	if sleep, ok := job.Args["sleep_ms"].(float64); ok {
		time.Sleep(time.Duration(sleep) * time.Millisecond)
	}
	if fails, ok := job.Args["fails"].(float64); ok && job.Fails < int64(fails) {
		return errors.New("it was told to fail")
	}
	return nil
}

func serve(arguments []string) error {
	o := newOptions("serve")
	workers := o.Uint("workers", 10, "how many jobs at a time")
	if err := o.Parse(arguments); err != nil {
		return err
	}
	pool := start(o, *workers, func(id string, err error) {
		if err != nil {
			fmt.Println("failed", id, err)
		} else {
			fmt.Println("ran", id)
		}
	})
	fmt.Println("serving")
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	<-signals
	pool.Stop()
	return nil
}

func drain(arguments []string) error {
	o := newOptions("drain")
	workers := o.Uint("workers", 10, "how many jobs at a time")
	jobs := o.Int64("jobs", 10000, "how many have to end")
	if err := o.Parse(arguments); err != nil {
		return err
	}
	done := make(chan struct{})
	var ended atomic.Int64
	begun := time.Now()
	pool := start(o, *workers, func(string, error) {
		if ended.Add(1) == *jobs {
			close(done)
		}
	})
	<-done
	fmt.Println(time.Since(begun).Seconds())
	pool.Stop()
	return nil
}

func enqueue(arguments []string) error {
	o := newOptions("enqueue")
	jobs := o.Int("jobs", 1, "how many")
	hook := o.String("hook", "", "who is told; the job's id is added to it")
	late := o.Duration("late", 0, "how long after a job its stats are written")
	fails := o.Int("fails", 0, "how often it fails")
	unique := o.Bool("unique", false, "whether a second like it is refused")
	after := o.Int64("after", 0, "in how many seconds it runs")
	if err := o.Parse(arguments); err != nil {
		return err
	}
	redisPool := newPool(*o.url)
	tracker, enqueuer := newTracker(redisPool, *o.namespace), work.NewEnqueuer(*o.namespace, redisPool)
	names := strings.Split(*o.types, ",")
	for number := range *jobs {
		name, _, _ := strings.Cut(names[number%len(names)], "=")
		parameters := map[string]any{"number": number, "list": []string{}}
		if *fails > 0 {
			parameters["fails"] = *fails
		}
		s := &stats{Name: name, Kind: "Generic", Status: "Pending", Unique: *unique, Parameters: parameters}
		var job *work.Job
		var err error
		if *after > 0 {
			var scheduled *work.ScheduledJob
			if scheduled, err = enqueuer.EnqueueIn(name, *after, parameters); err == nil {
				job, s.Kind, s.Status, s.RunAt = scheduled.Job, "Scheduled", "Scheduled", scheduled.RunAt
			}
		} else if *unique {
			job, err = enqueuer.EnqueueUnique(name, parameters)
		} else {
			job, err = enqueuer.Enqueue(name, parameters)
		}
		if err != nil {
			return err
		}
		if job == nil {
			fmt.Println("duplicate")
			continue
		}
		time.Sleep(*late)
		s.ID, s.EnqueueTime, s.RefLink = job.ID, job.EnqueuedAt, "/api/v1/jobs/"+job.ID
		if *hook != "" {
			s.WebHookURL = *hook + job.ID
		}
		if err := tracker.save(s); err != nil {
			return err
		}
		fmt.Println("enqueued", job.ID)
	}
	return nil
}
