-- promote: puts what is due into its queue. The limit.
local limit = tonumber(arg())
local promoted, next_due = 0, 0
for _, zset in ipairs({ P .. 'scheduled', P .. 'retry' }) do
  for _, raw in ipairs(call('ZRANGEBYSCORE', zset, '-inf', sec, 'LIMIT', 0, limit)) do
    local name, id = parse(raw)
    local job
    if name then
      job = load(id)
    end
    local score = math.max(tonumber(call('ZSCORE', zset, raw)), 0)
    call('ZREM', zset, raw)
    if not name or job == false then
      put_aside(zset, raw)
    elseif not job or CODE[job.status] < 3 or job.status == 'Error' then
      if job and job.status == 'Scheduled' then
        call('HSET', stats_key(id), 'status', 'Pending', 'update_time', sec)
        if job.kind == 'Generic' then
          call('HSET', stats_key(id), 'run_at', 0)
        end
      end
      call('SADD', P .. 'known_jobs', name)
      call('LPUSH', queue(name, job and job.tenant), with_time(raw, score))
      promoted = promoted + 1
      ring('jobs')
    end
  end
  local first = call('ZRANGE', zset, 0, 0, 'WITHSCORES')[2]
  if first and (next_due == 0 or tonumber(first) < next_due) then
    next_due = math.max(tonumber(first), 1)
  end
end
announce()
return { promoted, int(next_due) }
