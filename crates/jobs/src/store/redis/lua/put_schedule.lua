-- Keeps a schedule: id, numeric id (0 for one that is found here), the policy before and after the numeric
-- id, what is ours of it, its cron expression, its next slot (by the time that the caller was told), then the
-- number of the stats' fields, and the fields.
local id, numeric = arg(), tonumber(arg())
local head, tail, own, cron, slot = arg(), arg(), arg(), arg(), arg()
local policies = P .. 'period:policies'
local job = load(id)
if job == false or job and job.kind ~= 'Periodic' then
  return { 'taken' }
end
if job then
  local old = tonumber(job.numeric_policy_id) or 0
  for _, raw in ipairs(call('ZRANGEBYSCORE', policies, old, old)) do
    local ok, policy = pcall(cjson.decode, raw)
    if ok and type(policy) == 'table' and policy.id == id then
      call('ZREM', policies, raw)
      if numeric == 0 then
        numeric = old
      end
    end
  end
end
if numeric == 0 then
  numeric = sec
  while call('ZCOUNT', policies, numeric, numeric) > 0 do
    numeric = numeric + 1
  end
end
call('ZADD', policies, numeric, head .. int(numeric) .. tail)
local revision = sec
local enqueue_time = sec
if job then
  revision = next_revision(job)
  enqueue_time = job.enqueue_time or sec
  call('DEL', stats_key(id))
end
local set = { stats_key(id) }
for _ = 1, tonumber(arg()) do
  set[#set + 1] = arg()
end
call('HSET', unpack(set))
call('HSET', set[1], 'status', 'Scheduled', 'enqueue_time', enqueue_time, 'update_time', sec, 'revision', int(revision),
  'numeric_policy_id', int(numeric))
call('HSET', S .. 'schedules', id, int(numeric) .. ' ' .. own)
if job and job.cron_spec == cron and call('ZSCORE', S .. 'slots', id) then
  -- Its slot may have come, and nobody has fired it yet.
  ring('jobs')
elseif slot ~= '' then
  call('ZADD', S .. 'slots', slot, id)
else
  call('ZREM', S .. 'slots', id)
end
ring('jobs')
announce()
return { 'ok', call('HGETALL', set[1]) }
