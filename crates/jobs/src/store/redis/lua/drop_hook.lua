-- Takes an event away that can never be told, since it or its job is unreadable: the job, the key of who
-- is told, and the event.
local id, key, event = arg(), arg(), arg()
local events = S .. 'events:' .. id
if call('LINDEX', events, 0) ~= event then
  return 0
end
call('LPOP', events)
put_aside(events, event)
if call('LLEN', events) > 0 then
  call('ZADD', key, int(now), id)
else
  call('ZREM', key, id)
  call('HDEL', P .. 'job_track:inprogress', id)
end
return 1
