/**
 * The services that a deployment talks to (CloudFormation, S3, STS, Lambda), as far as osls asks them: it answers as for
 * an account that has nothing yet, and keeps what it was given.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ChangeSet {
  readonly type: string;
  readonly template: string;
  readonly tags: Readonly<Record<string, string>>;
}

const BUCKET = 'deployment-bucket';
const NO_STACK = { status: 400, code: 'ValidationError', message: 'Stack with id baton-dev does not exist' };

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export class FakeDeploymentServices {
  /** `CreateChangeSet`, `PUT deployment-bucket`, in order. */
  readonly calls: string[] = [];
  readonly changeSets: ChangeSet[] = [];
  /** By their key's last part. */
  readonly objects = new Map<string, Buffer>();
  terminationProtection: string | undefined;
  /** Environment of the functions that are there. */
  deployed: Readonly<Record<string, string>> | undefined;
  /** Whoever asks has no rights. */
  refuses = false;
  /** Of the executed change sets. */
  executed = 0;
  readonly #server: Server = createServer((request, response) => {
    this.#take(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });

  async start(): Promise<string> {
    await new Promise<void>((listening) => {
      this.#server.listen(0, '127.0.0.1', listening);
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = '', url = '' } = request;
    const { pathname } = new URL(url, 'http://any');
    if (pathname.startsWith('/2015-03-31/functions') && this.deployed !== undefined) {
      response.end(JSON.stringify({ Environment: { Variables: this.deployed } }));
    } else if (pathname.startsWith('/2015-03-31/functions')) {
      response.writeHead(404, { 'x-amzn-errortype': 'ResourceNotFoundException' }).end('{}');
    } else if (request.headers['x-amz-target'] !== undefined) {
      const isRegistry = String(request.headers['x-amz-target']).includes('ContainerRegistry');
      const __type = isRegistry ? 'RepositoryNotFoundException' : 'ResourceNotFoundException';
      response.writeHead(400).end(JSON.stringify({ __type, message: 'no' }));
    } else if (pathname === '/') {
      const form = new URLSearchParams(body.toString());
      const action = form.get('Action') ?? '';
      this.calls.push(action);
      const answer = this.#query(action, form);
      response.setHeader('content-type', 'text/xml');
      if (typeof answer === 'string') {
        response.end(`<${action}Response><${action}Result>${answer}</${action}Result></${action}Response>`);
      } else {
        const { status, code, message } = answer;
        const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
        response.writeHead(status).end(`<ErrorResponse>${error}</ErrorResponse>`);
      }
    } else {
      this.calls.push(`${method} ${pathname.split('/')[1] ?? ''}`);
      if (method === 'PUT') this.objects.set(pathname.split('/').at(-1) ?? '', body);
      response.end(method === 'GET' ? '<ListBucketResult></ListBucketResult>' : undefined);
    }
  }

  #query(action: string, form: URLSearchParams): string | Refusal {
    if (this.refuses) return { status: 403, code: 'AccessDenied', message: 'no' };
    switch (action) {
      case 'GetCallerIdentity':
        return '<Account>000000000000</Account><Arn>arn:aws:iam::000000000000:user/any</Arn>';
      case 'GetRole':
        return { status: 404, code: 'NoSuchEntity', message: 'no' };
      case 'DescribeStacks':
        if (this.executed === 0) return NO_STACK;
        return '<Stacks><member><StackName>baton-dev</StackName><StackStatus>UPDATE_COMPLETE</StackStatus></member></Stacks>';
      case 'CreateChangeSet':
        this.changeSets.push({
          type: form.get('ChangeSetType') ?? '',
          template: form.get('TemplateBody') ?? form.get('TemplateURL') ?? '',
          tags: tagsOf(form),
        });
        return '<StackId>baton-dev</StackId>';
      case 'DescribeChangeSet':
        return '<StackId>baton-dev</StackId><Status>CREATE_COMPLETE</Status><Changes><member><Type>Resource</Type></member></Changes>';
      case 'ExecuteChangeSet':
        this.executed += 1;
        return '';
      case 'DescribeStackEvents': {
        const type = this.calls.includes('DeleteStack') ? 'DELETE' : (this.changeSets.at(-1)?.type ?? '');
        return `<StackEvents>${['COMPLETE', 'IN_PROGRESS']
          .map(
            (end) =>
              `<member><EventId>${type}-${end}</EventId><StackName>baton-dev</StackName><LogicalResourceId>baton-dev</LogicalResourceId><ResourceType>AWS::CloudFormation::Stack</ResourceType><ResourceStatus>${type}_${end}</ResourceStatus></member>`,
          )
          .join('')}</StackEvents>`;
      }
      case 'DescribeStackResource':
        return `<StackResourceDetail><PhysicalResourceId>${BUCKET}</PhysicalResourceId></StackResourceDetail>`;
      case 'UpdateTerminationProtection':
        this.terminationProtection = form.get('EnableTerminationProtection') ?? undefined;
        return '';
      default:
        return '';
    }
  }
}

function tagsOf(form: URLSearchParams): Record<string, string> {
  const tags: Record<string, string> = {};
  for (let index = 1; form.has(`Tags.member.${index}.Key`); index += 1) {
    tags[form.get(`Tags.member.${index}.Key`) ?? ''] = form.get(`Tags.member.${index}.Value`) ?? '';
  }
  return tags;
}
