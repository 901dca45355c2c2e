-- Gives back what was lost with its worker: the limit, the most losses, and after how many seconds
-- without a heartbeat a pool is dead, and forgotten. Answers with how many went back and how many are errors
-- now, what was lost, and whether there may be more.
local limit, most, dead_after, forget_after = tonumber(arg()), tonumber(arg()), tonumber(arg()), tonumber(arg())
local requeued, failed, lost = 0, 0, {}
local why = 'its lease ended: the worker died, or did not reach the store'
local over = call('ZRANGEBYSCORE', S .. 'leases', '-inf', int(now), 'LIMIT', 0, limit)
local more, cut = #over >= limit and 1 or 0, false
for _, id in ipairs(over) do
  local attempt = attempt_of(id)
  if not attempt then
    call('ZREM', S .. 'leases', id)
  else
    local job = load(id)
    local raw = release(id, attempt)
    record(id, attempt, 'lost', why)
    lost[#lost + 1] = id
    lost[#lost + 1] = attempt.pool
    ring('jobs')
    if job and job.status == 'Running' then
      local key = stats_key(id)
      if call('HINCRBY', key, 'losses', 1) >= most then
        call('HSET', key, 'status', 'Error', 'update_time', sec, 'error', 'its worker was lost')
        ended(id, job, 'Error')
        failed = failed + 1
      else
        call('HSET', key, 'status', 'Pending', 'update_time', sec, 'revision', int(next_revision(job)), 'error', 'its worker was lost')
        if raw then
          call('RPUSH', queue(attempt.name, job.tenant), raw)
        end
        requeued = requeued + 1
      end
    end
  end
end

-- Pools that are dead, ours or not: what lies in their lists and has no lease goes back. A pool is
-- dead when its heartbeat has not changed for long by the clock of Redis, whatever its own says.
local seen = S .. 'seen'
local function reap(pool, names)
  for name in string.gmatch(names, '[^,]+') do
    local list = P .. 'jobs:' .. name .. ':' .. pool .. ':inprogress'
    for _ = 1, call('LLEN', list) do
      if limit <= 0 then
        cut = true
        return false
      end
      limit = limit - 1
      local raw = call('LINDEX', list, -1)
      local _, id = parse(raw)
      if id and call('HGET', S .. 'claimed', id) == raw then
        -- It has a lease, which ends by itself.
        call('RPOPLPUSH', list, list)
      else
        call('RPOP', list)
        unlock(name, pool)
        if id then
          call('RPUSH', P .. 'jobs:' .. name, raw)
          requeued = requeued + 1
          ring('jobs')
        else
          put_aside(list, raw)
        end
      end
    end
    local info = P .. 'jobs:' .. name .. ':lock_info'
    local left = tonumber(call('HGET', info, pool) or 0) or 0
    if call('LLEN', list) == 0 and left ~= 0 then
      -- Counters that nothing stands behind any more.
      local lock = P .. 'jobs:' .. name .. ':lock'
      if call('DECRBY', lock, left) < 0 then
        call('SET', lock, 0)
      end
      call('HDEL', info, pool)
    end
  end
  return true
end

for _, pool in ipairs(call('SMEMBERS', P .. 'worker_pools')) do
  local key = P .. 'worker_pools:' .. pool
  local beat = call('HMGET', key, 'heartbeat_at', 'job_names')
  local at = beat[1] or '0'
  local known, since = string.match(call('HGET', seen, pool) or '', '^(%S+) (%d+)$')
  if known ~= at then
    since = sec
    if call('SISMEMBER', S .. 'pools', pool) == 1 then
      -- Ours go by this clock.
      since = tonumber(at) or sec
    end
    call('HSET', seen, pool, at .. ' ' .. int(since))
  end
  local quiet = sec - tonumber(since)
  if quiet >= dead_after then
    local names = beat[2]
    if not names then
      names = table.concat(call('SMEMBERS', P .. 'known_jobs'), ',')
    end
    local own = call('SISMEMBER', S .. 'pools', pool) == 1
    if reap(pool, names) and (quiet >= forget_after or not own) then
      call('SREM', P .. 'worker_pools', pool)
      call('DEL', key)
      call('SREM', S .. 'pools', pool)
      call('HDEL', seen, pool)
    end
  end
end
-- What is left of pools that somebody else has forgotten; one of ours that lives comes back by its heartbeat.
if call('HLEN', seen) > call('SCARD', P .. 'worker_pools') then
  local page = call('HSCAN', seen, 0, 'COUNT', 100)
  for i = 1, #page[2], 2 do
    local pool = page[2][i]
    if call('SISMEMBER', P .. 'worker_pools', pool) == 0 then
      call('HDEL', seen, pool)
      call('SREM', S .. 'pools', pool)
    end
  end
end
announce()
if cut and requeued > 0 then
  more = 1
end
return { requeued, failed, lost, more }
