/** The requests of the operations we serve, after `validate`: the shapes of AWS's model. */
export interface SqlParameter {
  readonly name: string;
  readonly value: string;
}

export type ExecutionMode = 'TRANSACTION' | 'AUTO_COMMIT';
export type ResultFormat = 'JSON' | 'CSV';

interface SubmitRequest {
  readonly ClusterIdentifier?: string;
  readonly WorkgroupName?: string;
  readonly Database?: string;
  readonly DbUser?: string;
  readonly SecretArn?: string;
  readonly SessionId?: string;
  readonly SessionKeepAliveSeconds?: number;
  readonly ClientToken?: string;
  readonly StatementName?: string;
  readonly WithEvent?: boolean;
  readonly WaitTimeSeconds?: number;
  readonly ResultFormat?: ResultFormat;
  readonly Parameters?: readonly SqlParameter[];
}

export interface ExecuteStatementRequest extends SubmitRequest {
  readonly Sql: string;
}

export interface BatchExecuteStatementRequest extends SubmitRequest {
  readonly Sqls: readonly string[];
  readonly ExecutionMode?: ExecutionMode;
}

/** DescribeStatement, GetStatementResult, GetStatementResultV2, CancelStatement. */
export interface StatementRequest {
  readonly Id: string;
  readonly WaitTimeSeconds?: number;
  readonly NextToken?: string;
}

export interface ListStatementsRequest {
  readonly StatementName?: string;
  readonly Status?: string;
  readonly RoleLevel?: boolean;
  readonly Database?: string;
  readonly ClusterIdentifier?: string;
  readonly WorkgroupName?: string;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

export interface ListSessionsRequest {
  readonly SessionId?: string;
  readonly Status?: string;
  readonly RoleLevel?: boolean;
  readonly Database?: string;
  readonly ClusterIdentifier?: string;
  readonly WorkgroupName?: string;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}
