-- Forgets jobs that are final for long: the limit, and the moments (in seconds) before which those
-- that are done and those that failed are forgotten.
local limit, done_before, failed_before = tonumber(arg()), tonumber(arg()), tonumber(arg())
local swept, looked = 0, 0

local function forget(id)
  call('DEL', stats_key(id), S .. 'events:' .. id, S .. 'history:' .. id)
  call('HDEL', P .. 'job_track:inprogress', id)
  local schedule = string.match(id, '^(.*)@%d+$')
  if schedule then
    call('ZREM', P .. 'executions:' .. schedule, id)
  end
end

local function sweep(list, before)
  while swept < limit and looked < limit + 1000 do
    local id = call('LINDEX', list, 0)
    if not id then
      return
    end
    looked = looked + 1
    local job = load(id)
    if job and CODE[job.status] == 3 and not call('HGET', S .. 'attempts', id) then
      if (tonumber(job.update_time) or 0) > before then
        return
      end
      forget(id)
      swept = swept + 1
    elseif job == nil then
      -- Its time was up before.
      forget(id)
    end
    call('LPOP', list)
  end
end
sweep(S .. 'final:done', done_before)
sweep(S .. 'final:failed', failed_before)

-- Jobs of Go pools' clients whose stats never came, and that a Go pool took.
local page = call('HSCAN', S .. 'strays', 0, 'COUNT', 100)
for i = 1, #page[2], 2 do
  if (tonumber(page[2][i + 1]) or 0) < now - 3600000000 then
    call('HDEL', S .. 'strays', page[2][i])
  end
end

-- Runs of schedules whose stats are gone: they are last by score, the oldest first.
for _, id in ipairs(call('HRANDFIELD', S .. 'schedules', 5)) do
  local runs = P .. 'executions:' .. id
  for _, run in ipairs(call('ZRANGE', runs, 0, 49)) do
    if call('EXISTS', stats_key(run)) == 1 then
      break
    end
    call('ZREM', runs, run)
  end
end
return swept
