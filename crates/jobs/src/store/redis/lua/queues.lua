-- What there is to say about queues. For each name: how many wait, how many run by a lease and in the
-- lists of other pools, when what waits the longest was put there, whether it is paused, and whether there
-- are more tenants: first from which of them on is looked at, a thousand at a time.
local from = tonumber(arg())
local answers = {}
local pools = {}
for _, pool in ipairs(call('SMEMBERS', P .. 'worker_pools')) do
  if call('SISMEMBER', S .. 'pools', pool) == 0 then
    pools[#pools + 1] = pool
  end
end
for i = 1, tonumber(arg()) do
  local name = arg()
  local lists = {}
  if from == 0 then
    lists[1] = P .. 'jobs:' .. name
  end
  local tenants = call('ZRANGE', S .. 'turns:' .. name, from, from + 999)
  for _, tenant in ipairs(tenants) do
    if tenant ~= '' then
      lists[#lists + 1] = S .. 'queue:' .. name .. ':' .. tenant
    end
  end
  local pending, oldest = 0, 0
  for _, list in ipairs(lists) do
    pending = pending + call('LLEN', list)
    local raw = call('LINDEX', list, -1)
    if raw then
      local _, _, time = parse(raw)
      if time and time > 0 and (oldest == 0 or time < oldest) then
        oldest = time
      end
    end
  end
  local running = call('ZCARD', S .. 'leases:' .. name)
  for _, pool in ipairs(pools) do
    running = running + call('LLEN', P .. 'jobs:' .. name .. ':' .. pool .. ':inprogress')
  end
  local waited = oldest > 0 and math.max(now - oldest * 1000000, 0) or 0
  answers[i] = { pending, running, int(waited), call('EXISTS', P .. 'jobs:' .. name .. ':paused'),
    #tenants == 1000 and 1 or 0 }
end
return answers
