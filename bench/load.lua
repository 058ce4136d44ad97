-- One request after another on each of wrk's connections, each drawn at random from the lines of a file: paths for GET,
-- bodies for POST. Prints what was measured as one line of JSON.
local lines, path, method = {}, os.getenv("BENCH_PATH"), os.getenv("BENCH_METHOD")

function init(args)
  math.randomseed(tonumber(os.getenv("BENCH_SEED")))
  for line in io.lines(os.getenv("BENCH_LINES")) do lines[#lines + 1] = line end
  local auth, kind = os.getenv("BENCH_AUTH"), os.getenv("BENCH_TYPE")
  if auth ~= "" then wrk.headers["Authorization"] = auth end
  if kind ~= "" then wrk.headers["Content-Type"] = kind end
end

function request()
  local line = lines[math.random(#lines)]
  if method == "GET" then return wrk.format("GET", line) end
  return wrk.format(method, path, nil, line)
end

function done(summary, latency, requests)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    'JSON {"requests":%d,"us":%d,"refused":%d,"failed":%d,"p50_us":%d,"p99_us":%d,"worst_us":%d}\n',
    summary.requests, summary.duration, summary.errors.status, failed,
    latency:percentile(50), latency:percentile(99), latency.max))
end
