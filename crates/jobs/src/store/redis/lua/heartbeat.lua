-- Prolongs leases: pool, lease, the number of fields of the pool's own record and the fields, the
-- ids of its workers, for how many seconds what they do is kept; then ids and tokens.
-- Answers with one letter for each attempt: - for nothing, S for stopped, L for lost.
local pool, lease = arg(), tonumber(arg())
local count = tonumber(arg())
if count > 0 then
  local set = { P .. 'worker_pools:' .. pool }
  for _ = 1, count do
    set[#set + 1] = arg()
  end
  call('SADD', P .. 'worker_pools', pool)
  call('SADD', S .. 'pools', pool)
  call('HSET', unpack(set))
  call('HSET', set[1], 'heartbeat_at', sec)
  call('HSETNX', set[1], 'started_at', sec)
elseif call('SISMEMBER', P .. 'worker_pools', pool) == 1 then
  call('HSET', P .. 'worker_pools:' .. pool, 'heartbeat_at', sec)
end
local workers = {}
for i = 1, tonumber(arg()) do
  workers[i] = arg()
end
local kept = tonumber(arg())
local signals, until_, busy = {}, int(now + lease), 0
for i = 1, tonumber(arg()) do
  local id, token = arg(), arg()
  local attempt = attempt_of(id)
  if not attempt or attempt.token ~= token then
    signals[i] = 'L'
  else
    call('ZADD', S .. 'leases', until_, id)
    call('ZADD', S .. 'leases:' .. attempt.name, until_, id)
    local seen = call('HMGET', stats_key(id), 'status', 'parameters', 'update_time')
    if seen[1] == 'Running' and sec - (tonumber(seen[3]) or sec) > 3600 then
      -- Harbor's reaper takes a job for dead that has not changed for a day.
      call('HSET', stats_key(id), 'update_time', sec)
    end
    signals[i] = seen[1] == 'Stopped' and 'S' or '-'
    busy = busy + 1
    if workers[busy] then
      local worker = P .. 'worker:' .. workers[busy]
      call('HSET', worker, 'job_name', attempt.name, 'job_id', id, 'started_at',
        int(math.floor(tonumber(attempt.start) / 1000000)), 'args', seen[2] or '')
      call('EXPIRE', worker, kept)
    end
  end
end
for i = busy + 1, #workers do
  call('DEL', P .. 'worker:' .. workers[i])
end
return table.concat(signals)
