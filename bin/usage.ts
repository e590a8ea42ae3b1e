/** What `--help` prints. A text only: what holds is in `args.ts`, and a test keeps the two together. */
export const USAGE = `\
sse-gateway: one upstream event stream, many SSE clients

Usage
  sse-gateway --upstream URL [options]   serve one upstream at /events/<channel>
  sse-gateway --config FILE [options]    serve what a JSON file says: the plugin's options,
                                         "listen": { "host", "port" } and "logLevel"
  sse-gateway demo [options]             an upstream that keeps breaking, the gateway, and a page to watch
  sse-gateway check FILE [--strict]      validate a config file; warn of timings that fight each other
  sse-gateway tail URL [options]         print the events of a stream, and resume when it breaks

To serve
  -u, --upstream URL         the upstream event stream; may be repeated, one is asked at a time
  -n, --channel NAME         its channel (default events)
  -H, --header 'Name: value' sent to the upstream; may be repeated
      --replay WHICH         whether the upstream replays after Last-Event-ID: true, false, proven, unknown
                             (default unknown)
  -c, --config FILE          instead of the four above

To serve and demo
      --host HOST            address to listen on (default 127.0.0.1; also HOST)
  -p, --port PORT            port to listen on, 0: any (default 3000; also PORT)
      --log-level LEVEL      fatal, error, warn, info, debug, trace, silent (default info; demo: warn)

To check
      --strict               warnings are errors

To tail
      --json                 one JSON object per line: {"id","event","data"}
      --last-event-id ID     begin behind this event
  -H, --header 'Name: value' sent with the request; may be repeated

  -h, --help                 print this
  -v, --version              print the version

Flags win over HOST and PORT, these win over the file. SIGTERM and SIGINT drain: readiness fails, 5 s later
(drainDelayMs; demo: at once) the streams end one by one. A second signal ends the process at once.
`;
