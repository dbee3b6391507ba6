/** Which warehouse a stage uses: from the environment, otherwise from the deployed functions' configuration. */
import { defined } from '../../shared/run/defined.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Parameters of a first Data API call: exactly one of workgroup and cluster. */
export interface WarehouseTarget {
  readonly WorkgroupName?: string;
  readonly ClusterIdentifier?: string;
  readonly Database: string;
  readonly DbUser?: string;
  readonly SecretArn?: string;
}

/** BATON_WORKGROUP or BATON_CLUSTER, with BATON_DATABASE, BATON_DB_USER, BATON_SECRET_ARN; undefined without either. */
export function warehouseTargetOf(env: Env): WarehouseTarget | undefined {
  const database = env['BATON_DATABASE'];
  const secret = env['BATON_SECRET_ARN'];
  const common = {
    Database: database === undefined || database === '' ? 'dev' : database,
    ...(secret && { SecretArn: secret }),
  };
  const cluster = env['BATON_CLUSTER'];
  const user = env['BATON_DB_USER'];
  if (cluster !== undefined && cluster !== '') {
    return {
      ClusterIdentifier: cluster,
      ...common,
      ...(user && { DbUser: user }),
    };
  }
  const workgroup = env['BATON_WORKGROUP'];
  return workgroup === undefined || workgroup === '' ? undefined : { WorkgroupName: workgroup, ...common };
}

/** The target that a pipeline means with `warehouse: name`: as the deployment says, else of the stage's own kind. */
export function namedTarget(name: string, own: WarehouseTarget, environment: Env): WarehouseTarget {
  const named = JSON.parse(environment['BATON_WAREHOUSES'] || '{}') as Record<string, WarehouseTarget>;
  const found = Object.hasOwn(named, name) ? named[name] : undefined;
  if (found !== undefined) return found;
  const { ClusterIdentifier, WorkgroupName: _, ...rest } = own;
  return ClusterIdentifier === undefined
    ? { ...rest, WorkgroupName: name }
    : { ...rest, ClusterIdentifier: name };
}

/** Which warehouse, and another way to sign in than the functions': of secret and user at most one. */
export interface Access {
  /** One that pipelines name; absent: the stage's own. */
  readonly warehouse?: string;
  readonly secretArn?: string;
  readonly dbUser?: string;
}

/** The same warehouse and database. */
export function signedInAs(target: WarehouseTarget, { secretArn, dbUser }: Access): WarehouseTarget {
  if (secretArn === undefined && dbUser === undefined) return target;
  const { DbUser: _user, SecretArn: _secret, ...rest } = target;
  return {
    ...rest,
    ...defined({ SecretArn: secretArn, DbUser: dbUser }),
  };
}
