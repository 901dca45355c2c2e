-- What every script begins with. KEYS[1] is the prefix of all keys, "{namespace}:".
-- ARGV: 1 the time in microseconds that a test holds, else empty; 2 who calls, so that it does not
-- hear itself; 3 and 4 for how many seconds done and failed jobs are kept. A script's own follow.
local P = KEYS[1]
local S = P .. 'seawall:'
local now
if ARGV[1] ~= '' then
  now = tonumber(ARGV[1])
else
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local sec = math.floor(now / 1000000)
local place = 4

local function arg()
  place = place + 1
  return ARGV[place]
end

local function int(number)
  return string.format('%.0f', number)
end

-- Puts aside what is no job, where people can find it, and says so to those who log.
local function put_aside(where, raw)
  if type(redis.pcall('LPUSH', S .. 'foreign', raw)) == 'table' then
    redis.call('DEL', S .. 'foreign')
    redis.call('LPUSH', S .. 'foreign', raw)
  end
  redis.call('LTRIM', S .. 'foreign', 0, 999)
  redis.call('PUBLISH', S .. 'bell', ARGV[2] .. ' foreign ' .. where)
end

-- Every command goes this way. What a key of another type than it should have would prevent is done after that
-- key was moved aside, or the field taken away that should be a number.
local function call(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  local err = type(answer) == 'table' and answer.err
  if not err then
    return answer
  end
  if string.find(err, 'hash value is not an integer', 1, true) then
    put_aside(key .. ' ' .. ({ ... })[1], redis.call('HGET', key, ({ ... })[1]))
    redis.call('HDEL', key, ({ ... })[1])
  elseif string.find(err, 'WRONGTYPE', 1, true) or string.find(err, 'not an integer', 1, true) then
    put_aside(key, 'it is now ' .. S .. 'aside:' .. key)
    redis.call('RENAME', key, S .. 'aside:' .. key)
  end
  return redis.call(command, key, ...)
end

local rung = {}

local function ring(topic)
  rung[topic] = true
end

-- The last thing that a script does.
local function announce()
  for topic in pairs(rung) do
    call('PUBLISH', S .. 'bell', ARGV[2] .. ' ' .. topic)
  end
end

local CODE = { Pending = 0, Scheduled = 1, Running = 2, Stopped = 3, Error = 3, Success = 3 }

local function stats_key(id)
  return P .. 'job_stats:' .. id
end

local function fields(list)
  local map = {}
  for i = 1, #list, 2 do
    map[list[i]] = list[i + 1]
  end
  return map
end

-- The stats of a job: nil if there are none, and false if what lies there is no job.
local function load(id)
  local list = redis.pcall('HGETALL', stats_key(id))
  if list.err then
    return false
  end
  if #list == 0 then
    return nil
  end
  local job = fields(list)
  if not CODE[job.status or ''] then
    return false
  end
  return job, list
end

-- Name, id and time of a job as it lies in a queue; nil if that is no job.
local function parse(raw)
  local name, id, time = string.match(raw, '^{"name":"([%w%._-]+)","id":"([%w_-]+)","t":(%d+),"args":')
  if not name or string.find(raw, '"_job_kind_periodic_"', 1, true) then
    local ok, job = pcall(cjson.decode, raw)
    if not ok or type(job) ~= 'table' or type(job.name) ~= 'string' or type(job.id) ~= 'string' then
      return nil
    end
    name, id, time = string.match(job.name, '^[%w%._-]+$'), string.match(job.id, '^[%w_-]+$'), tonumber(job.t) or 0
    local mark = type(job.args) == 'table' and job.args['_job_kind_periodic_']
    if id and type(mark) == 'string' and string.match(mark, '^%d+$') then
      id = id .. '@' .. mark
    end
  end
  if not name or not id or #name > 128 or #id > 96 then
    return nil
  end
  return name, id, tonumber(time)
end


-- Where a job of a tenant waits.
local function queue(name, tenant)
  if not tenant or tenant == '' then
    return P .. 'jobs:' .. name
  end
  local turns = S .. 'turns:' .. name
  call('SADD', S .. 'tenanted', name)
  if not call('ZSCORE', turns, tenant) then
    call('ZADD', turns, 'NX', call('INCR', S .. 'turn'), '')
    call('ZADD', turns, call('INCR', S .. 'turn'), tenant)
  end
  return S .. 'queue:' .. name .. ':' .. tenant
end

-- Writes an event for the hook of a job, if it has one.
local function tell(id, job, status, revision, check_in)
  local due
  if job.hook then
    due = S .. 'hooks:' .. job.hook
  elseif job.web_hook_url and job.web_hook_url ~= '' then
    due = S .. 'hooks'
  else
    return false
  end
  local event = { call('INCR', S .. 'seq'), 0, status, revision, int(now), check_in or '' }
  call('RPUSH', S .. 'events:' .. id, table.concat(event, '\n'))
  call('ZADD', due, 'NX', int(now), id)
  ring('hooks')
  return true
end

-- What follows from a final status, which was written before: the event, how long the job is kept,
-- and that nobody tracks it any more.
local function ended(id, job, status)
  local told = tell(id, job, status, job.revision or 0)
  local track = P .. 'job_track:inprogress'
  if not told or call('HINCRBY', track, id, -1) <= 0 then
    call('HDEL', track, id)
  end
  local kept = status == 'Error' and ARGV[4] or ARGV[3]
  call('EXPIRE', stats_key(id), kept)
  if job.attempts and tonumber(job.attempts) > 1 or status ~= 'Success' then
    call('EXPIRE', S .. 'history:' .. id, kept)
  end
  call('RPUSH', S .. (status == 'Error' and 'final:failed' or 'final:done'), id)
  if job.upstream_job_id then
    call('ZADD', P .. 'executions:' .. job.upstream_job_id, 'XX', -1, id)
  end
end

local function set_stopped(id, job)
  call('HSET', stats_key(id), 'status', 'Stopped', 'update_time', sec)
  ended(id, job, 'Stopped')
end

-- An attempt's record: token, number, start, name and pool.
local function attempt_of(id)
  local record = call('HGET', S .. 'attempts', id)
  if not record then
    return nil
  end
  local token, number, start, name, pool = string.match(record, '^(%S+) (%d+) (%d+) (%S+) (.*)$')
  return { token = token, number = tonumber(number), start = start, name = name, pool = pool }
end

-- One place less in the counters that the Go pools go by.
local function unlock(name, pool)
  local lock = P .. 'jobs:' .. name .. ':lock'
  if call('DECR', lock) < 0 then
    call('SET', lock, 0)
  end
  local info = P .. 'jobs:' .. name .. ':lock_info'
  if call('HINCRBY', info, pool, -1) <= 0 then
    call('HDEL', info, pool)
  end
end

-- Ends an attempt's lease and gives its place back; answers with the job as it lay in the queue.
local function release(id, attempt)
  local raw = call('HGET', S .. 'claimed', id)
  if raw and call('LREM', P .. 'jobs:' .. attempt.name .. ':' .. attempt.pool .. ':inprogress', 1, raw) == 1 then
    unlock(attempt.name, attempt.pool)
  end
  call('HDEL', S .. 'attempts', id)
  call('HDEL', S .. 'claimed', id)
  call('ZREM', S .. 'leases', id)
  call('ZREM', S .. 'leases:' .. attempt.name, id)
  return raw
end

local function record(id, attempt, outcome, message)
  local line = { attempt.number, attempt.start, int(now), outcome, (string.gsub(attempt.pool, '\n', ' ')), message }
  local history = S .. 'history:' .. id
  call('RPUSH', history, table.concat(line, '\n'))
  call('LTRIM', history, -100, -1)
end

-- A later revision than the job has.
local function next_revision(job)
  return math.max(sec, (tonumber(job.revision) or 0) + 1)
end

-- A job as it lies in a queue, with another time of enqueuing; only where that can be told from the rest.
local function with_time(raw, time)
  local changed = string.gsub(raw, '^({"name":"[%w%._-]+","id":"[%w_-]+","t":)%d+', '%1' .. int(time), 1)
  return changed
end
