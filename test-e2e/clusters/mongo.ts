import { randomBytes } from 'node:crypto';
import { MongoClient, MongoServerError } from 'mongodb';

/** A MongoDB server as plain data, so that it can be handed on: where it is, and who may use which database. */
export interface MongoServer {
  /** `mongodb://host:port,…` or `mongodb+srv://host`, as this machine reaches it. */
  readonly address: string;
  /** The same for pods. */
  readonly podAddress: string;
  /** What follows the `?` of a connection string, e.g. `tls=true`. */
  readonly options: string;
  /** By database; undefined where the server checks no credentials. */
  readonly users: Readonly<Record<string, MongoUser>> | undefined;
}

interface MongoUser {
  readonly username: string;
  readonly password: string;
}

/** The databases of the demo services, each of which has a user of its own. */
export const mongoDatabases = ['operation_service', 'user_service'] as const;

/** How services reach their databases; `Cluster` has these too. */
export interface MongoUrls {
  /** The connection string of a database for a pod, with the credentials of its only user. */
  mongoUrl(database: string): string;
  /** The same from this machine. */
  hostMongoUrl(database: string): string;
  readonly mongoChecksCredentials: boolean;
}

/** @param missing what to do about it when there is no server */
export function mongoUrls(server: MongoServer | undefined, missing: string): MongoUrls {
  const url = (database: string, where: 'address' | 'podAddress') => {
    if (!server) throw new Error(missing);
    return connectionString(server, server[where], database);
  };
  return {
    mongoUrl: (database) => url(database, 'podAddress'),
    hostMongoUrl: (database) => url(database, 'address'),
    mongoChecksCredentials: server?.users !== undefined,
  };
}

function connectionString(server: MongoServer, address: string, database: string): string {
  const { users, options } = server;
  const query = (more: string) => [options, more].filter(Boolean).join('&');
  if (!users) return withQuery(`${address}/${database}`, query(''));
  const user = users[database];
  if (!user)
    throw new Error(
      `no user for the database ${database}: use one of ${Object.keys(users).join(', ')}`,
    );
  const [scheme, hosts] = address.split('://');
  const { username, password } = user;
  return withQuery(
    `${scheme}://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${hosts}/${database}`,
    query(`authSource=${database}`),
  );
}

function withQuery(url: string, query: string): string {
  return query ? `${url}?${query}` : url;
}

/**
 * The server that MONGODB_CONNECTION_STRING names, whose user may create users; POD_MONGODB_HOSTS when pods reach it
 * elsewhere. Where it checks credentials, each database gets a user of its own with a new password.
 * @returns undefined when the variable is not set
 */
export async function mongoFromEnv(): Promise<MongoServer | undefined> {
  const admin = process.env['MONGODB_CONNECTION_STRING'];
  if (!admin) return undefined;
  const { scheme, hosts, options } = parseConnectionString(admin);
  const address = `${scheme}://${hosts}`;
  const podAddress = `${scheme}://${process.env['POD_MONGODB_HOSTS'] || hosts}`;
  const checked = await checksCredentials(withQuery(`${address}/`, options));
  const users = checked ? await createUsers(admin) : undefined;
  return { address, podAddress, options, users };
}

export function parseConnectionString(connectionString: string) {
  const shape = /^(mongodb(?:\+srv)?):\/\/(?:[^@/]*@)?([^/?]+)(?:\/[^?]*)?(?:\?(.*))?$/;
  const [, scheme = '', hosts = '', query = ''] = shape.exec(connectionString) ?? [];
  // Not its value: it holds a password.
  if (!hosts) throw new Error('MONGODB_CONNECTION_STRING: use mongodb://user:password@host:port/');
  const options = query.split('&').filter((each) => !/^auth(Source|Mechanism)=/i.test(each));
  return { scheme, hosts, options: options.filter(Boolean).join('&') };
}

async function checksCredentials(anonymous: string): Promise<boolean> {
  return withClient(anonymous, async (client) => {
    try {
      await client.db('operation_service').command({ listCollections: 1 });
      return false;
    } catch (error) {
      if (error instanceof MongoServerError) return true; // it answers, and refuses
      throw error;
    }
  });
}

async function createUsers(admin: string): Promise<Record<string, MongoUser>> {
  return withClient(admin, async (client) => {
    const users: Record<string, MongoUser> = {};
    for (const database of mongoDatabases) {
      const user = { username: `lagscaler_${database}`, password: newPassword() };
      await createUser(client, database, user);
      users[database] = user;
    }
    return users;
  });
}

export function newPassword(): string {
  return randomBytes(16).toString('hex');
}

const userExists = 51003;

async function createUser(client: MongoClient, database: string, user: MongoUser): Promise<void> {
  const rights = { pwd: user.password, roles: [{ role: 'readWrite', db: database }] };
  const db = client.db(database);
  try {
    await db.command({ createUser: user.username, ...rights });
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== userExists) throw error;
    await db.command({ updateUser: user.username, ...rights });
  }
}

async function withClient<T>(url: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(url, {
    serverSelectionTimeoutMS: 10_000,
    socketTimeoutMS: 10_000,
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
