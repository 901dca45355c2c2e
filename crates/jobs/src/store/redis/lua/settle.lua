-- settle_hooks. For each event: its job, its number, the key of who is told, after how many
-- microseconds it is tried again (negative if it was delivered), as how many tries that counts, and
-- the ack: status, revision, time of the check-in, as JSON.
local function settle(id, number, key, wait, counted, status, revision, check_in_at, ack)
  local events = S .. 'events:' .. id
  local event = call('LINDEX', events, 0)
  if not event or string.match(event, '^(%d+)\n') ~= number then
    return
  end
  if wait >= 0 then
    local head, tries, tail = string.match(event, '^(%d+\n)(%d+)(\n.*)$')
    call('LSET', events, 0, head .. int(tonumber(tries) + counted) .. tail)
    call('ZADD', key, int(now + wait), id)
    return
  end
  call('LPOP', events)
  if call('LLEN', events) > 0 then
    call('ZADD', key, int(now), id)
    ring('hooks')
  else
    call('ZREM', key, id)
  end
  if call('EXISTS', stats_key(id)) == 0 then
    return
  end
  local known = call('HGET', stats_key(id), 'ack')
  local ok, old = pcall(cjson.decode, known or '')
  local later = true
  if known and ok and type(old) == 'table' then
    local by_revision = revision - (tonumber(old.revision) or 0)
    local by_status = (CODE[status] or 0) - (CODE[old.status or ''] or 0)
    local by_check_in = check_in_at - (tonumber(old.check_in_at) or 0)
    later = by_revision > 0 or by_revision == 0 and (by_status > 0 or by_status == 0 and by_check_in > 0)
  end
  if later then
    call('HSET', stats_key(id), 'ack', ack)
  end
  if CODE[status] == 3 then
    local track = P .. 'job_track:inprogress'
    if call('HEXISTS', track, id) == 1 and call('HINCRBY', track, id, -1) <= 0 then
      call('HDEL', track, id)
    end
  end
end

for _ = 1, tonumber(arg()) do
  local id, number, key, wait, counted = arg(), arg(), S .. arg(), tonumber(arg()), tonumber(arg())
  local status, revision, check_in_at, ack = arg(), tonumber(arg()), tonumber(arg()), arg()
  settle(id, number, key, wait, counted, status, revision, check_in_at, ack)
end
announce()
return 1
