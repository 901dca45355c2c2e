package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gomodule/redigo/redis"
)

var errNoStats = errors.New("no stats")

// stats is jobservice's record of a job.
type stats struct {
	ID          string         `json:"id"`
	Status      string         `json:"status"`
	Name        string         `json:"name"`
	Kind        string         `json:"kind"`
	Unique      bool           `json:"unique"`
	RefLink     string         `json:"ref_link,omitempty"`
	EnqueueTime int64          `json:"enqueue_time"`
	UpdateTime  int64          `json:"update_time"`
	RunAt       int64          `json:"run_at,omitempty"`
	WebHookURL  string         `json:"web_hook_url,omitempty"`
	UpstreamID  string         `json:"upstream_job_id,omitempty"`
	Parameters  map[string]any `json:"parameters,omitempty"`
	Revision    int64          `json:"revision,omitempty"`
}

type tracker struct {
	pool   *redis.Pool
	prefix string
	client *http.Client
}

func newTracker(pool *redis.Pool, namespace string) *tracker {
	transport := &http.Transport{
		MaxIdleConns:          20,
		MaxIdleConnsPerHost:   20,
		IdleConnTimeout:       30 * time.Second,
		ResponseHeaderTimeout: 10 * time.Second,
	}
	return &tracker{pool, namespace + ":", &http.Client{Timeout: 30 * time.Second, Transport: transport}}
}

func (t *tracker) key(id string) string { return t.prefix + "job_stats:" + id }

func (t *tracker) track() string { return t.prefix + "job_track:inprogress" }

// save writes the stats of a new job.
func (t *tracker) save(job *stats) error {
	connection := t.pool.Get()
	defer connection.Close()
	now := time.Now().Unix()
	fields := redis.Args{}.Add(t.key(job.ID), "id", job.ID, "name", job.Name, "kind", job.Kind,
		"unique", job.Unique, "status", job.Status, "ref_link", job.RefLink,
		"enqueue_time", job.EnqueueTime, "run_at", job.RunAt, "cron_spec", "",
		"web_hook_url", job.WebHookURL, "numeric_policy_id", 0)
	if len(job.Parameters) > 0 {
		text, err := json.Marshal(job.Parameters)
		if err != nil {
			return err
		}
		fields = fields.Add("parameters", string(text))
	}
	fields = fields.Add("update_time", now, "revision", now)
	connection.Send("MULTI")
	connection.Send("HMSET", fields...)
	connection.Send("HSET", t.track(), job.ID, 2)
	_, err := connection.Do("EXEC")
	return err
}

func (t *tracker) load(id string) (*stats, error) {
	connection := t.pool.Get()
	defer connection.Close()
	fields, err := redis.StringMap(connection.Do("HGETALL", t.key(id)))
	if err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		return nil, errNoStats
	}
	number := func(field string) int64 {
		value, _ := strconv.ParseInt(fields[field], 10, 64)
		return value
	}
	unique, _ := strconv.ParseBool(fields["unique"])
	job := &stats{
		ID: fields["id"], Status: fields["status"], Name: fields["name"], Kind: fields["kind"],
		Unique: unique, RefLink: fields["ref_link"], EnqueueTime: number("enqueue_time"),
		UpdateTime: number("update_time"), RunAt: number("run_at"), WebHookURL: fields["web_hook_url"],
		UpstreamID: fields["upstream_job_id"], Revision: number("revision"),
	}
	if text := fields["parameters"]; text != "" {
		if err := json.Unmarshal([]byte(text), &job.Parameters); err != nil {
			return nil, err
		}
	}
	return job, nil
}

func (t *tracker) status(id string) (string, error) {
	connection := t.pool.Get()
	defer connection.Close()
	values, err := redis.Strings(connection.Do("HMGET", t.key(id), "status"))
	if err != nil {
		return "", err
	}
	return values[0], nil
}

