// Generated from crds/ by operator/scripts/generate-api.ts: do not edit; run `npm run generate`.
// Types of a resource as the API server returns it: a field with a default is always there.
import type { Condition } from './conditions.ts';

/**
 * The object to scale, in the namespace of this resource: a Deployment, a StatefulSet or any kind with a scale subresource. The object itself may be created later.
 */
export interface ScaleTargetRef {
  /**
   * API version of the target as group/version, or v1 for the core group. Default apps/v1.
   */
  readonly apiVersion: string;
  /**
   * Kind of the target in CamelCase, such as Deployment or StatefulSet. Default Deployment.
   */
  readonly kind: string;
  /**
   * Name of the target. 1 to 253 characters.
   */
  readonly name: string;
}
/**
 * Bounds for some time from each start of a schedule.
 */
export interface Floor {
  /**
   * When it starts, as in cron: minute, hour, day of month, month, day of week, such as "45 1 * * *" or "0 8 * * MON-FRI". 9 to 128 characters.
   */
  readonly schedule: string;
  /**
   * How long it holds from each start, in seconds. 60 to 604800.
   */
  readonly durationSeconds: number;
  /**
   * Time zone of the schedule by its IANA name, such as Europe/Berlin. Default UTC.
   */
  readonly timeZone: string;
  /**
   * Fewest replicas meanwhile, if that is more than minReplicas. 1 to maxReplicas.
   */
  readonly minReplicas?: number;
  /**
   * Most replicas meanwhile, if that is fewer than maxReplicas. minReplicas or more.
   */
  readonly maxReplicas?: number;
}
/**
 * Secret key with the certificate authorities to trust, in PEM, instead of those of the operator's image. Strimzi: the key ca.crt of <cluster>-cluster-ca-cert. Not together with caConfigMapRef.
 */
export interface SecretKeyRef {
  /**
   * Name of a Secret in the namespace of this resource. 1 to 253 characters.
   */
  readonly name: string;
  /**
   * Key in the Secret's data. 1 to 253 characters.
   */
  readonly key: string;
}
/**
 * As caSecretRef, in a ConfigMap: certificates are no secret. Not together with caSecretRef.
 */
export interface ConfigMapKeyRef {
  /**
   * Name of a ConfigMap in the namespace of this resource. 1 to 253 characters.
   */
  readonly name: string;
  /**
   * Key in the ConfigMap's data. 1 to 253 characters.
   */
  readonly key: string;
}
/**
 * Encrypts the connections. An empty object means TLS with the certificate authorities of the operator's image. Absent: no TLS.
 */
export interface Tls {
  readonly caSecretRef?: SecretKeyRef;
  readonly caConfigMapRef?: ConfigMapKeyRef;
  readonly certSecretRef?: SecretKeyRef;
  readonly keySecretRef?: SecretKeyRef;
  /**
   * Name to expect in the brokers' certificates and to send as SNI. 1 to 253 characters. Absent: the host that is connected to.
   */
  readonly serverName?: string;
  /**
   * Accepts any broker certificate: only for tests, since anybody on the path can then read the credentials. Not together with a CA. Default false.
   */
  readonly insecureSkipVerify: boolean;
}
/**
 * The Secret with user name and password, for PLAIN and SCRAM.
 */
export interface CredentialsSecretRef {
  /**
   * Name of a Secret in the namespace of this resource. 1 to 253 characters.
   */
  readonly name: string;
  /**
   * Key of the user name in the Secret's data. 1 to 253 characters. Default username.
   */
  readonly usernameKey: string;
  /**
   * Key of the password in the Secret's data. 1 to 253 characters. Default password.
   */
  readonly passwordKey: string;
}
/**
 * The Secret with client id and client secret.
 */
