-- due_hooks: how many at most, for how long nobody else gets them, and the keys of who is told.
local limit, lease = tonumber(arg()), tonumber(arg())
local events = {}
for _ = 1, tonumber(arg()) do
  local key = S .. arg()
  for _, id in ipairs(call('ZRANGEBYSCORE', key, '-inf', int(now), 'LIMIT', 0, limit - #events)) do
    local event = call('LINDEX', S .. 'events:' .. id, 0)
    local job, list = load(id)
    if not event or not job then
      call('ZREM', key, id)
      call('DEL', S .. 'events:' .. id)
    else
      call('ZADD', key, int(now + lease), id)
      events[#events + 1] = { event, list, id, key }
    end
  end
  if #events >= limit then
    break
  end
end
return events
