-- The schedules whose slots have come, with what is known about them: at most so many.
-- And policies without a slot, which a Go pool's client has added: from a cursor on.
local limit, cursor = tonumber(arg()), arg()
local due, added, gone = {}, {}, 0

local function policy_of(id)
  local own = call('HGET', S .. 'schedules', id)
  local numeric = own and string.match(own, '^(%d+) ')
  if not numeric then
    return nil
  end
  for _, raw in ipairs(call('ZRANGEBYSCORE', P .. 'period:policies', numeric, numeric)) do
    local ok, policy = pcall(cjson.decode, raw)
    if ok and type(policy) == 'table' and policy.id == id then
      return raw, own
    end
  end
end

for _, id in ipairs(call('ZRANGEBYSCORE', S .. 'slots', '-inf', int(now), 'LIMIT', 0, limit)) do
  local slot = call('ZSCORE', S .. 'slots', id)
  local raw, own = policy_of(id)
  if raw then
    due[#due + 1] = { id, int(tonumber(slot)), raw, own }
  else
    -- A Go pool's client has deleted it.
    call('ZREM', S .. 'slots', id)
    call('HDEL', S .. 'schedules', id)
    gone = gone + 1
  end
end
local next_cursor = '0'
if cursor ~= '' then
  local page = call('ZSCAN', P .. 'period:policies', cursor, 'COUNT', 200)
  next_cursor = page[1]
  for i = 1, #page[2], 2 do
    local raw, numeric = page[2][i], page[2][i + 1]
    local ok, policy = pcall(cjson.decode, raw)
    local id = ok and type(policy) == 'table' and policy.id
    if type(id) ~= 'string' or not string.match(id, '^[%w_-]+$') then
      put_aside(P .. 'period:policies', raw)
      call('ZREM', P .. 'period:policies', raw)
    elseif call('HEXISTS', S .. 'schedules', id) == 0 then
      added[#added + 1] = { id, int(tonumber(numeric)), raw }
    end
  end
end
local first = call('ZRANGE', S .. 'slots', 0, 0, 'WITHSCORES')[2]
return { int(now), due, added, next_cursor, first and int(tonumber(first)) or '0',
  call('ZCARD', P .. 'period:policies') - call('HLEN', S .. 'schedules') }
