-- Hands out jobs: pool, lease, limit, the number of types, and for each its name, concurrency
-- (negative if it has none) and priority; then as many tokens as jobs may be handed out.
local pool, lease, limit, types = arg(), tonumber(arg()), tonumber(arg()), {}
local leases = S .. 'leases'
for i = 1, tonumber(arg()) do
  types[i] = { name = arg(), cap = tonumber(arg()), priority = tonumber(arg()), order = i }
end

-- The pools that are not ours: what they run has no lease.
local others
local function running(name)
  local count = call('ZCOUNT', leases .. ':' .. name, '(' .. int(now), '+inf')
  if not others then
    others = {}
    for _, other in ipairs(call('SMEMBERS', P .. 'worker_pools')) do
      if call('SISMEMBER', S .. 'pools', other) == 0 then
        others[#others + 1] = other
      end
    end
  end
  for _, other in ipairs(others) do
    count = count + call('LLEN', P .. 'jobs:' .. name .. ':' .. other .. ':inprogress')
  end
  return count
end

-- The types that had tenants ever: the others have one queue.
local tenanted = {}
for _, name in ipairs(call('SMEMBERS', S .. 'tenanted')) do
  tenanted[name] = true
end
local strays = call('HLEN', S .. 'strays') > 0

-- Which list of a type goes next, and what stands first in it.
local function look(of)
  of.list, of.raw = nil, nil
  if of.room <= 0 or of.rest then
    return
  end
  local turns = S .. 'turns:' .. of.name
  local plain = P .. 'jobs:' .. of.name
  local tenants = tenanted[of.name] and call('ZRANGE', turns, 0, 1) or {}
  while #tenants > 0 do
    for _, tenant in ipairs(tenants) do
      local list = tenant == '' and plain or S .. 'queue:' .. of.name .. ':' .. tenant
      local raw = call('LINDEX', list, -1)
      if raw then
        of.list, of.raw, of.tenant = list, raw, tenant
        return
      end
      if tenant ~= '' then
        call('ZREM', turns, tenant)
      end
    end
    if #tenants == 1 then
      return
    end
    tenants = call('ZRANGE', turns, 0, 1)
  end
  local raw = call('LINDEX', plain, -1)
  if raw then
    of.list, of.raw, of.tenant = plain, raw, nil
  end
end

-- Since when what stands first waits, with its type's head start: the smallest goes first.
local function weigh(of)
  if of.raw then
    local name, id, time = parse(of.raw)
    of.id = name == of.name and id or nil
    of.rank = (time or 0) - of.priority
  end
end

-- Stats for a job whose own never came.
local function make_stats(of, raw, id)
  local _, args = pcall(cjson.decode, raw)
  args = type(args) == 'table' and type(args.args) == 'table' and args.args or {}
  args['_job_kind_periodic_'] = nil
  call('HSET', stats_key(id), 'id', id, 'name', of.name, 'kind', 'Generic', 'unique', 0, 'status', 'Pending',
    'ref_link', '/api/v1/jobs/' .. id, 'enqueue_time', sec, 'run_at', 0, 'cron_spec', '', 'web_hook_url', '',
    'numeric_policy_id', 0, 'parameters', cjson.encode(args), 'update_time', sec, 'revision', sec)
  call('HSET', P .. 'job_track:inprogress', id, 2)
end

local claims, looked = {}, 0

local function take(of)
  local raw, id = of.raw, of.id
  looked = looked + 1
  if not id then
    call('RPOP', of.list)
    put_aside(of.list, raw)
    return
  end
  local job, list = load(id)
  if job == nil then
    -- A Go pool's client puts a job into the queue before its stats are written.
    local first = tonumber(call('HGET', S .. 'strays', id) or now)
    if now - first < 10000000 then
      call('HSET', S .. 'strays', id, int(first))
      strays = true
      call('RPOPLPUSH', of.list, of.list)
      of.seen = of.seen or {}
      if of.seen[id] then
        of.rest = true
      end
      of.seen[id] = true
      return
    end
    make_stats(of, raw, id)
    job, list = load(id)
  end
  if not job then
    call('RPOP', of.list)
    put_aside(stats_key(id), raw)
    return
  end
  local fails = tonumber(string.match(raw, ',"fails":(%d+),"err":".*","failed_at":%d+}$') or 0)
  local known = tonumber(job.failures) or 0
  if job.status == 'Stopped' or job.status == 'Success' or job.status == 'Error' and fails <= known then
    -- It is over. (One that failed in a Go pool and is tried again has failed more often than is known here.)
    call('RPOP', of.list)
    return
  end
  local earlier = attempt_of(id)
  if earlier then
    if tonumber(call('ZSCORE', leases, id) or 0) > now then
      -- It runs here, and a Go pool took its pool for dead.
      call('RPOP', of.list)
      return
    end
    release(id, earlier)
    record(id, earlier, 'lost', 'its lease ended: the worker died, or did not reach the store')
  end
  local running_here = P .. 'jobs:' .. of.name .. ':' .. pool .. ':inprogress'
  if not of.begun then
    -- What is foreign there is moved aside now, so that what follows does not move the queue instead.
    call('LLEN', running_here)
    of.begun = true
  end
  call('RPOPLPUSH', of.list, running_here)
  call('INCR', P .. 'jobs:' .. of.name .. ':lock')
  call('HINCRBY', P .. 'jobs:' .. of.name .. ':lock_info', pool, 1)
  local number = (tonumber(job.attempts) or 0) + 1
  local token, until_ = arg(), int(now + lease)
  local change = { 'status', 'Running', 'update_time', int(sec), 'attempts', int(number) }
  if job.status == 'Running' or job.status == 'Error' then
    -- Its Go pool died, or it failed there and is tried again.
    job.revision = int(next_revision(job))
    change[7], change[8] = 'revision', job.revision
    call('HDEL', stats_key(id), 'ack', 'check_in', 'check_in_at')
    call('HSET', P .. 'job_track:inprogress', id, 2)
    call('PERSIST', stats_key(id))
  end
  if fails > known and fails < 1000000 then
    change[#change + 1] = 'failures'
    change[#change + 1] = int(fails)
  end
  call('HSET', stats_key(id), unpack(change))
  if job.progress then
    call('HDEL', stats_key(id), 'progress')
  end
  call('HSET', S .. 'attempts', id, table.concat({ token, number, int(now), of.name, pool }, ' '))
  call('HSET', S .. 'claimed', id, raw)
  call('ZADD', leases, until_, id)
  call('ZADD', leases .. ':' .. of.name, until_, id)
  if strays and call('HDEL', S .. 'strays', id) == 1 or job.unique == '1' then
    call('DEL', P .. 'unique:' .. of.name .. ':' .. (job.parameters or '{}') .. '\n', P .. 'unique:' .. of.name .. ':')
  end
  if of.tenant then
    call('ZADD', S .. 'turns:' .. of.name, call('INCR', S .. 'turn'), of.tenant)
  end
  tell(id, job, 'Running', job.revision or 0)
  claims[#claims + 1] = { id, token, number, until_, list, change }
  of.room = of.room - 1
end

for _, of in ipairs(types) do
  of.room = limit
  look(of)
  if of.raw then
    if call('EXISTS', P .. 'jobs:' .. of.name .. ':paused') == 1 then
      of.room = 0
    elseif of.cap >= 0 then
      of.room = of.cap - running(of.name)
    end
    if of.room <= 0 then
      of.raw = nil
    end
    weigh(of)
  end
end
while #claims < limit and looked < limit + 200 do
  local best
  for _, of in ipairs(types) do
    if of.raw and (not best or of.rank < best.rank) then
      best = of
    end
  end
  if not best then
    break
  end
  take(best)
  look(best)
  weigh(best)
end
announce()
return { looked >= limit + 200 and 1 or 0, claims }
