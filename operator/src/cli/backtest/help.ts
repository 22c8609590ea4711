import { designTraceNames } from '../../backtest/design-traces.ts';

export const backtestHelp = `Usage: lagscaler backtest --scaler <file> (--trace <file or name> | --from-prometheus <url>) [options]

Runs the operator's own decision against a history of load, in a simulation of the consumer group: what
it would have cost, and how late records would have been. Needs no Kafka and no Kubernetes.

Load
  --trace <file>           CSV with the header seconds,recordsPerSecond, linear between its rows; or one of
                           ${wrapped(designTraceNames)};
                           NAME:SEED draws it anew
  --from-prometheus <url>  the arrival rate of the last days from Prometheus; PROMETHEUS_TOKEN in the
                           environment is sent as a bearer token
  --query <promql>         records per second, one series (default: the metrics of kafka_exporter, then
                           those of lagscaler, for the topics or the name of the scaler)
  --last <duration>        how far back, such as 3d or 12h (default 3d)
  --step <duration>        between two points of it, such as 60s (default 60s, or what 11000 points need)
  --timeout <seconds>      longest time of a query, 1 to 300 (default 30)
  --save-trace <file>      writes the load as CSV

World
  --scaler <file>          a KafkaConsumerScaler; its target, Kafka, mode, paused and override do not
                           matter
  --partitions <n>         of one topic, 1 to 10000 (default 24)
  --rate-per-replica <n>   records per second that one replica can do (default 1000)
  --start-replicas <n>     at the start (default 8, within the bounds of the scaler)
  --start-seconds <a-b>    until a new pod is a member of the group, uniform between a and b (default 25-45)
  --rebalance <protocol>   eager:8, cooperative:4 or kip848:1: the pause in seconds, of all partitions or of
                           those that move (default cooperative:4)
  --commit-seconds <n>     between two commits of a partition (default 5)
  --poll-seconds <n>       between two decisions (default: pollingIntervalSeconds of the scaler)
  --noise <share>          standard deviation of the speed of all consumers together (default 0.1)
  --skew <exponent>        0: partitions get equal shares; 1: in proportion to 1, 1/2, 1/3, … (default 0)
  --fault <fault>          kind[:value]@start+duration such as poison@6h+3h; may be given more than once.
                           poison[:partition], cap[:rate], slow[:share], hot[:factor], gap, partial[:partitions],
                           nojoin, rollout, restart, recreate
  --slo-seconds <n>        a record consumed later than this is late (default 60)
  --seed <n>               of arrivals, speeds and pod starts (default 1)

Output
  --compare                runs baselines beside it: KEDA, an HPA on the rate, Flink, Numaflow and others,
                           each over a range of its parameters
  --keda <file>            a ScaledObject to run beside it; may be given more than once, implies --compare
  --explain                lists every change of the replicas, with its reason
  --plot <file.svg>        draws the run over time; with --compare late share against replica-hours
  -o, --output <format>    table (default) or json
  -h, --help               this text

Exit code: 0; 1 the history could not be read; 2 the command line or a file that it names is wrong.
`;

function wrapped(names: readonly string[]): string {
  const half = Math.ceil(names.length / 2);
  const lines = [names.slice(0, half), names.slice(half)];
  return lines.map((line) => line.join(', ')).join(',\n                           ');
}
