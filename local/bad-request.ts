/** The request itself is wrong; the message says how. Answered with 400 by the admin door. */
export class BadRequest extends Error {
  override readonly name: string = 'BadRequest';
}
