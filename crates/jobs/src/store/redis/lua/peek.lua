-- What a look now and then costs: how long the queues of these types are, when the next delay ends, how
-- many jobs wait for their stats, how many are not final, how many schedules there are, and whose store
-- this is: a mark, which is set if there is none.
local marks, types = arg(), {}
local own = call('GET', S .. 'mark')
if not own then
  own = marks
  call('SET', S .. 'mark', own)
end
for i = 1, tonumber(arg()) do
  types[i] = call('LLEN', P .. 'jobs:' .. arg())
end
local function first(zset)
  return call('ZRANGE', zset, 0, 0, 'WITHSCORES')[2] or ''
end
return { own, types, first(P .. 'scheduled'), first(P .. 'retry'), call('HLEN', S .. 'strays'),
  call('HLEN', P .. 'job_track:inprogress'), call('ZCARD', P .. 'period:policies') }