export interface ClientSecretRef {
  /**
   * Name of a Secret in the namespace of this resource. 1 to 253 characters.
   */
  readonly name: string;
  /**
   * Key of the client id in the Secret's data. 1 to 253 characters. Default clientId.
   */
  readonly clientIdKey: string;
  /**
   * Key of the client secret in the Secret's data. 1 to 253 characters. Default clientSecret.
   */
  readonly clientSecretKey: string;
}
/**
 * Asks a token endpoint with the client credentials grant of OAuth 2.0. A token is used for half of its life.
 */
export interface ClientCredentials {
  /**
   * Address of the token endpoint. https, since the client secret is sent there; http only for a loopback host (localhost, 127.0.0.1, [::1]), for tests. 8 to 2048 characters.
   */
  readonly tokenEndpointUri: string;
  readonly clientSecretRef: ClientSecretRef;
  /**
   * Client id, where the Secret has none. 1 to 512 characters. Absent: the key clientIdKey of the Secret.
   */
  readonly clientId?: string;
  /**
   * How the client proves itself: client_secret_basic sends id and secret in the Authorization header, client_secret_post in the body. Default client_secret_basic.
   */
  readonly clientAuthMethod: 'client_secret_basic' | 'client_secret_post';
  /**
   * Scopes to ask for. Up to 50 entries, no duplicates. Absent: those that the endpoint gives by default.
   */
  readonly scopes?: readonly string[];
  /**
   * Audience to ask for, where the endpoint knows that parameter. 1 to 2048 characters.
   */
  readonly audience?: string;
  readonly caSecretRef?: SecretKeyRef;
  readonly caConfigMapRef?: ConfigMapKeyRef;
}
/**
 * Where the tokens of OAUTHBEARER come from, and what is sent with them.
 */
export interface OauthBearer {
  readonly clientCredentials?: ClientCredentials;
  /**
   * Name of a file with a token that somebody else keeps fresh, such as a projected service-account token: in the folder of this namespace below the operator's KAFKA_TOKEN_DIRECTORY. Read for each authentication. 1 to 253 characters.
   */
  readonly tokenFile?: string;
  /**
   * Sent to the brokers with each token (RFC 7628), such as logicalCluster and identityPoolId for Confluent Cloud. Up to 32 entries.
   */
  readonly extensions?: Readonly<Record<string, string>>;
}
/**
 * The Secret with an access key. Absent: the operator's own identity (such as the role of its ServiceAccount), where its KAFKA_AWS_NAMESPACES allows that to this namespace.
 */
export interface AccessKeySecretRef {
  /**
   * Name of a Secret in the namespace of this resource. 1 to 253 characters.
   */
  readonly name: string;
  /**
   * Key of the access key id in the Secret's data. 1 to 253 characters. Default accessKeyId.
   */
  readonly accessKeyIdKey: string;
  /**
   * Key of the secret access key in the Secret's data. 1 to 253 characters. Default secretAccessKey.
   */
  readonly secretAccessKeyKey: string;
  /**
   * Key of the session token of temporary keys in the Secret's data. 1 to 253 characters.
   */
  readonly sessionTokenKey?: string;
}
/**
 * Identity for Amazon MSK with IAM access control. Needs tls.
 */
export interface AwsMskIam {
  /**
   * AWS region of the MSK cluster, such as eu-west-1. 1 to 63 characters.
   */
  readonly region: string;
  /**
   * Role to assume, with the access key or else with the operator's own identity. 20 to 2048 characters. Absent: none is assumed.
   */
  readonly roleArn?: string;
  readonly accessKeySecretRef?: AccessKeySecretRef;
}
/**
 * Signs in to the brokers. Absent: no SASL. Without tls passwords of PLAIN and tokens of OAUTHBEARER travel in clear text.
 */
