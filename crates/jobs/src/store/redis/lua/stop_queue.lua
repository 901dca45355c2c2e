-- Stops jobs of one queue that wait: the queue's name, where (a tenant's list, or a sorted set),
-- from which place on, and how many are looked at at most.
-- Answers with how many were stopped, how many were looked at, and how many were left where they are.
local name, where, from, most = arg(), arg(), tonumber(arg()), tonumber(arg())
local stopped, looked, left = 0, 0, 0

local function stop(raw)
  local of, id = parse(raw)
  if not of then
    return put_aside(where, raw)
  end
  local job = load(id)
  if job and CODE[job.status] < 3 and job.status ~= 'Running' then
    set_stopped(id, job)
    stopped = stopped + 1
  end
end

if where == 'scheduled' or where == 'retry' then
  for _, raw in ipairs(call('ZRANGE', P .. where, from, from + most - 1)) do
    looked = looked + 1
    local of = parse(raw)
    if of == name then
      call('ZREM', P .. where, raw)
      stop(raw)
    else
      left = left + 1
    end
  end
else
  local list = where == '' and P .. 'jobs:' .. name or S .. 'queue:' .. name .. ':' .. where
  while looked < most do
    local raw = call('RPOP', list)
    if not raw then
      if where ~= '' then
        -- Nothing waits there any more: nobody needs to look again.
        call('ZREM', S .. 'turns:' .. name, where)
      end
      break
    end
    looked = looked + 1
    stop(raw)
  end
end
announce()
return { stopped, looked, left }
