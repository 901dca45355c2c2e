-- Fires slots of one schedule, if nobody else has: id, the slot that was due, the next one (empty for
-- none), what becomes of a slot whose predecessor is not final, name, tenant, the queue entry before the slot's time, then for each
-- slot its epoch, the queue entry after the time, the number of the stats' fields, and the fields.
-- Answers with how many runs were accepted and how many were dropped.
local id, expected, next_slot, overlap, name, tenant, head = arg(), arg(), arg(), arg(), arg(), arg(), arg()
local slots = S .. 'slots'
local runs = P .. 'executions:' .. id
local at = call('ZSCORE', slots, id)
if not at or int(tonumber(at)) ~= expected then
  return { 0, 0 }
end
local accepted, dropped = 0, 0

-- The earlier runs that are not final.
local function unfinished()
  local found = {}
  for _, run in ipairs(call('ZREVRANGEBYSCORE', runs, '+inf', 0, 'LIMIT', 0, 200)) do
    local job = load(run)
    if job and CODE[job.status] < 3 then
      found[#found + 1] = { run, job }
    end
  end
  return found
end

for _ = 1, tonumber(arg()) do
  local epoch, tail, count = arg(), arg(), tonumber(arg())
  local run = id .. '@' .. epoch
  local set = { stats_key(run) }
  for _ = 1, count do
    set[#set + 1] = arg()
  end
  local fits = call('EXISTS', set[1]) == 0
  if fits and overlap ~= 'queue' then
    local earlier = unfinished()
    if overlap == 'skip' and #earlier > 0 then
      fits = false
    else
      for _, one in ipairs(earlier) do
        if one[2].status == 'Running' then
          ring('signals')
        end
        set_stopped(one[1], one[2])
      end
    end
  end
  if fits then
    call('HSET', unpack(set))
    call('HSET', set[1], 'status', 'Pending', 'enqueue_time', sec, 'update_time', sec, 'revision', sec)
    call('HSET', P .. 'job_track:inprogress', run, 2)
    call('ZADD', runs, 'NX', epoch, run)
    call('SADD', P .. 'known_jobs', name)
    call('LPUSH', queue(name, tenant), head .. epoch .. tail)
    accepted = accepted + 1
    ring('jobs')
  else
    dropped = dropped + 1
  end
end
if next_slot ~= '' then
  call('ZADD', slots, next_slot, id)
else
  call('ZREM', slots, id)
end
announce()
return { accepted, dropped }