export interface Sasl {
  /**
   * How to sign in. PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512 with user name and password, OAUTHBEARER with tokens, AWS_MSK_IAM with an AWS identity (Amazon MSK).
   */
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER' | 'AWS_MSK_IAM';
  /**
   * User name for PLAIN and SCRAM, where the Secret has none: the Secret of a Strimzi KafkaUser is named like the user and holds only the password. 1 to 253 characters. Absent: the key usernameKey of the Secret.
   */
  readonly username?: string;
  readonly secretRef?: CredentialsSecretRef;
  readonly oauthBearer?: OauthBearer;
  readonly awsMskIam?: AwsMskIam;
}
/**
 * How to reach the Kafka cluster. Resources with equal settings share one connection.
 */
export interface Kafka {
  /**
   * Brokers to connect to first, each as host:port; an IPv6 address in brackets. 1 to 20 entries, no duplicates. The other brokers are found through them.
   */
  readonly bootstrapServers: readonly string[];
  readonly tls?: Tls;
  readonly sasl?: Sasl;
}
/**
 * What the target consumes and how.
 */
export interface Consumer {
  /**
   * Consumer group whose lag counts; group.id of the consumers, application.id of Kafka Streams. 1 to 255 characters.
   */
  readonly group: string;
  /**
   * Topics whose lag counts. 1 to 100 names, no duplicates. Absent: the topics the group has committed or is assigned.
   */
  readonly topics?: readonly string[];
  /**
   * Only these partitions of the topic count, as numbers and ranges from 0 to 999999, such as "0-5,9"; overlaps are merged. Only with exactly one topic. At most 512 characters. Absent or blank: all partitions.
   */
  readonly partitions?: string;
  /**
   * auto.offset.reset of the consumers: says what a partition without a commit has to read. latest: nothing, earliest: everything that is retained. Default latest.
   */
  readonly offsetResetPolicy: 'latest' | 'earliest';
  /**
   * isolation.level of the consumers: where a partition ends. read_uncommitted: the high watermark, read_committed: the last stable offset. Default read_uncommitted.
   */
  readonly isolationLevel: 'read_uncommitted' | 'read_committed';
  /**
   * Group members that run in one replica. 1 to 1000. More members than partitions are idle, so this lowers the useful replicas. Default 1.
   */
  readonly threadsPerReplica: number;
  /**
   * What holds while no partition has any commit. keepOne: one replica stays, since a group that starts at latest could never start otherwise; ignore: the group may be at zero, and uncommitted partitions have no lag. Default keepOne.
   */
  readonly neverCommitted: 'keepOne' | 'ignore';
}
/**
 * Sizes by ceil(lag / value), compatible with KEDA's lagThreshold and the HorizontalPodAutoscaler.
 */
export interface LagPerReplica {
  /**
   * Lag one replica may have, in records. 1 to 9007199254740991.
   */
  readonly value: number;
  /**
   * The replicas stay while lag / (value x replicas) is within 1 - tolerance and 1 + tolerance. A decimal string of at least "0" and less than "1", at most 9 decimals. As the HorizontalPodAutoscaler. behavior.scaleUp.tolerance and behavior.scaleDown.tolerance take precedence. Default "0.1".
   */
  readonly tolerance: string;
}
/**
 * Numbers that rarely need a change. Absent, or a field of it: the defaults.
 */
