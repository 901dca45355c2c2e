-- Writes what runs say. For each: id, token, "check_in" or "progress", and the text.
local answers = {}
for i = 1, tonumber(arg()) do
  local id, token, kind, text = arg(), arg(), arg(), arg()
  local attempt = attempt_of(id)
  local job = attempt and attempt.token == token and load(id)
  if not job then
    answers[i] = ''
  else
    if kind == 'progress' then
      call('HSET', stats_key(id), 'progress', text)
    else
      call('HSET', stats_key(id), 'check_in', '[REDUNDANT]', 'check_in_at', sec, 'update_time', sec)
      tell(id, job, job.status, job.revision or 0, text)
    end
    answers[i] = job.status
  end
end
announce()
return answers
