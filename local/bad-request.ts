/** The request is invalid; the message has the reason. The admin API responds with status 400. */
export class BadRequest extends Error {
  override readonly name: string = 'BadRequest';
}