export interface Tuning {
  /**
   * Without a backlog, scales up only when the busiest consumer uses more than this share of what it can read, and records would otherwise come too near the objective before more replicas read. A decimal string greater than "0" and at most "1", at most 4 decimals. Default "1".
   */
  readonly scaleUpUtilization?: string;
  /**
   * A larger size is chosen so that its busiest consumer uses at most this share. A decimal string greater than "0" and at most "1", at most 4 decimals. Default "0.95".
   */
  readonly targetUtilization?: string;
  /**
   * A smaller size is chosen only if its busiest consumer would use at most this share. A decimal string greater than "0" and at most "1", at most 4 decimals. Default "0.9".
   */
  readonly scaleDownUtilization?: string;
  /**
   * The largest size that was needed in this time is kept; up to 6 times as long while scale-downs have to be undone within an hour. In seconds, 0 to 3600. Default 300.
   */
  readonly downWindowSeconds?: number;
  /**
   * What arrives in this time is not counted as backlog, nor what arrives in two commit intervals or in half of the time that the objective leaves beside a rebalance. In seconds, 0 to 3600. Default 15.
   */
  readonly lagFloorSeconds?: number;
  /**
   * Pods and members must have been unchanged for this time before the size changes again. In seconds, 0 to 3600. Default 30.
   */
  readonly settleSeconds?: number;
  /**
   * Shortest time from any change of the size to a scale-up. In seconds, 0 to 3600. Default 10.
   */
  readonly minUpIntervalSeconds?: number;
  /**
   * Shortest time from any change of the size to a scale-down. In seconds, 0 to 3600. Default 300.
   */
  readonly minDownIntervalSeconds?: number;
  /**
   * Largest share of the replicas that goes in one step. A decimal string greater than "0" and at most "1", at most 4 decimals. Default "1".
   */
  readonly maxDownFraction?: string;
  /**
   * A size that is at least this many times the current one does not wait until the group has settled. A decimal string of at least "1" and at most "100", at most 4 decimals. Default "1.5".
   */
  readonly emergencyFactor?: string;
  /**
   * A partition that stands still for this time while most others move is not counted, and keeps the size from going down. In seconds, 5 to 3600. Default 30.
   */
  readonly suspectAfterSeconds?: number;
  /**
   * A scale-up that brings less than this share of what it should is taken back. A decimal string greater than "0" and at most "1", at most 4 decimals. Default "0.1".
   */
  readonly ineffectiveThreshold?: string;
  /**
   * Time without scale-ups after one that did not help; 2, 4 and 8 times as long on repetition. In seconds, 0 to 86400. Default 600.
   */
  readonly freezeSeconds?: number;
  /**
   * While it is not known what one replica can read, tries with one less from time to time. Default true.
   */
  readonly canary?: boolean;
}
/**
 * Sizes by time: the fewest replicas that keep records from becoming older than objectiveSeconds. What one replica can read is learned while it has more to do than it can.
 */
export interface TimeLag {
  /**
   * How old the oldest unread record may become, in seconds. 1 to 86400. Below the time that a pod needs to start plus about 45 it can only be kept while load rises slowly. Default 60.
   */
  readonly objectiveSeconds: number;
  /**
   * Time in which a backlog is to be gone, in seconds: shorter needs more replicas. 1 to 604800. Default 120.
   */
  readonly drainSeconds: number;
  /**
   * What one replica can read, in records per second, as far as you know: it counts until enough has been learned. A decimal string greater than "0", at most 3 decimals. Absent: it is learned.
   */
  readonly capacityPerReplica?: string;
  /**
   * What the systems behind the consumers bear, in records per second of the whole group: no more replicas than can read this. A decimal string greater than "0", at most 3 decimals. Absent: no limit.
   */
  readonly maxGroupRate?: string;
  readonly tuning?: Tuning;
}
/**
 * How lag becomes replicas. Exactly one strategy.
 */
export interface Sizing {
  readonly lagPerReplica?: LagPerReplica;
  readonly timeLag?: TimeLag;
}
/**
 * When a target with minReplicas 0 leaves zero and returns to it.
 */
export interface Activation {
  /**
   * The group is active while its lag is greater than this, in records. 0 to 9007199254740991. Without effect when minReplicas is 1 or more. Default 0.
   */
  readonly lag: number;
  /**
   * Time without activity before the target goes to zero, in seconds. 0 to 604800. Without effect when minReplicas is 1 or more. As KEDA's cooldownPeriod. Default 300.
   */
  readonly cooldownSeconds: number;
  /**
   * Fewest replicas while the group is active. 1 to maxReplicas. Without effect when minReplicas is 1 or more. Default 1.
   */
  readonly minActiveReplicas: number;
}
/**
 * One limit on the change.
 */
