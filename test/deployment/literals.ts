/** What must stand in no file that is deployed or published: account ids, ARNs with an account, keys, passwords. */

const FORBIDDEN: Readonly<Record<string, RegExp>> = {
  'an ARN with an account': /arn:aws[\w-]*:[\w-]*:[\w-]*:\d{12}:[^\s"']*/g,
  'an account id': /(?<![\w.-])\d{12}(?![\w.-])/g,
  'an access key': /\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b/g,
  'a private key': /-----BEGIN [A-Z ]*PRIVATE KEY-----/g,
  'a password in an address': /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"'`$\\]+:[^\s/:@"'`$\\{]+@[\w.-]+/g,
  'a password':
    /\b(?:password|passwd|secretAccessKey|aws_secret_access_key)["']?\s*[:=]\s*["'][^"'\s$]{6,}["']/gi,
};

/** `given`: what a person gave as a parameter may stand there. */
export function literalsIn(text: string, given: readonly string[] = []): readonly string[] {
  // An entry of a list of parameters counts too.
  const allowed = given.flatMap((value) => [value, ...value.split(/[=,]/)]);
  const rest = allowed
    .filter((value) => value.length > 8)
    .reduce((left, value) => left.replaceAll(value, ''), text);
  return Object.entries(FORBIDDEN).flatMap(([what, pattern]) =>
    [...rest.matchAll(pattern)].map(([found]) => `${what}: ${found}`),
  );
}
