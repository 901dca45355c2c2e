-- register: pool, then the number of its record's fields, and the fields, then the number of types and for each
-- its name. remove: with no field at all, pool and its workers.
local pool, count = arg(), tonumber(arg())
local key = P .. 'worker_pools:' .. pool
if count == 0 then
  local names = call('HGET', key, 'job_names') or ''
  for name in string.gmatch(names, '[^,]+') do
    local info = P .. 'jobs:' .. name .. ':lock_info'
    if (tonumber(call('HGET', info, pool)) or 1) == 0 then
      call('HDEL', info, pool)
    end
  end
  call('SREM', P .. 'worker_pools', pool)
  call('DEL', key)
  call('HDEL', S .. 'seen', pool)
  -- What it ran is still ours to rescue: its leases tell, not its name.
  call('SREM', S .. 'pools', pool)
  for _ = 1, tonumber(arg()) do
    call('DEL', P .. 'worker:' .. arg())
  end
  return 1
end
call('SADD', P .. 'worker_pools', pool)
call('SADD', S .. 'pools', pool)
local started = call('HGET', key, 'started_at')
local set = { key }
for _ = 1, count do
  set[#set + 1] = arg()
end
call('HSET', unpack(set))
call('HSET', key, 'started_at', started or sec, 'heartbeat_at', sec)
for _ = 1, tonumber(arg()) do
  call('SADD', P .. 'known_jobs', arg())
end
return 1