export interface ScalePolicy {
  /**
   * Unit of value. Pods: replicas; Percent: of the replicas at the start of the period.
   */
  readonly type: 'Pods' | 'Percent';
  /**
   * Largest change, in replicas or percent. 1 to 2147483647.
   */
  readonly value: number;
  /**
   * Time the limit holds for, in seconds. 1 to 1800.
   */
  readonly periodSeconds: number;
}
/**
 * Rules for more replicas. Waking from zero ignores them.
 */
export interface ScaleRules {
  /**
   * The lowest recommendation of this time limits an increase, in seconds. 0 to 3600. Absent: 0.
   */
  readonly stabilizationWindowSeconds?: number;
  /**
   * Limits on the change within a period. 1 to 20. Absent: 4 Pods and 100 Percent, each in 15 seconds.
   */
  readonly policies?: readonly ScalePolicy[];
  /**
   * Which policy decides. Max: the one that allows most, Min: the one that allows least, Disabled: no change in this direction. Absent: Max.
   */
  readonly selectPolicy?: 'Max' | 'Min' | 'Disabled';
  /**
   * Share of lag above the target that is accepted, as a decimal string of at least "0", at most 9 decimals. Absent: sizing.lagPerReplica.tolerance.
   */
  readonly tolerance?: string;
}
/**
 * How fast the replicas may change, field for field as autoscaling/v2. Absent: up in one jump without limit, down after a window of 300 seconds. Present, also when empty: the defaults of autoscaling/v2 for each field that is absent.
 */
export interface Behavior {
  readonly scaleUp?: ScaleRules;
  readonly scaleDown?: ScaleRules;
}
/**
 * What to do while lag cannot be read. Absent: the replicas stay as they are for as long as it takes.
 */
export interface Fallback {
  /**
   * Readings that may fail in a row; the fallback holds from the next one on. 0 to 2147483647. As KEDA's, but counted once per polling interval. Default 3.
   */
  readonly failureThreshold: number;
  /**
   * Replicas behavior refers to. 1 to maxReplicas; never 0, so that a Kafka outage cannot stop the consumers.
   */
  readonly replicas: number;
  /**
   * static: replicas; currentReplicas: no change; currentReplicasIfHigher: the larger of the two; currentReplicasIfLower: the smaller of the two. As KEDA's. Default static.
   */
  readonly behavior: 'static' | 'currentReplicas' | 'currentReplicasIfHigher' | 'currentReplicasIfLower';
}
/**
 * Holds the target at a size that a person chose, until a given time. Beats lag, also below minReplicas; paused beats it.
 */
export interface Override {
  /**
   * Replicas to hold. 0 to maxReplicas. Required.
   */
  readonly replicas: number;
  /**
   * When the override ends and lag decides again: an RFC 3339 time with a time zone, such as "2026-12-01T00:00:00Z". Required.
   */
  readonly until: string;
  /**
   * Why, for those who find it. 1 to 256 characters. Required.
   */
  readonly reason: string;
}
/**
 * What to scale, which consumer group to read, and how to size it.
 */
export interface KafkaConsumerScalerSpec {
  readonly scaleTargetRef: ScaleTargetRef;
  /**
   * Fewest replicas. 0 to maxReplicas; with 0 the target is scaled to zero while there is nothing to read, see activation. Default 1.
   */
  readonly minReplicas: number;
  /**
   * Most replicas. 1 to 2147483647. The operator stays lower when the group has fewer partitions than replicas, since a replica without a partition does nothing.
   */
  readonly maxReplicas: number;
  /**
   * Bounds that hold at some times only, such as before a nightly batch. Where entries overlap, the largest minReplicas and the smallest maxReplicas hold; more replicas win. At most 20.
   */
  readonly floors?: readonly Floor[];
  readonly kafka: Kafka;
  readonly consumer: Consumer;
  readonly sizing: Sizing;
  readonly activation: Activation;
  readonly behavior?: Behavior;
  readonly fallback?: Fallback;
  /**
   * Time between two readings of lag, each with a decision, in seconds. 1 to 3600. Default 5.
   */
  readonly pollingIntervalSeconds: number;
  /**
   * Active: decides and scales. Recommend: decides and reports, never writes to the target. Default Active.
   */
  readonly mode: 'Active' | 'Recommend';
  /**
   * Stops all writes to the target; lag is still read and reported. Beats override. Default false.
   */
  readonly paused: boolean;
  readonly override?: Override;
}
/**
 * One partition and where it stands.
 */
