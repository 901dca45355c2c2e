-- Takes a policy that cannot be read any more from among the schedules, so that it holds up nothing: id, the
-- slot that was due, what is ours of it. It is found again when it can be read.
local id, expected, own = arg(), arg(), arg()
local slot = call('ZSCORE', S .. 'slots', id)
if slot and int(tonumber(slot)) == expected and call('HGET', S .. 'schedules', id) == own then
  call('ZREM', S .. 'slots', id)
  call('HDEL', S .. 'schedules', id)
end
return 1
