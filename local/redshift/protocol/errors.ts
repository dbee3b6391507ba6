/** The errors of the Data API. */
import { ServiceError } from '../../service-error.ts';
import { model } from './model.ts';

export function dataApiError(name: string, message: string, members = {}): ServiceError {
  return new ServiceError(name, message, model.statusOf(name), { members });
}

export function invalid(message: string): ServiceError {
  return dataApiError('ValidationException', message);
}

export function notFound(message: string, id: string): ServiceError {
  return dataApiError('ResourceNotFoundException', message, { ResourceId: id });
}
