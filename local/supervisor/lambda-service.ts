/** Lambda's Invoke at the gateway: synchronous calls go to the Lambda process, asynchronous ones into the queue. */
import { sendError, type Service } from '../gateway/exchange.ts';
import type { AsyncInvocations } from '../lambda/async-invocations.ts';

export function lambdaService(synchronous: Service, invocations: AsyncInvocations): Service {
  return (exchange) => {
    const { request, response, route, body } = exchange;
    if (request.headers['x-amz-invocation-type'] !== 'Event' || route.resource === undefined) {
      return synchronous(exchange);
    }
    const payload = body === undefined || body.length === 0 ? '{}' : body.toString('utf8');
    try {
      JSON.parse(payload);
    } catch {
      sendError(
        exchange,
        400,
        'InvalidRequestContentException',
        'Could not parse request body into json: the payload is not valid JSON',
      );
      return undefined;
    }
    if (!invocations.has(route.resource)) {
      sendError(exchange, 404, 'ResourceNotFoundException', `Function not found: ${route.resource}`);
      return undefined;
    }
    const requestId = invocations.add(route.resource, payload);
    response.writeHead(202, { 'x-amzn-requestid': requestId, 'content-length': 0 }).end();
    return undefined;
  };
}
