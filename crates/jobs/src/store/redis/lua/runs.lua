-- The runs of our pools that go on, at most so many: job, the attempt's record, when it checked in last.
local found = {}
for _, id in ipairs(call('ZRANGE', S .. 'leases', 0, tonumber(arg()) - 1)) do
  local record = call('HGET', S .. 'attempts', id) or ''
  found[#found + 1] = { id, record, call('HGET', stats_key(id), 'check_in_at') or '' }
end
return found
