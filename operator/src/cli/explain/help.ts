export const explainHelp = `Usage: lagscaler explain <name> [-n <namespace>] [options]
       lagscaler explain --file <file> [options]

Why a KafkaConsumerScaler has the replicas that it has: what the operator saw, each step of its last
decision with its numbers, and the last changes. Reads only the resource, which needs get on
kafkaconsumerscalers, and changes nothing.

  -n, --namespace <name>   of the resource (default: that of the current context)
  --kubeconfig <file>      (default: KUBECONFIG in the environment, then ~/.kube/config)
  -f, --file <file>        a resource as kubectl get -o yaml or -o json prints it, instead of a cluster;
                           - is standard input
  -o, --output <format>    table or json (default table)
  --timeout <seconds>      longest time of the request, 1 to 300 (default 10)
  -h, --help               this text

Exit code: 0 explained, 1 the resource could not be read, 2 the command line or a file is wrong.
`;
