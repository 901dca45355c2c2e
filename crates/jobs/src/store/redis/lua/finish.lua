-- Ends attempts. For each: id, token, how it ended, the message, the message as JSON, and after how
-- many microseconds it is tried again.
local answers = {}

-- The job as the Go pools write one that failed.
local function failed(raw, message)
  local body, fails = string.match(raw, '^(.*),"fails":(%d+),"err":".*","failed_at":%d+}$')
  if not body then
    body, fails = string.sub(raw, 1, -2), 0
  end
  return body .. ',"fails":' .. (tonumber(fails) + 1) .. ',"err":' .. message .. ',"failed_at":' .. sec .. '}'
end

local function finish(id, token, outcome, message, message_json, wait)
  local attempt = attempt_of(id)
  if not attempt or attempt.token ~= token then
    return ''
  end
  local job = load(id)
  local raw = release(id, attempt)
  if call('GET', P .. 'jobs:' .. attempt.name .. ':max_concurrency') then
    ring('jobs')
  end
  if not job then
    -- Somebody took its stats away: it is nobody's any more.
    return 'Stopped'
  end
  if job.status ~= 'Running' then
    record(id, attempt, outcome == 'retry' and 'error' or outcome, message)
    return job.status
  end
  local key = stats_key(id)
  if outcome == 'success' then
    call('HSET', key, 'status', 'Success', 'update_time', sec)
    if job.error then
      call('HDEL', key, 'error')
    end
    if attempt.number > 1 then
      record(id, attempt, outcome, message)
    end
    ended(id, job, 'Success')
    return 'Success'
  end
  record(id, attempt, outcome == 'retry' and 'error' or outcome, message)
  if outcome == 'stopped' then
    set_stopped(id, job)
    return 'Stopped'
  end
  if outcome == 'error' then
    call('HINCRBY', key, 'failures', 1)
    call('HSET', key, 'status', 'Error', 'update_time', sec, 'error', message)
    ended(id, job, 'Error')
    return 'Error'
  end
  job.revision = int(next_revision(job))
  if outcome == 'retry' then
    local due = int(math.ceil((now + wait) / 1000000))
    call('HINCRBY', key, 'failures', 1)
    call('HSET', key, 'status', 'Scheduled', 'update_time', sec, 'error', message, 'revision', job.revision, 'run_at', due)
    if raw then
      call('ZADD', P .. 'retry', due, failed(raw, message_json))
    end
    tell(id, job, 'Scheduled', job.revision)
    ring('jobs')
    return 'Scheduled'
  end
  -- Released: back to where it stood, and not counted.
  call('HSET', key, 'status', 'Pending', 'update_time', sec, 'revision', job.revision)
  if call('HINCRBY', key, 'attempts', -1) <= 0 then
    call('HDEL', key, 'attempts')
  end
  if raw then
    call('RPUSH', queue(attempt.name, job.tenant), raw)
  end
  ring('jobs')
  return 'Pending'
end

for i = 1, tonumber(arg()) do
  local id, token, outcome, message, message_json, wait = arg(), arg(), arg(), arg(), arg(), arg()
  answers[i] = finish(id, token, outcome, message, message_json, tonumber(wait))
end
announce()
return answers