// Sets a status if it is a later one; the stats then live for a day, those of an error for seven.
var setStatus = redis.NewScript(2, `
local codes = {Pending=0, Scheduled=1, Running=2, Success=3, Stopped=3, Error=3}
local old = redis.call('HMGET', KEYS[1], 'status', 'revision')
local revision, given = tonumber(old[2]) or 0, tonumber(ARGV[2])
local code, new = codes[old[1]] or 0, codes[ARGV[1]]
if not (revision < given or revision == given and (code < new or old[1] == ARGV[1])) then
  return old[1]
end
redis.call('HMSET', KEYS[1], 'status', ARGV[1], 'update_time', ARGV[3])
if new == 3 then
  if redis.call('HINCRBY', KEYS[2], ARGV[4], -1) <= 0 then redis.call('HDEL', KEYS[2], ARGV[4]) end
  redis.call('EXPIRE', KEYS[1], ARGV[1] == 'Error' and 604800 or 86400)
end
return 'ok'`)

// Begins a job anew that failed or lost its pool.
var resetStatus = redis.NewScript(2, `
redis.call('HMSET', KEYS[1], 'status', 'Pending', 'revision', ARGV[2], 'update_time', ARGV[2])
redis.call('HDEL', KEYS[1], 'ack', 'check_in', 'check_in_at')
redis.call('HSET', KEYS[2], ARGV[1], 2)
return 1`)

// Notes what the hook's receiver has taken, if it is later than what it has taken before.
var setAck = redis.NewScript(2, `
local codes = {Pending=0, Scheduled=1, Running=2, Success=3, Stopped=3, Error=3}
local revision, code = tonumber(ARGV[2]), codes[ARGV[1]]
local known = redis.call('HMGET', KEYS[1], 'revision', 'ack')
if known[2] then
  local ack = cjson.decode(known[2])
  local old = codes[ack.status]
  if ack.revision > revision or ack.revision == revision and old >= code then return 'none' end
elseif (tonumber(known[1]) or 0) > revision then
  return 'none'
end
redis.call('HSET', KEYS[1], 'ack', cjson.encode({status=ARGV[1], revision=revision, check_in_at=0}))
if code == 3 and redis.call('HINCRBY', KEYS[2], ARGV[3], -1) <= 0 then
  redis.call('HDEL', KEYS[2], ARGV[3])
end
return 'ok'`)

// set changes the status and tells the hook. False if the job has another, later one.
func (t *tracker) set(job *stats, status string) (bool, error) {
	connection := t.pool.Get()
	answer, err := redis.String(setStatus.Do(connection, t.key(job.ID), t.track(), status, job.Revision,
		time.Now().Unix(), job.ID))
	connection.Close()
	if err != nil || answer != "ok" {
		return false, err
	}
	job.Status, job.UpdateTime = status, time.Now().Unix()
	if job.WebHookURL != "" {
		t.tell(job)
	}
	return true, nil
}

func (t *tracker) reset(job *stats) error {
	connection := t.pool.Get()
	defer connection.Close()
	now := time.Now().Unix()
	_, err := resetStatus.Do(connection, t.key(job.ID), t.track(), job.ID, now)
	job.Status, job.Revision = "Pending", now
	return err
}

// tell posts to the hook; what is not taken at once is tried again for a while, as jobservice does.
func (t *tracker) tell(job *stats) {
	body, err := json.Marshal(map[string]any{"job_id": job.ID, "status": job.Status, "metadata": job})
	if err != nil {
		panic(err)
	}
	acknowledged := func(status string, revision int64) error {
		if err := t.post(job.WebHookURL, body); err != nil {
			return err
		}
		connection := t.pool.Get()
		defer connection.Close()
		_, err := setAck.Do(connection, t.key(job.ID), t.track(), status, revision, job.ID)
		return err
	}
	status, revision := job.Status, job.Revision
	if acknowledged(status, revision) != nil {
		go func() {
			for wait := 100 * time.Millisecond; wait < time.Minute; wait *= 2 {
				time.Sleep(wait)
				if acknowledged(status, revision) == nil {
					return
				}
			}
		}()
	}
}

func (t *tracker) post(url string, body []byte) error {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := t.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the hook answers %d", answer.StatusCode)
	}
	return nil
}
