/** How to reach one Kafka cluster, with the secrets resolved. Two equal values share a session. */
export interface KafkaConnection {
  readonly bootstrapServers: readonly string[];
  readonly tls: undefined | TlsSettings;
  readonly sasl: undefined | SaslSettings;
}

export interface TlsSettings {
  /** PEM, one or more certificates; undefined: those of the operator's image. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly insecureSkipVerify: boolean;
}

export type SaslSettings = PasswordSettings | OAuthSettings | AwsSettings;

export interface PasswordSettings {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

export interface OAuthSettings {
  readonly mechanism: 'OAUTHBEARER';
  readonly token: ClientCredentials | TokenFile;
  /** Sent to the broker with each token (RFC 7628), e.g. `logicalCluster`. */
  readonly extensions: Readonly<Record<string, string>>;
}

/** The client credentials grant of OAuth 2.0 (RFC 6749, section 4.4). */
export interface ClientCredentials {
  readonly from: 'tokenEndpoint';
  /** https; http only for a loopback host. */
  readonly uri: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clientAuthMethod: 'client_secret_basic' | 'client_secret_post';
  readonly scopes: readonly string[];
  readonly audience: string | undefined;
  /** PEM; undefined: the usual authorities. */
  readonly ca: string | undefined;
}

/** A token that somebody else keeps fresh, e.g. the kubelet; read for each authentication. */
export interface TokenFile {
  readonly from: 'file';
  readonly path: string;
}

/** Amazon MSK: OAUTHBEARER with a token that is a signed request. */
export interface AwsSettings {
  readonly mechanism: 'AWS_MSK_IAM';
  readonly region: string;
  /** To be assumed with the keys, or else with the operator's own identity. */
  readonly roleArn: string | undefined;
  /** Undefined: the operator's own identity, as the AWS SDK finds it. */
  readonly keys: AwsKeys | undefined;
}

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}
