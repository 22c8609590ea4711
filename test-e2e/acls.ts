import {
  type AclEntry,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ResourcePatternTypes,
} from 'kafkajs';
import { withAdmin } from './kafka.ts';

export interface Grant {
  readonly user: string;
  readonly on: 'group' | 'topic' | 'cluster';
  readonly name: string;
  readonly operation: 'describe' | 'read';
  /** Every name that begins so. */
  readonly prefixed?: boolean;
}

const operations = { describe: AclOperationTypes.DESCRIBE, read: AclOperationTypes.READ } as const;
const resources = {
  group: AclResourceTypes.GROUP,
  topic: AclResourceTypes.TOPIC,
  cluster: AclResourceTypes.CLUSTER,
} as const;

const entryOf = ({ user, on, name, operation, prefixed }: Grant): AclEntry => ({
  principal: `User:${user}`,
  host: '*',
  permissionType: AclPermissionTypes.ALLOW,
  operation: operations[operation],
  resourceType: resources[on],
  resourceName: name,
  resourcePatternType: prefixed ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
});

/** The only ACLs of these users from now on; the brokers hear of it within moments. */
export async function setAcls(
  servers: readonly string[],
  users: readonly string[],
  grants: readonly Grant[],
): Promise<void> {
  const all = users.map((user) => ({
    principal: `User:${user}`,
    permissionType: AclPermissionTypes.ANY,
    operation: AclOperationTypes.ANY,
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
  }));
  await withAdmin(servers, async (admin) => {
    await admin.deleteAcls({ filters: all });
    if (grants.length > 0) await admin.createAcls({ acl: grants.map(entryOf) });
  });
}
