-- wrk -s wrk.lua URL -- BODY_BYTES: POSTs a body of that size (GET when 0) and prints the result as one line of JSON.
init = function(args)
  local bytes = tonumber(args[1] or '0')
  if bytes > 0 then
    wrk.method = 'POST'
    wrk.headers['Content-Type'] = 'application/octet-stream'
    wrk.body = string.rep('x', bytes)
  end
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"p50":%.1f,"p99":%.1f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
