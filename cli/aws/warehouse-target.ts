/** Which warehouse a stage works on: what the environment says, else what the deployed functions were told. */

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
    ...(secret !== undefined && secret !== '' && { SecretArn: secret }),
  };
  const cluster = env['BATON_CLUSTER'];
  const user = env['BATON_DB_USER'];
  if (cluster !== undefined && cluster !== '') {
    return {
      ClusterIdentifier: cluster,
      ...common,
      ...(user !== undefined && user !== '' && { DbUser: user }),
    };
  }
  const workgroup = env['BATON_WORKGROUP'];
  return workgroup === undefined || workgroup === '' ? undefined : { WorkgroupName: workgroup, ...common };
}
