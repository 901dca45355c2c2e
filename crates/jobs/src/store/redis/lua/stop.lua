-- Stops one job: its id. A schedule is deleted, and its runs that have not begun are stopped.
-- Answers with how many jobs were stopped, and whether more runs may have to be.
local id = arg()

-- Takes a job that waits out of where it waits, where that is cheap; else it is dropped when it comes up.
local function take_away(of, job)
  if job.status == 'Scheduled' then
    local due = tonumber(job.run_at) or 0
    for _, zset in ipairs({ P .. 'scheduled', P .. 'retry' }) do
      for _, raw in ipairs(call('ZRANGEBYSCORE', zset, due, due, 'LIMIT', 0, 1000)) do
        local _, found = parse(raw)
        if found == of then
          call('ZREM', zset, raw)
        end
      end
    end
    return
  end
  local list = job.name and queue(job.name, job.tenant)
  if list and call('LLEN', list) <= 1000 then
    for _, raw in ipairs(call('LRANGE', list, 0, 999)) do
      local _, found = parse(raw)
      if found == of then
        call('LREM', list, -1, raw)
      end
    end
  end
end

local function stop(of, job)
  if job.status == 'Running' then
    ring('signals')
  else
    take_away(of, job)
  end
  set_stopped(of, job)
end

local job = load(id)
local stopped, more = 0, 0
if job and job.kind == 'Periodic' then
  local numeric = tonumber(job.numeric_policy_id) or 0
  for _, raw in ipairs(call('ZRANGEBYSCORE', P .. 'period:policies', numeric, numeric)) do
    local ok, policy = pcall(cjson.decode, raw)
    if ok and type(policy) == 'table' and policy.id == id then
      call('ZREM', P .. 'period:policies', raw)
    end
  end
  call('HDEL', S .. 'schedules', id)
  call('ZREM', S .. 'slots', id)
  local runs = call('ZREVRANGEBYSCORE', P .. 'executions:' .. id, '+inf', 0, 'LIMIT', 0, 200)
  for _, run in ipairs(runs) do
    local of = load(run)
    if not of then
      call('ZREM', P .. 'executions:' .. id, run)
    elseif of.status == 'Pending' or of.status == 'Scheduled' then
      stop(run, of)
    end
  end
  if #runs == 200 then
    more = 1
  elseif CODE[job.status] < 3 then
    job.web_hook_url, job.hook = nil, nil
    set_stopped(id, job)
    stopped = 1
  end
elseif job and CODE[job.status] < 3 then
  stop(id, job)
  stopped = 1
end
announce()
return { stopped, more }
