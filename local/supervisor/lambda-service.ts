/**
 * Lambda at the gateway: synchronous calls go to the Lambda process, asynchronous ones into the queue; a function's
 * settings are read from the template.
 */
import { sendError, type Exchange, type Service } from '../gateway/exchange.ts';
import { isJson } from '../json-object.ts';
import type { AsyncInvocations } from '../lambda/async-invocations.ts';
import type { FunctionResource, LocalResources, MappingResource } from '../template/resources.ts';

export function lambdaService(
  synchronous: Service,
  invocations: AsyncInvocations,
  template: () => Pick<LocalResources, 'functions' | 'mappings'>,
): Service {
  return (exchange) => {
    const { request, response, route, body } = exchange;
    if (route.operation === 'GetFunctionConfiguration') {
      configuration(exchange, template().functions);
      return undefined;
    }
    if (route.operation === 'ListEventSourceMappings') {
      mappings(exchange, template().mappings);
      return undefined;
    }
    if (request.headers['x-amz-invocation-type'] !== 'Event' || route.resource === undefined) {
      return synchronous(exchange);
    }
    const payload = body === undefined || body.length === 0 ? '{}' : body.toString('utf8');
    if (!isJson(payload)) {
      sendError(
        exchange,
        400,
        'InvalidRequestContentException',
        'Could not parse request body into json: the payload is not valid JSON',
      );
      return undefined;
    }
    if (!invocations.has(route.resource)) {
      notFound(exchange);
      return undefined;
    }
    const requestId = invocations.add(route.resource, payload);
    response.writeHead(202, { 'x-amzn-requestid': requestId, 'content-length': 0 }).end();
    return undefined;
  };
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html */
function configuration(exchange: Exchange, functions: readonly FunctionResource[]): void {
  const found = functions.find(({ name }) => name === exchange.route.resource);
  if (found === undefined) {
    notFound(exchange);
    return;
  }
  sendJson(exchange, {
    FunctionName: found.name,
    FunctionArn: found.arn,
    Handler: found.handler,
    Timeout: found.timeoutSeconds,
    MemorySize: found.memoryMb,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    Environment: { Variables: found.environment },
  });
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html */
function mappings(exchange: Exchange, all: readonly MappingResource[]): void {
  const name = exchange.route.resource ?? '';
  sendJson(exchange, {
    EventSourceMappings: all
      .filter(({ functionName }) => name === '' || functionName === name)
      .map((each) => ({
        UUID: each.logicalId,
        EventSourceArn: each.queueArn,
        BatchSize: each.batchSize,
        State: each.enabled ? 'Enabled' : 'Disabled',
      })),
  });
}

function sendJson({ response }: Exchange, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function notFound(exchange: Exchange): void {
  const name = exchange.route.resource ?? '';
  sendError(exchange, 404, 'ResourceNotFoundException', `Function not found: ${name}`);
}
