export const lagHelp = `Usage: lagscaler lag --bootstrap host:port[,host:port...] (--group <group>... | --all) [options]

Shows how far consumer groups are behind: the columns of kafka-consumer-groups --describe, then
BEHIND (seconds since the first unread record was written) and RATE (records a second that arrive in
the partition). A dash is "no value" or "unknown", never 0. Needs no Kubernetes, and changes nothing.

  --bootstrap <servers>   brokers to begin with; may be given more than once
  --group <group>         this group; may be given more than once
  --all                   all consumer groups of the cluster
  --topic <topic>         only rows of this topic; may be given more than once
  -o, --output <format>   table (default) or json
  --isolation <level>     read_uncommitted (default) or read_committed: the log end is then the last
                          stable offset
  --sample <seconds>      time between the two readings behind RATE, 0 to 3600 (default 2);
                          0 reads once, without RATE
  --timeout <seconds>     longest time of each reading, 1 to 300 (default 10)
  --config <file>         client properties as Kafka's tools take them with --command-config:
                          security.protocol, sasl.mechanism, sasl.jaas.config, ssl.* (PEM) and
                          bootstrap.servers; \${env:NAME} stands for an environment variable
  -h, --help              this text

Credentials come from the file or the environment, never from the command line.

Exit code: 0 all was read; 1 something was not, and standard error says what, where and what to do
(rows that could be read are printed); 2 the command line or the file of --config is wrong.
`;
