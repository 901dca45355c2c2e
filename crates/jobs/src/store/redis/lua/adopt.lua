-- Takes a policy that a Go pool's client has added among the schedules: id, numeric id, what is ours
-- of it, its next slot.
local id, numeric, own, slot = arg(), arg(), arg(), arg()
if call('HSETNX', S .. 'schedules', id, numeric .. ' ' .. own) == 1 and slot ~= '' then
  call('ZADD', S .. 'slots', slot, id)
end
return 1
