-- Accepts jobs. For each: id, name, tenant, when it is due (empty for at once), the key of a unique
-- job that the Go pools know, its key of ours, until when it is unique; what it is before and after the time
-- of enqueuing in a queue; the number of its fields, and the fields.
local answers = {}
local track = P .. 'job_track:inprogress'

-- Who holds a key of ours; nil if nobody does any more.
local function holder(key)
  local held = call('GET', key)
  if not held then
    return nil
  end
  local since, until_, id = string.match(held, '^(%d+) (%a+) (.*)$')
  if not id or tonumber(since) + 86400 <= sec then
    return nil
  end
  local job = load(id)
  if not job or CODE[job.status] == 3 then
    return nil
  end
  if until_ == 'started' and job.attempts or until_ == 'started' and job.status == 'Running' then
    return nil
  end
  return id
end

-- The job in a queue that holds a key of the Go pools, as far as it is near the end that is next.
local function holder_in(list, name, tail)
  for _, raw in ipairs(call('LRANGE', list, -200, -1)) do
    local _, id = parse(raw)
    if id and string.find(raw, '"unique":true', 1, true) and string.find(raw, tail, 1, true) then
      return id
    end
  end
  return ''
end

for _ = 1, tonumber(arg()) do
  local id, name, tenant, due = arg(), arg(), arg(), arg()
  local go_key, own_key, until_ = arg(), arg(), arg()
  local head, tail = arg(), arg()
  local count = tonumber(arg())
  local first = place + 1
  place = place + count
  local existing = nil
  if call('EXISTS', stats_key(id)) == 1 then
    existing = id
  elseif until_ ~= '' then
    existing = holder(S .. own_key)
    if not existing and go_key ~= '' then
      if call('EXISTS', S .. own_key) == 1 then
        -- Ours, and nobody's any more: the Go pools' key goes with it.
        call('DEL', P .. go_key)
      elseif call('EXISTS', P .. go_key) == 1 then
        existing = holder_in(P .. 'jobs:' .. name, name, tail)
      end
    end
  end
  if existing then
    answers[#answers + 1] = { 0, existing }
  else
    if until_ ~= '' then
      call('SET', S .. own_key, sec .. ' ' .. until_ .. ' ' .. id, 'EX', 86400)
      if go_key ~= '' then
        call('SET', P .. go_key, '1', 'EX', 86400)
      end
    end
    local later = due ~= '' and tonumber(due) > now
    local set = { stats_key(id) }
    for i = first, place do
      set[#set + 1] = ARGV[i]
    end
    local status = later and 'Scheduled' or 'Pending'
    for _, value in ipairs({ 'status', status, 'enqueue_time', sec, 'update_time', sec, 'revision', sec }) do
      set[#set + 1] = value
    end
    call('HSET', unpack(set))
    call('HSET', track, id, 2)
    call('SADD', P .. 'known_jobs', name)
    local raw = head .. sec .. tail
    if later then
      call('ZADD', P .. 'scheduled', int(math.ceil(tonumber(due) / 1000000)), raw)
    else
      call('LPUSH', queue(name, tenant), raw)
    end
    answers[#answers + 1] = { 1, status }
    ring('jobs')
  end
end
announce()
return { int(now), answers }