export interface StalledPartition {
  /**
   * Topic and partition, such as orders/3.
   */
  readonly partition: string;
  /**
   * The committed offset, as a decimal string.
   */
  readonly offset: string;
}
/**
 * The largest size of one minute.
 */
export interface NeededReplicas {
  /**
   * The minute, RFC 3339.
   */
  readonly time: string;
  /**
   * Replicas that were needed.
   */
  readonly replicas: number;
}
/**
 * What sizing.timeLag has learned and a restart of the operator should not forget. Deleting it is safe: it is learned again.
 */
export interface Learned {
  /**
   * How to read the other fields. Another version than 1 is ignored.
   */
  readonly version: number;
  /**
   * Throughput of one replica that had more to do than it could, in records per second.
   */
  readonly capacityPerReplica?: string;
  /**
   * How often that was seen. A restart believes three of them, one when the last is older than a day.
   */
  readonly capacitySamples?: number;
  /**
   * When that was seen last, to the minute, RFC 3339.
   */
  readonly capacityTime?: string;
  /**
   * One replica once did at least this, in records per second. For people: a restart does not read it back.
   */
  readonly lowerBoundPerReplica?: string;
  /**
   * Longest of the last pauses from a change of the members until all partitions were committed again.
   */
  readonly rebalanceSeconds?: string;
  /**
   * Longest of the last times from a scale-up until a new member committed.
   */
  readonly startSeconds?: string;
  /**
   * Time between two commits of a partition.
   */
  readonly commitSeconds?: string;
  /**
   * The last replicas that were not 0.
   */
  readonly lastSize?: number;
  /**
   * No scale-up until then, since the last one did not help. RFC 3339.
   */
  readonly freezeUntil?: string;
  /**
   * How many scale-ups in a row did not help before that one.
   */
  readonly freezeStep?: number;
  /**
   * No try with one replica less before this time. RFC 3339.
   */
  readonly canaryTime?: string;
  /**
   * Partitions that stand still while others move. At most 20.
   */
  readonly stalledPartitions?: readonly StalledPartition[];
  /**
   * Largest sizes that were needed in the last minutes, while fewer replicas are on their way. At most 12.
   */
  readonly downWindow?: readonly NeededReplicas[];
}
/**
 * One step of the decision.
 */
export interface DecisionStep {
  /**
   * Name of the step.
   */
  readonly step: string;
  /**
   * Replicas the step was given.
   */
  readonly from: number;
  /**
   * Replicas the step asks for.
   */
  readonly to: number;
  /**
   * Why, in one CamelCase word.
   */
  readonly reason: string;
  /**
   * Why, in a sentence.
   */
  readonly message: string;
}
/**
 * The last decision, as events, logs and metrics show it.
 */
export interface Decision {
  /**
   * Why, in one CamelCase word.
   */
  readonly reason: string;
  /**
   * Why, in a sentence.
   */
  readonly message: string;
  /**
   * The steps that led from lag to desiredReplicas, in order.
   */
  readonly steps?: readonly DecisionStep[];
}
/**
 * One change of the replicas.
 */
