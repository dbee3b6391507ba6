/** The errors of the Data API, as awsJson1_1 carries them. */
import { model } from './model.ts';

export class ServiceError extends Error {
  readonly type: string;
  readonly status: number;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(type: string, message: string, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = type;
    this.type = type;
    this.status = model.statusOf(type);
    this.members = members;
  }

  /** The answer's body. */
  body(): Readonly<Record<string, unknown>> {
    return { __type: this.type, message: this.message, ...this.members };
  }
}

export function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}

export function notFound(message: string, id: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', message, { ResourceId: id });
}