export interface HistoryEntry {
  /**
   * When the change was accepted by the API server, RFC 3339.
   */
  readonly time: string;
  /**
   * Replicas before.
   */
  readonly from: number;
  /**
   * Replicas after.
   */
  readonly to: number;
  /**
   * Lag of the group then, in records, as a decimal string: of the partitions that were known. Absent when none was.
   */
  readonly lag?: string;
  /**
   * Why, in one CamelCase word.
   */
  readonly reason: string;
  /**
   * Why, in a sentence.
   */
  readonly message: string;
}
/**
 * What the operator saw and decided last. Written by the operator only.
 */
export interface KafkaConsumerScalerStatus {
  /**
   * metadata.generation of the spec this status speaks of.
   */
  readonly observedGeneration?: number;
  /**
   * Replicas the target asks for: spec.replicas of its scale subresource.
   */
  readonly currentReplicas?: number;
  /**
   * Replicas the last decision asks for.
   */
  readonly desiredReplicas?: number;
  /**
   * Replicas that are ready: status.readyReplicas of the target. Absent for kinds that do not say.
   */
  readonly readyReplicas?: number;
  /**
   * Pods of the target that no node has room for: Pending, with the reason Unschedulable. While there are any, the target is not scaled out. Absent when there is none, and while nobody knows.
   */
  readonly unschedulablePods?: number;
  /**
   * Lag of the group in records, as a decimal string since it can exceed 2^53. From Kafka: the sum over the partitions of end offset minus committed offset. Absent while a partition is unknown.
   */
  readonly lag?: string;
  /**
   * Age of the oldest record that the group has not committed, in seconds, as a decimal string; of the partition that is most behind. From end offsets over time, and where the record is older than that from its timestamp. Absent while unknown.
   */
  readonly lagSeconds?: string;
  /**
   * Records per second that are written to the partitions of the group, as a decimal string: the higher of the mean of the last 45 s and of the last 300 s. Absent while unknown, such as at the first poll.
   */
  readonly arrivalRate?: string;
  /**
   * Records per second that the group commits, as a decimal string, since its members last changed. Absent while unknown.
   */
  readonly consumptionRate?: string;
  /**
   * What the last commits look like, of the worst partition and by the rules of Burrow. OK, WARN (behind, and the lag never falls) or ERR (stopped, stalled or gone back). OK also while too little has been seen. Informs, and decides nothing.
   */
  readonly commitStatus?: string;
  /**
   * Partitions that count. From Kafka.
   */
  readonly partitions?: number;
  /**
   * Partitions whose lag could not be read. From Kafka. While there are any, the target is not scaled in.
   */
  readonly unknownPartitions?: number;
  /**
   * Members of the group. From Kafka. Absent when the group may not be described.
   */
  readonly members?: number;
  /**
   * The last non-empty list of topics that counted. From the spec, else from Kafka.
   */
  readonly topics?: readonly string[];
  /**
   * When the operator last changed the replicas, RFC 3339.
   */
  readonly lastScaleTime?: string;
  /**
   * When the group was last active: lag greater than activation.lag, or new records. RFC 3339. cooldownSeconds counts from here.
   */
  readonly lastActiveTime?: string;
  /**
   * What one replica can read, in records per second, as sizing.timeLag has learned it or was told. Absent while it is unknown.
   */
  readonly capacityPerReplica?: string;
  readonly learned?: Learned;
  readonly decision?: Decision;
  /**
   * The last changes of the replicas, newest last. At most 10.
   */
  readonly history?: readonly HistoryEntry[];
  /**
   * Ready: is the resource served? AbleToScale: can the replicas be read and set? ScalingActive: is there a usable reading? ScalingLimited: was the wish cut? Only while they hold: Unschedulable, pods of the target find no node; PartitionStalled, a partition stands still while others move; IneffectiveScaleUp, more replicas did not read more; MembersMissing, pods are ready but not in the group.
   */
  readonly conditions?: readonly Condition[];
}
